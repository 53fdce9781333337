"""Pings a service that raises an alarm when a backup fails or does not come: Healthchecks and those of its kind.

The address is the check's own: `/start` is added when a run begins, and its exit code when it ends; `rid` tells runs
apart, and the body is what the service shows of the run.
"""

import uuid
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from yester.engine.events import RunBegin
from yester.plugins.native import Option, action
from yester.plugins.shipped.endings import Ending
from yester.plugins.shipped.letters import body_of
from yester.plugins.shipped.posting import NotSent, Post, deliver, host_of, problem_of
from yester.plugins.shipped.telling import Teller

_MOST = 100_000
"""Bytes of a body that such services keep."""
_RUNS = uuid.UUID("6cf5bd18-9ab7-5b5c-8d2a-2d5a54b0c0de")
"""The space in which the ids of runs are made UUIDs."""


class Healthcheck(Teller):
    """Ping a service that raises an alarm when a backup fails or does not come."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "url": Option("string", "", "The check's ping address.", is_secret=True),
        "start": Option("boolean", True, "Ping also when a run begins, so that the service sees how long it takes."),
        "log": Option("boolean", True, "Send what the run did and what went wrong."),
        "errors_fail": Option("boolean", True, "A snapshot in which files are missing counts as failed."),
        "timeout": Option("seconds", "10s", "How long the service may take to answer."),
        "tries": Option("integer", 3, "How often the end of a run is sent before it is given up."),
    }

    def on_run_begin(self, event: RunBegin) -> None:
        """Ping that the run begins: once, for the run waits."""
        super().on_run_begin(event)
        if self.options["start"] and self.options["url"] and not event.dry_run:
            self._ping("/start", event.run, b"", tries=1)

    def told(self, ending: Ending) -> None:
        """Ping how the run ended, with its exit code; of checks and skipped runs the service knows nothing."""
        if ending.action != "snap" or ending.result == "skipped":
            return
        exit_code = ending.exit_code
        if ending.result == "errors" and not self.options["errors_fail"]:
            exit_code = 0
        body = body_of(ending).encode()[:_MOST] if self.options["log"] else b""
        self._ping(f"/{exit_code % 256}", ending.run, body, tries=max(1, self.options["tries"]))

    @action("try", "Send the service a line for its log, which changes nothing else there")
    def try_it(self, options: dict[str, str]) -> str:
        """Ping without a verdict."""
        self._send("/log", "", b"yester tries this check out", tries=1)
        return f"{host_of(self.options['url'])} took the ping"

    def _ping(self, end: str, run: str, body: bytes, tries: int) -> None:
        try:
            self._send(end, run, body, tries)
        except NotSent as problem:
            self.say(f"No ping was sent: {problem}", "warning", "try")

    def _send(self, end: str, run: str, body: bytes, tries: int) -> None:
        url = self.options["url"]
        problem = problem_of(url)
        if problem:
            raise NotSent(f"{problem}; set it with: yester plugin options {self.name} --set url=…", is_passing=False)
        post = Post(address(url, end, run), body, {"Content-Type": "text/plain; charset=utf-8"})
        deliver(post, timeout_s=self.options["timeout"], tries=tries)


def address(url: str, end: str, run: str) -> str:
    """Return where a ping goes: the check's address with `end` behind its path, and the run's id as a UUID."""
    parts = urlsplit(url)
    query = [parts.query] if parts.query else []
    if run:
        query.append(f"rid={uuid.uuid5(_RUNS, run)}")
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + end, query="&".join(query), fragment=""))
