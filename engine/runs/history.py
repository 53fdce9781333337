"""The runs of this machine, from their journals, and from one line each where the journal was given up.

The history is a file of RunRecords, one a line, appended to before the journals are deleted: a run that is in both is
one run. Whoever ends a run thins out now and then; nobody waits for it.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import RunBegin, RunPause, RunProgress, RunResume, decode
from yester.engine.journal import is_alive, journal_path
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places, remember
from yester.engine.runs.records import RunRecord, Step, in_order, record_of
from yester.engine.runs.thinning import plan_history, plan_thinning

THIN_EVERY_S = 6 * 3600.0
"""Seconds."""
COURSE_STEPS = 48
"""Steps of a run's course that are remembered."""
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
_HEAD_LINES = 8
"""A check says within these how thorough it is."""
_TAIL_SIZE = 64 << 10
_HISTORY = "history.jsonl"
_STAMP = ".thinned"

_records = msgspec.json.Decoder(RunRecord)


def run_ids(state: Path) -> list[str]:
    """Return the ids of all runs that have a journal, newest first."""
    try:
        names = os.listdir(state / "runs")
    except OSError:
        return []
    ids = (name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl"))
    return sorted(filter(_RUN_ID.fullmatch, ids), reverse=True)


def read_run(state: Path, run: str) -> RunRecord | None:
    """Return what the journal of a run says; None when there is none that has begun."""
    path = journal_path(state, run)
    alive = is_alive(path)  # before it is read: a run that ends in between has then written its end
    try:
        with open(path, "rb") as file:
            first = [file.readline() for _ in range(_HEAD_LINES)]
            read, size = file.tell(), file.seek(0, os.SEEK_END)
            file.seek(max(read, size - _TAIL_SIZE))
            is_cut = file.tell() > read
            last = file.read().split(b"\n")[1 if is_cut else 0 : -1]
    except OSError:
        return None
    record = record_of([line for line in first if line.endswith(b"\n")], last, alive=alive)
    return record if record is None or record.run == run else msgspec.structs.replace(record, run=run)


def active_runs(state: Path) -> list[RunRecord]:
    """Return the runs that last, newest first; no journal of another one is read."""
    alive = (run for run in run_ids(state) if is_alive(journal_path(state, run)))
    return [record for run in alive if (record := read_run(state, run)) is not None and not record.is_over]


def journaled(state: Path) -> Iterator[RunRecord]:
    """Yield the runs that have a journal, newest first, each read when it is asked for."""
    for run in run_ids(state):
        record = read_run(state, run)
        if record is not None:
            yield record


def remembered(state: Path) -> list[RunRecord]:
    """Return the runs of the history, newest first; lines that cannot be read are passed over."""
    try:
        lines = (state / "runs" / _HISTORY).read_bytes().splitlines()
    except OSError:
        return []
    found = {}
    for line in lines:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            record = _records.decode(line)
            found[record.run] = record
    return sorted(found.values(), key=lambda each: each.run, reverse=True)


def known_runs(state: Path) -> Iterator[RunRecord]:
    """Yield the runs that have a journal, then those of the history, both newest first; one may come twice.

    The history is read last: a journal goes once its line is there, and may while others look.
    """
    yield from journaled(state)
    yield from remembered(state)


def all_runs(state: Path) -> list[RunRecord]:
    """Return every run that is known, newest first."""
    known: dict[str, RunRecord] = {}
    for record in known_runs(state):
        known.setdefault(record.run, record)
    return sorted(known.values(), key=lambda each: each.run, reverse=True)


def has_run(places: Places, profile: str) -> bool:
    """Whether a run of a profile of this name is known."""
    return any(record.profile == profile for record in all_runs(places.state))


def last_good(state: Path, profile: str) -> RunRecord | None:
    """Return the newest snapshot run of a profile that succeeded; None when there was none."""
    known = known_runs(state)
    return next((run for run in known if run.action == "snap" and run.profile == profile and run.has_succeeded), None)


def find_run(places: Places, said: str) -> RunRecord:
    """Return the run that an id, a part of one, or a profile's name means; the newest for nothing.

    Of a profile that is the run at work, else its newest: an attempt that found another one at work hides none.
    The beginning of an id is a part, and so are its last four digits, which lists show. UsageError: none, or several.
    """
    return _chosen(all_runs(places.state), said)


def find_active_run(places: Places, said: str) -> RunRecord:
    """Return the run that is meant among those that last. UsageError: there is none, or several."""
    runs = active_runs(places.state)
    try:
        return _chosen(runs, said)
    except UsageError:
        over = [run for run in all_runs(places.state) if _is_meant(run, said)]
        if len(over) != 1 and not any(said == run.profile for run in over):
            raise
        what = f"No run of {said} is active" if said == over[0].profile else f"Run {over[0].run} is over"
        raise UsageError(what, hint="See yester runs.") from None


def _chosen(runs: Sequence[RunRecord], said: str) -> RunRecord:
    if not said and runs:
        return runs[0]
    called = [run for run in runs if said in (run.profile, run.action)]
    newest = [run for run in called if not run.is_over][:1] or called[:1]
    exact = [run for run in runs if run.run == said] or newest
    matching = exact or [run for run in runs if _is_meant(run, said)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(
            f"{len(matching)} runs are meant by {said}", hint="Give more of the id: see yester runs --json."
        )
    if not runs:
        raise UsageError("There is no such run", hint="See yester runs.")
    hint = did_you_mean(said, {run.profile for run in runs if run.profile})
    raise UsageError(f"There is no run {said}", hint=hint or "See yester runs.")


def _is_meant(run: RunRecord, said: str) -> bool:
    return bool(said) and (run.profile == said or run.run.startswith(said) or run.run.endswith(f"-{said}"))


# The course of a run.


def course_of(state: Path, record: RunRecord) -> tuple[Step, ...]:
    """Return how a run went, in at most COURSE_STEPS steps; nothing when nobody knows any more."""
    if record.course:
        return record.course
    try:
        with open(journal_path(state, record.run), "rb") as file:
            return _spread(_steps(file))
    except OSError:
        return ()


def _steps(journal: Iterator[bytes]) -> list[Step]:
    """Return each line of progress with the seconds of work until then: pauses do not count."""
    steps: list[Step] = []
    began_ns = paused_ns = 0
    for line in in_order(map(decode, journal)):
        match line.event:
            case RunBegin():
                began_ns = line.time_ns
            case RunPause():
                paused_ns = line.time_ns
            case RunResume() if paused_ns:
                began_ns, paused_ns = began_ns + line.time_ns - paused_ns, 0
            case RunProgress() as far:
                steps.append(Step((line.time_ns - began_ns) / 1e9, far.files, far.size))
    return steps


def _spread(steps: Sequence[Step]) -> tuple[Step, ...]:
    every = -(-len(steps) // COURSE_STEPS) or 1
    return tuple(islice(steps, 0, None, every))


# Thinning.


def thin(places: Places, *, now_ns: int | None = None) -> int:
    """Give up old journals for a line each in the history; return how many. YesterError: it cannot be written.

    A journal goes after its line is safe. For whoever holds the stamp's lock.
    """
    state = places.state
    gone = plan_thinning(list(journaled(state)), time.time_ns() if now_ns is None else now_ns)
    if not gone:
        return 0
    lines = [msgspec.structs.replace(record, course=course_of(state, record)) for record in gone]
    kept = plan_history([*{each.run: each for each in (*remembered(state), *lines)}.values()])
    remember(state / "runs" / _HISTORY, b"".join(msgspec.json.encode(line) + b"\n" for line in kept))
    for record in gone:
        journal_path(state, record.run).unlink(missing_ok=True)
    return len(gone)


def thin_now_and_then(places: Places) -> None:
    """Thin out unless that was done within THIN_EVERY_S or somebody is at it. No room for the history: all stays."""
    stamp = places.state / "runs" / _STAMP
    with suppress(OSError, YesterError):
        descriptor = os.open(stamp, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            status = os.fstat(descriptor)
            is_due = status.st_size == 0 or time.time() - status.st_mtime > THIN_EVERY_S
            if is_due:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.pwrite(descriptor, b"1", 0)
                thin(places)
        finally:
            os.close(descriptor)
