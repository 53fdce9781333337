"""What is known of one run, from the first and the last lines of its journal; pure."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from yester.engine.events import (
    CheckBegin,
    Error,
    Line,
    PluginTime,
    Result,
    RunBegin,
    RunEnd,
    RunPause,
    RunProgress,
    RunResume,
    StoreCalls,
    decode,
)

State = Literal["running", "paused", "died"] | Result
"""What became of a run: how it ended, or what it is doing, or that it did not end."""

BUSY = 4
"""The exit code of a run that found another one of its profile at work: it says nothing about the profile."""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """How far a run had come at one time."""

    elapsed_s: float
    files: int
    size: int


class RunRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One run. As JSON a line of the history, and an item of `yester runs --json`."""

    run: str
    action: str = "snap"
    state: State
    profile: str = ""
    profile_id: str = ""
    repository: str = ""
    host: str = ""
    pid: int = 0
    program: str = ""
    dry_run: bool = False
    began_ns: int
    ended_ns: int = 0
    """Of a run that died the time of its last sign of life; 0 while it lasts."""
    duration_ns: int = 0
    exit_code: int = 0
    snapshot: str = ""
    files: int = 0
    directories: int = 0
    size: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    added_size: int = 0
    stored_size: int = 0
    total_files: int | None = None
    total_size: int | None = None
    eta_s: int | None = None
    read_data_percent: int = 0
    """Of a check: how much of the content it read."""
    suspicions: tuple[str, ...] = ()
    """Which sources were gone or had shrunk."""
    snapshots: int | None = None
    """How many of the profile there were when it ended."""
    plugins: tuple[PluginTime, ...] = ()
    """How long each plugin was at work."""
    store: tuple[StoreCalls, ...] = ()
    """What was asked of each store."""
    error: str = ""
    """Why it failed."""
    hint: str = ""
    course: tuple[Step, ...] = ()
    """Only in the history, whose journals are gone."""

    @property
    def is_over(self) -> bool:
        """Whether it ended or died."""
        return self.state not in ("running", "paused")

    @property
    def has_succeeded(self) -> bool:
        """Whether it did what it was for: files that could not be read are not counted against it."""
        return self.state in ("complete", "errors", "unchanged") and self.exit_code in (0, 3) and not self.dry_run

    @property
    def has_failed(self) -> bool:
        """Whether it failed or died. That it was cancelled, skipped or found another at work is no failure."""
        return (
            self.is_over
            and not self.has_succeeded
            and not self.dry_run
            and self.state not in ("cancelled", "skipped")
            and self.exit_code != BUSY
        )


def record_of(first: Sequence[bytes], last: Sequence[bytes], *, alive: bool) -> RunRecord | None:
    """Return what a journal's first lines and its last ones say; None when it has not even begun."""
    lines = in_order(map(decode, (*first, *last)))
    begin = lines[0].event if lines else None
    if not isinstance(begin, RunBegin):
        return None
    line = lines[0]
    known = RunRecord(
        run=begin.run,
        action=begin.action,
        state="running" if alive else "died",
        profile=begin.profile,
        profile_id=begin.profile_id,
        repository=begin.repository,
        host=begin.host,
        pid=begin.pid,
        program=begin.program,
        dry_run=begin.dry_run,
        began_ns=line.time_ns,
    )
    for each in lines:
        known = with_line(known, each)
    if known.state == "died":
        seen_ns = max([line.time_ns, *(each.time_ns for each in lines)])
        return msgspec.structs.replace(known, ended_ns=seen_ns, duration_ns=seen_ns - line.time_ns, exit_code=1)
    return known


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Return the lines whose number rises: a run that was killed while it made room may leave some twice."""
    kept: list[Line] = []
    for line in lines:
        if line.seq > (kept[-1].seq if kept else 0):
            kept.append(line)
    return kept


def with_line(known: RunRecord, line: Line) -> RunRecord:
    """Return what is known of a run after one more of its lines."""
    match line.event:
        case RunProgress() as far:
            return msgspec.structs.replace(
                known,
                **{name: getattr(far, name) for name in _COUNTED},
                total_files=far.total_files,
                total_size=far.total_size,
                eta_s=far.eta_s,
            )
        case CheckBegin() as check:
            return msgspec.structs.replace(known, read_data_percent=check.read_data_percent)
        case RunPause() if known.state == "running":
            return msgspec.structs.replace(known, state="paused")
        case RunResume() if known.state == "paused":
            return msgspec.structs.replace(known, state="running")
        case Error() as error:
            return msgspec.structs.replace(known, error=error.text, hint=error.hint)
        case RunEnd() as end:
            return msgspec.structs.replace(
                known,
                **{name: getattr(end, name) for name in (*_COUNTED, *_ENDED)},
                state=end.result,
                ended_ns=line.time_ns,
                eta_s=None,
            )
        case _:
            return known


_COUNTED = ("files", "directories", "size", "new", "changed", "unchanged", "failed", "stored_size")
_ENDED = ("exit_code", "snapshot", "added_size", "duration_ns", "suspicions", "snapshots", "plugins", "store")
