"""Runs and their events in words."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from yester.engine.events import (
    ArchiveBegin,
    ArchiveEnd,
    CheckBegin,
    CheckEnd,
    Error,
    Event,
    Message,
    MountAfter,
    MountBefore,
    Phase,
    RestoreBegin,
    RestoreEnd,
    RunBegin,
    RunEnd,
    RunPause,
    RunPhase,
    RunProgress,
    RunResume,
    SnapshotNew,
    StoreCalls,
    Unknown,
    Unmount,
)
from yester.engine.runs.records import BUSY, RunRecord
from yester.tui.cli.progress import WORDS, time_left
from yester.tui.cli.wording import count, duration, printable, size

STATES: Mapping[str, str] = {
    "complete": "complete",
    "errors": "with errors",
    "unchanged": "unchanged",
    "partial": "partial",
    "skipped": "skipped",
    "dry-run": "dry run",
    "failed": "failed",
    "cancelled": "cancelled",
    "running": "running",
    "paused": "paused",
    "died": "died",
}
"""What became of a run, in words that fit a column."""


def state_words(run: RunRecord) -> str:
    """Return what became of a run, and of one that lasts how far it has come."""
    if run.exit_code == BUSY:
        return "another was active"
    words = STATES[run.state]
    if not run.is_over and run.total_size and run.size <= run.total_size:
        return f"{words} {100 * run.size // run.total_size} %"
    return words


def event_words(event: Event | Unknown) -> str:
    """Return what happened in a line; empty when it is of no interest to a person."""
    words = _WORDS.get(type(event))
    if words is not None:
        return words(event)
    if isinstance(event, Unknown):
        return f"{event.type or 'a line'} that this version cannot read: {event.why}"
    said = msgspec.to_builtins(event)
    return " ".join([said.pop("type"), *(f"{name}={value}" for name, value in said.items())])


def _begin(event: RunBegin) -> str:
    what = f"{event.action} of {event.profile}" if event.profile else event.action
    where = f" to {event.repository}" if event.action == "snap" else f", repository {event.repository}"
    return f"{what} begins{where if event.repository else ''} (process {event.pid}, {event.program})"


def _progress(event: RunProgress) -> str:
    parts = [count(event.files, "file"), size(event.size), time_left(event.eta_s)]
    return ", ".join(part for part in parts if part)


def _message(event: Message) -> str:
    level = f"{event.level}: " if event.level != "info" else ""
    return level + (f"{printable(event.raw)}: " if event.path else "") + with_source(event)


def with_source(message: Message) -> str:
    """Return a message's text, which names whom it is from or about."""
    is_named = message.source == "yester" or message.text.startswith((f"{message.source}:", f"{message.source} "))
    return message.text if is_named else f"{message.source}: {message.text}"


def calls_words(calls: StoreCalls) -> str:
    """Return what was asked of a store by one verb."""
    parts = [
        size(calls.size) if calls.size else "",
        duration(calls.time_ns),
        f"{calls.retries:,} made again" if calls.retries else "",
        f"{calls.failures:,} failed" if calls.failures else "",
    ]
    return f"{calls.count:,} {calls.call} ({', '.join(each for each in parts if each)})"


def trouble_words(calls: Sequence[StoreCalls]) -> str:
    """Return how often calls to a store had to be made again, or failed; empty when none had to."""
    again, failed = sum(each.retries for each in calls), sum(each.failures for each in calls)
    if not again and not failed:
        return ""
    what = [f"{again:,} had to be made again" if again else "", f"{failed:,} failed" if failed else ""]
    every = count(sum(each.count for each in calls), "call")
    return f"of {every} to the store {' and '.join(each for each in what if each)}"


def _end(event: RunEnd) -> str:
    counts = [
        count(event.files, "file") if event.files else "",
        size(event.size) if event.size else "",
        f"{event.new:,} new" if event.new else "",
        f"{event.changed:,} changed" if event.changed else "",
        count(event.failed, "failure") if event.failed else "",
        f"{size(event.stored_size)} stored" if event.stored_size else "",
        *(f"plugin {each.plugin} {duration(each.time_ns)}" for each in event.plugins),
        *map(calls_words, event.store),
    ]
    said = ", ".join(each for each in counts if each)
    return f"{STATES[event.result]}{': ' if said else ''}{said}, in {duration(event.duration_ns)}" + (
        f" (exit code {event.exit_code})" if event.exit_code else ""
    )


_ARCHIVE_WORDS: Mapping[str, str] = {
    "archive": "handing over to",
    "verify": "reading back from",
    "purge": "deleting online copies",
    "recall": "bringing back from",
    "delete": "deleting in",
}


def _archive(action: str, archive: str) -> str:
    words = _ARCHIVE_WORDS.get(action, action)
    return f"{words} {archive}" if archive else words


def _of_packs(number: int) -> str:
    return f": {count(number, 'pack')}" if number else ""


_WORDS: Mapping[type, Callable[[Any], str]] = {
    RunBegin: _begin,
    RunPhase: lambda event: "" if event.phase == Phase.OPEN else WORDS[event.phase],
    RunProgress: _progress,
    RunPause: lambda event: "paused",
    RunResume: lambda event: "resumed",
    RunEnd: _end,
    MountBefore: lambda event: f"opening {event.repository}",
    MountAfter: lambda event: "opened",
    Unmount: lambda event: "closed",
    SnapshotNew: lambda event: (
        f"{'partial ' if event.partial else ''}snapshot {event.snapshot[:8]} is in the repository"
    ),
    Message: _message,
    Error: lambda event: f"error: {event.text}" + (f" (hint: {event.hint})" if event.hint else ""),
    RestoreBegin: lambda event: f"restoring {event.snapshot[:8]} to {printable(event.target.raw)}",
    RestoreEnd: lambda event: f"restored {count(event.files, 'file')}, {size(event.size)}",
    CheckBegin: lambda event: f"checking {event.repository}",
    CheckEnd: lambda event: f"checked: {count(event.problems, 'problem')}",
    ArchiveBegin: lambda event: _archive(event.action, event.archive) + _of_packs(event.objects),
    ArchiveEnd: lambda event: (
        f"{_archive(event.action, event.archive)}: done in {duration(event.duration_ns)}"
        + (f", {event.failed:,} failed" if event.failed else "")
    ),
}


def clock(time_ns: int) -> str:
    """Return the local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(time_ns // 1_000_000_000))
