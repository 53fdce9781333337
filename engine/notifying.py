"""Telling a person how a run ended: by a program of theirs, and on the desktop."""

import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from yester.engine.errors import YesterError
from yester.engine.profiles.profile import NotifySpec
from yester.engine.schedule.programs import ask

TIMEOUT_S = 30
"""A program that takes longer tells nobody."""

_BAD = frozenset({"failed", "errors"})
_DESKTOP = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY")
"""Without any of these there is no desktop to show anything on."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told."""

    profile: str
    run: str
    result: str
    """As in the journal's `run.end`."""
    text: str


def notify(spec: NotifySpec, notice: Notice) -> list[str]:
    """Tell whom the profile says; return what went wrong with that, in words. Never raises."""
    if spec.on == "never" or (spec.on == "failure" and notice.result not in _BAD):
        return []
    ways = [(spec.command, _by_command), (spec.desktop, _on_the_desktop)]
    return [problem for wanted, way in ways if wanted and (problem := _tried(way, spec, notice))]


def _tried(way: Callable[[NotifySpec, Notice], str], spec: NotifySpec, notice: Notice) -> str:
    try:
        return way(spec, notice)
    except YesterError as problem:
        return f"The notification was not given: {problem.what}"


def _by_command(spec: NotifySpec, notice: Notice) -> str:
    try:
        words = shlex.split(spec.command)
    except ValueError as problem:
        return f"The notification's command cannot be read: {problem}: {spec.command}"
    if not words:
        return ""
    said = ask(words, environment={**os.environ, **variables(notice)}, timeout_s=TIMEOUT_S)
    if said is None:
        return f"The notification's command is not there: {words[0]}"
    return f"The notification's command failed: {said.words}" if said.code else ""


def variables(notice: Notice) -> Mapping[str, str]:
    """Return what the command finds in its environment."""
    return {
        "YESTER_RESULT": notice.result,
        "YESTER_PROFILE": notice.profile,
        "YESTER_RUN": notice.run,
        "YESTER_TEXT": notice.text,
    }


def _on_the_desktop(spec: NotifySpec, notice: Notice) -> str:
    program = shutil.which("notify-send")
    if program is None or not any(os.environ.get(name) for name in _DESKTOP):
        return ""
    urgency = "critical" if notice.result in _BAD else "low"
    body = notice.text.replace("&", "&amp;").replace("<", "&lt;")  # desktops read it as markup
    words = [program, "--app-name=yester", f"--urgency={urgency}", "--", f"yester: {notice.profile}", body]
    said = ask(words, timeout_s=TIMEOUT_S)
    return f"notify-send failed: {said.words}" if said is not None and said.code else ""
