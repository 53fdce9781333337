"""Run a script before a snapshot and one after it."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from yester.engine.events import Error, RunBegin, RunEnd
from yester.engine.places import Places
from yester.plugins.native import AskError, Option, Plugin, StopRun
from yester.plugins.quiescing.failing import Failed
from yester.plugins.rules import LONGEST_S

_FOLDER = "script-launcher"
_CONVENTION = {"pre": ("pre_backup", "pre_backup.sh"), "post": ("post_backup", "post_backup.sh")}
"""The names of scripts that need no option."""


class Scripts(Plugin):
    """Run a script before a snapshot and one after it."""

    order: ClassVar[int] = -20
    deadlines: ClassVar[Mapping[str, float]] = {"on_run_begin": LONGEST_S, "on_run_end": LONGEST_S}
    option_spec: ClassVar[Mapping[str, Option]] = {
        "pre": Option("path", "", "The script that is run before anything is read."),
        "pre_args": Option("list", [], "What it is given."),
        "post": Option("path", "", "The script that is run when the run ends, however it ends."),
        "post_args": Option("list", [], "What it is given."),
        "folder": Option(
            "path", "", f"Where pre_backup and post_backup lie; by default {_FOLDER} beside the profiles."
        ),
        "shell": Option("boolean", False, "Whether /bin/sh reads the scripts, which need no right to be run then."),
        "wait": Option("boolean", True, "Whether the run waits for them; if not, what they print goes nowhere."),
        "timeout": Option("seconds", 600, "How long each may take; then it is killed."),
        "on_failure": Option(
            "option",
            "continue",
            "Whether the run goes on without the pre script: continue, or stop.",
            ("continue", "stop"),
        ),
    }

    def __init__(self) -> None:
        self._environment: dict[str, str] = {}
        self._error = ""

    def on_run_begin(self, event: RunBegin) -> None:
        """Run the pre script."""
        if event.dry_run:
            sys.stdout.write("no script is run in a dry run\n")
            return
        self._environment = _of_begin(event)
        try:
            self._run("pre")
        except Failed as problem:
            if self.options["on_failure"] == "stop":
                raise StopRun(str(problem)) from None
            self.say(f"{problem}; the snapshot is taken all the same", "error")

    def on_error(self, event: Error) -> None:
        """Remember what went wrong, for the post script."""
        self._error = event.text

    def on_run_end(self, event: RunEnd) -> None:
        """Run the post script."""
        if event.result == "dry-run":
            return
        self._environment |= _of_end(event, self._error)
        try:
            self._run("post")
        except Failed as problem:
            self.say(str(problem), "error")

    def _run(self, which: str) -> None:
        """Run one of the scripts, if there is one. Failed."""
        script = self.options[which] or self._by_convention(which)
        if not script:
            return
        words = [*(["/bin/sh"] if self.options["shell"] else []), script, *self.options[f"{which}_args"]]
        _check(Path(script), is_read=self.options["shell"])
        environment = {**self._environment, "YESTER_EVENT": which}
        if self.options["wait"]:
            _wait(words, environment, self.options["timeout"])
            return
        try:
            self.launch(words, environment)
        except AskError as problem:
            raise Failed(str(problem)) from None

    def _by_convention(self, which: str) -> str:
        folder = Path(self.options["folder"] or Places.default().config / _FOLDER)
        found = [path for name in _CONVENTION[which] if (path := folder / name).exists()]
        return str(found[0]) if found else ""


def _check(script: Path, *, is_read: bool) -> None:
    """Failed, in words that help, for a script that cannot be run."""
    if not script.exists():
        raise Failed(f"the script {script} is not there")
    if not script.is_file():
        raise Failed(f"{script} is no file")
    if is_read:
        return
    if not os.access(script, os.X_OK):
        raise Failed(f"{script} has no right to be run: chmod +x {script}, or set shell = true")


def _wait(words: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> None:
    """Run a script to its end, in its own folder; what it prints is the plugin's output. Failed."""
    script = words[1] if words[0] == "/bin/sh" else words[0]
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            cwd=os.path.dirname(script),
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as problem:
        hint = " (has it a first line such as #!/bin/sh?)" if problem.errno in (errno.ENOEXEC, errno.ENOENT) else ""
        raise Failed(f"{script} cannot be run: {problem.strerror}{hint}") from None
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Failed(f"{script} took longer than {timeout_s:g} s, and was killed") from None
    if code < 0:
        raise Failed(f"{script} was killed by {signal.Signals(-code).name}")
    if code:
        raise Failed(f"{script} ended with exit code {code}")


def _of_begin(event: RunBegin) -> dict[str, str]:
    return {
        "YESTER_PROFILE": event.profile,
        "YESTER_PROFILE_ID": event.profile_id,
        "YESTER_RUN": event.run,
        "YESTER_REPOSITORY": event.repository,
        "YESTER_SOURCES": "\n".join(source.path for source in event.sources),
        "YESTER_HOST": event.host,
    }


def _of_end(event: RunEnd, error: str) -> dict[str, str]:
    return {
        "YESTER_PROFILE": event.profile,
        "YESTER_PROFILE_ID": event.profile_id,
        "YESTER_RUN": event.run,
        "YESTER_RESULT": event.result,
        "YESTER_EXIT_CODE": str(event.exit_code),
        "YESTER_SNAPSHOT": event.snapshot,
        "YESTER_ERROR": error,
        "YESTER_FILES": str(event.files),
        "YESTER_SIZE": str(event.size),
        "YESTER_NEW": str(event.new),
        "YESTER_CHANGED": str(event.changed),
        "YESTER_FAILED": str(event.failed),
        "YESTER_ADDED_SIZE": str(event.added_size),
        "YESTER_SECONDS": f"{event.duration_ns / 1e9:.1f}",
    }
