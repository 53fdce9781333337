"""Journals made by hand."""

from pathlib import Path

from yester.engine.events import Event, Result, RunBegin, RunEnd, encode
from yester.engine.journal import journal_path
from yester.engine.runs.records import RunRecord, State

NOON_NS = 1_795_176_000_000_000_000
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS


def run_id(number: int) -> str:
    """Return an id; ids sort as their numbers."""
    return f"20261120T12{number // 60 % 60:02}{number % 60:02}Z-{number:04x}"


def lines_of(*events: Event, began_ns: int = NOON_NS, every_ns: int = 10**9) -> bytes:
    """Return events as a journal, one a second."""
    return b"".join(encode(seq, began_ns + (seq - 1) * every_ns, event) for seq, event in enumerate(events, 1))


def write_journal(state: Path, run: str, *events: Event, began_ns: int = NOON_NS) -> Path:
    """Write a journal of a run that is over, or died."""
    path = journal_path(state, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines_of(*events, began_ns=began_ns))
    return path


def write_run(
    state: Path, number: int, result: Result = "complete", began_ns: int = NOON_NS, profile: str = "docs"
) -> str:
    """Write the journal of a whole run and return its id."""
    id = run_id(number)
    code = {"failed": 1, "cancelled": 130}.get(result, 0)
    end = RunEnd(id, result, code, duration_ns=10**9, files=number)
    write_journal(state, id, RunBegin(id, profile, "00"), end, began_ns=began_ns)
    return id


def record(number: int, state: State = "complete", began_ns: int = NOON_NS, **more: object) -> RunRecord:
    """Return a run of docs."""
    code = {"failed": 1, "died": 1, "cancelled": 130}.get(state, 0)
    known: dict[str, object] = {
        "run": run_id(number),
        "state": state,
        "profile": "docs",
        "began_ns": began_ns,
        "exit_code": code,
        "duration_ns": 10**9,
    }
    return RunRecord(**{**known, **more})  # type: ignore[arg-type]
