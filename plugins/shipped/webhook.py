"""Posts chosen events to an address, as the lines of JSON that journals have (docs/events.md).

With a secret each request is signed: `X-Yester-Signature: sha256=` and the HMAC of the body, which holds the time.
`X-Yester-Delivery` is the same for all tries of one event.
"""

import hmac
import time
import uuid
from collections.abc import Mapping
from typing import ClassVar

from yester.engine.errors import UsageError
from yester.engine.events import Event, RunEnd, encode
from yester.engine.hooks import method_name
from yester.engine.nearest import did_you_mean
from yester.plugins.native import Option, Plugin, action
from yester.plugins.rules import RULES
from yester.plugins.shipped.posting import NotSent, Post, deliver, host_of, problem_of

_EVENTS = {kind.type_name(): kind for kind in RULES if kind.type_name() != "file"}
_ENOUGH_TROUBLE = 2
"""After so many events that did not get through only ends are tried any more."""
_ENDS = frozenset({"run.end", "check.end", "error"})


class Webhook(Plugin):
    """Post events as JSON to an address of yours."""

    order = 90
    deadlines: ClassVar[Mapping[str, float]] = {method_name(kind): 120 for kind in _EVENTS.values()}
    option_spec: ClassVar[Mapping[str, Option]] = {
        "url": Option("string", "", "Where the events go.", is_secret=True),
        "events": Option("list", ["run.end", "error"], "Which events; all but `file` may be chosen."),
        "headers": Option("list", [], "Headers to send, such as `Authorization: Bearer …`.", is_secret=True),
        "secret": Option("string", "", "Signs each request, so that the receiver knows whose it is.", is_secret=True),
        "timeout": Option("seconds", "10s", "How long the receiver may take to answer."),
        "tries": Option("integer", 3, "How often an event is sent while the receiver is not there or has errors."),
    }

    def __init__(self) -> None:
        self._chosen = frozenset(self.options["events"])
        for name in self._chosen - _EVENTS.keys():
            raise UsageError(f"there is no event {name} to choose. {did_you_mean(name, _EVENTS)}".rstrip())
        self._headers = _headers(self.options["headers"])
        self._troubles = 0

    def _take(self, event: Event) -> None:
        name = event.type_name()
        if name not in self._chosen or (self._troubles >= _ENOUGH_TROUBLE and name not in _ENDS):
            return
        try:
            self._post(event, 1 if self._troubles else max(1, self.options["tries"]))
        except NotSent as problem:
            self._troubles += 1
            self.say(f"The event {name} was not delivered: {problem}", "warning", "try")

    on_app_start = on_app_exit = on_mount_before = on_mount_after = on_unmount = _take
    on_run_begin = on_snapshot_new = on_message = on_error = on_run_end = _take
    on_restore_begin = on_restore_end = on_check_begin = on_check_end = _take
    on_prune_begin = on_prune_end = on_archive_begin = on_archive_end = _take

    @action("try", "Post an event now")
    def try_it(self, options: dict[str, str]) -> str:
        """Post an event that tells of nothing."""
        self._post(RunEnd(run="", result="complete"), 1)
        return f"{host_of(self.options['url'])} took the event"

    def _post(self, event: Event, tries: int) -> None:
        problem = problem_of(self.options["url"])
        if problem:
            raise NotSent(f"{problem}; set it with: yester plugin options {self.name} --set url=…", is_passing=False)
        body = encode(0, time.time_ns(), event)
        headers = {
            "Content-Type": "application/json",
            "X-Yester-Event": event.type_name(),
            "X-Yester-Delivery": str(uuid.uuid4()),
            **self._headers,
        }
        if self.options["secret"]:
            headers["X-Yester-Signature"] = signature(self.options["secret"], body)
        deliver(Post(self.options["url"], body, headers), timeout_s=self.options["timeout"], tries=tries)


def signature(secret: str, body: bytes) -> str:
    """Return what tells a receiver who has the secret that a body is ours."""
    return "sha256=" + hmac.digest(secret.encode("utf-8", "surrogateescape"), body, "sha256").hex()


def _headers(lines: list[str]) -> Mapping[str, str]:
    """Read `Name: value`. UsageError, which does not show what may be a secret."""
    found = {}
    for number, line in enumerate(lines, 1):
        name, colon, value = line.partition(":")
        if not colon or not name.strip().replace("-", "").isalnum() or not value.strip().isprintable():
            raise UsageError(f"header {number} must be a name, a colon and a value on one line")
        found[name.strip()] = value.strip()
    return found
