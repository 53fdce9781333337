"""Telling a person how a run ended: by a program of theirs, and on the desktop."""

import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from yester.engine.errors import YesterError
from yester.engine.events import Result
from yester.engine.profiles.profile import NotifySpec
from yester.engine.schedule.programs import ask

TIMEOUT_S = 30
"""A program that takes longer tells nobody."""

BAD: frozenset[Result] = frozenset({"failed", "errors"})
"""Results that a person should look into."""
WORDS: Mapping[Result, str] = {
    "complete": "The snapshot was taken",
    "errors": "The snapshot was taken, but some files could not be read",
    "unchanged": "Nothing had changed, and no snapshot was taken",
    "partial": "The snapshot is partial",
    "skipped": "The run was skipped",
    "failed": "The run failed",
    "cancelled": "The run was cancelled",
}
"""What a result means."""
_ENOUGH = 2000
"""Characters of a text that are shown: no desktop has room for more, and no program takes them all."""
_DESKTOP = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY")
"""Without any of these there is no desktop to show anything on."""


Urgency = Literal["low", "normal", "critical"]


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
    if spec.on == "never" or (spec.on == "failure" and notice.result not in BAD):
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
    urgency: Urgency = "critical" if notice.result in BAD else "low"
    return show(f"yester: {notice.profile}", notice.text, urgency)


def show(title: str, text: str, urgency: Urgency, stay_s: int = -1) -> str:
    """Show something on the desktop, for `stay_s` seconds, or as long as the desktop likes.

    Returns what went wrong; nothing does where there is no desktop. YesterError when its program hangs.
    """
    if not any(os.environ.get(name) for name in _DESKTOP):
        return ""
    body = text[:_ENOUGH].replace("&", "&amp;").replace("<", "&lt;")  # desktops read it as markup
    for name, words_of in _PROGRAMS.items():
        program = shutil.which(name)
        if program is not None:
            said = ask([program, *words_of(_plain(title), _plain(body), urgency, stay_s)], timeout_s=TIMEOUT_S)
            return f"{name} failed: {said.words}" if said is not None and said.code else ""
    return ""


def _by_notify_send(title: str, body: str, urgency: Urgency, stay_s: int) -> list[str]:
    stay = [f"--expire-time={stay_s * 1000}"] if stay_s >= 0 else []
    return ["--app-name=yester", f"--urgency={urgency}", *stay, "--", title, body]


def _by_gdbus(title: str, body: str, urgency: Urgency, stay_s: int) -> list[str]:
    """Return the call of the desktop notifications specification, 1.2; texts are quoted as GVariant reads them."""
    name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
    hints = f"{{'urgency': <byte {list(get_args(Urgency)).index(urgency)}>}}"
    stay = str(stay_s * 1000 if stay_s >= 0 else -1)
    texts = [_quoted(each) for each in ("yester", "", title, body)]
    words = ["call", "--session", "--dest", name, "--object-path", path, "--method", f"{name}.Notify", "--"]
    return [*words, texts[0], "uint32 0", *texts[1:], "@as []", hints, stay]


_PROGRAMS: Mapping[str, Callable[[str, str, Urgency, int], list[str]]] = {
    "notify-send": _by_notify_send,
    "gdbus": _by_gdbus,
}
"""What may be installed to reach the desktop → what it is told."""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _plain(text: str) -> str:
    """Return text without what no program takes as an argument."""
    return text.replace("\0", "")
