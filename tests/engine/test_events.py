from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.events import (
    EVENT_TYPES,
    AppExit,
    AppStart,
    ArchiveBegin,
    ArchiveEnd,
    CheckBegin,
    CheckEnd,
    Error,
    ErrorCode,
    Event,
    File,
    Message,
    MountAfter,
    MountBefore,
    Phase,
    PluginTime,
    PruneBegin,
    PruneEnd,
    RestoreBegin,
    RestoreEnd,
    RunBegin,
    RunEnd,
    RunPause,
    RunPhase,
    RunProgress,
    RunResume,
    Shown,
    SnapshotNew,
    Unknown,
    Unmount,
    decode,
    encode,
    path_fields,
    shown,
)
from yester.engine.events_reference import reference

NOON_NS = 1_795_176_000_000_000_000

GOLDEN: Mapping[Event, str] = {
    AppStart(pid=7, program="yester 1"): '"type":"app.start","pid":7,"program":"yester 1"',
    AppExit(exit_code=3): '"type":"app.exit","exit_code":3',
    MountBefore("/r", "p", "00"): '"type":"mount.before","repository":"/r","profile":"p","profile_id":"00"',
    MountAfter("/r"): '"type":"mount.after","repository":"/r"',
    Unmount(): '"type":"unmount"',
    RunBegin("r1", "p", "00", sources=(shown(b"/a"), shown(b"/\xff"))): (
        '"type":"run.begin","run":"r1","profile":"p","profile_id":"00",'
        '"sources":[{"path":"/a"},{"path":"/\\\\xff","path_b64":"L/8="}]'
    ),
    RunBegin("r1", "", "", action="check", control=shown(b"/run/r1.sock")): (
        '"type":"run.begin","run":"r1","profile":"","profile_id":"","action":"check","control":{"path":"/run/r1.sock"}'
    ),
    RunPause(): '"type":"run.pause"',
    RunResume(): '"type":"run.resume"',
    RunPhase(Phase.READ): '"type":"run.phase","phase":"read"',
    RunProgress(files=2, size=9, total_files=4): '"type":"run.progress","files":2,"size":9,"total_files":4',
    RunProgress(path="/film", path_done=3, path_size=9): (
        '"type":"run.progress","path":"/film","path_done":3,"path_size":9'
    ),
    RunProgress(files=2, eta_s=90): '"type":"run.progress","files":2,"eta_s":90',
    File(*path_fields(b"/a\nb"), change="new", size=5): '"type":"file","path":"/a\\nb","change":"new","size":5',
    SnapshotNew("ab", "p", time_ns=5): '"type":"snapshot.new","snapshot":"ab","profile":"p","time_ns":5',
    Message(path="/x", level="error", text="no"): '"type":"message","path":"/x","level":"error","text":"no"',
    Error(ErrorCode.FAILED, "no room", "make some"): '"type":"error","code":5,"text":"no room","hint":"make some"',
    RunEnd("r1", "errors", 3, failed=1): '"type":"run.end","run":"r1","result":"errors","exit_code":3,"failed":1',
    RunEnd("r1", "complete", plugins=(PluginTime("ping", 5),)): (
        '"type":"run.end","run":"r1","result":"complete","plugins":[{"plugin":"ping","time_ns":5}]'
    ),
    RestoreBegin("ab", shown(b"/t")): '"type":"restore.begin","snapshot":"ab","target":{"path":"/t"}',
    RestoreEnd("ab", files=1): '"type":"restore.end","snapshot":"ab","files":1',
    CheckBegin("/r", 5): '"type":"check.begin","repository":"/r","read_data_percent":5',
    CheckEnd("/r", problems=2): '"type":"check.end","repository":"/r","problems":2',
    PruneBegin("/r", dry_run=True): '"type":"prune.begin","repository":"/r","dry_run":true',
    PruneEnd("/r", 2, 99): '"type":"prune.end","repository":"/r","deleted_packs":2,"freed_size":99',
    ArchiveBegin("tape", "archive", 3): '"type":"archive.begin","archive":"tape","action":"archive","objects":3',
    ArchiveEnd("tape", "archive", 1): '"type":"archive.end","archive":"tape","action":"archive","failed":1',
}


@pytest.mark.parametrize("event", GOLDEN, ids=lambda event: event.type_name())
def test_golden_lines(event: Event) -> None:
    """Fixed: other programs read them."""
    line = encode(3, NOON_NS, event)
    assert line.decode() == '{"v":1,"seq":3,"time":"2026-11-20T12:00:00.000000Z",' + GOLDEN[event] + "}\n"
    decoded = decode(line)
    assert (decoded.v, decoded.seq, decoded.time_ns, decoded.event) == (1, 3, NOON_NS, event)


def test_every_type_has_a_golden_line() -> None:
    assert {event.type_name() for event in GOLDEN} == set(EVENT_TYPES)


def test_the_names_are_as_agreed() -> None:
    agreed = "app.start app.exit mount.before mount.after unmount run.begin run.end file snapshot.new message error"
    pairs = {f"{action}.{end}" for action in ("restore", "check", "prune", "archive") for end in ("begin", "end")}
    assert set(EVENT_TYPES) == {*agreed.split(), *pairs, "run.phase", "run.progress", "run.pause", "run.resume"}


@given(st.binary())
def test_paths_survive(raw: bytes) -> None:
    event = File(*path_fields(raw), change="changed")
    back = decode(encode(1, NOON_NS, event)).event
    assert isinstance(back, File)
    assert back.raw == raw
    assert (back.path_b64 is None) == _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.integers(0, 2**62))
def test_times_survive_to_the_microsecond(time_ns: int) -> None:
    assert decode(encode(1, time_ns, Unmount())).time_ns == time_ns // 1000 * 1000


@pytest.mark.parametrize(
    ("line", "type_", "why"),
    [
        ('{"v":2,"seq":1,"time":"2026-11-20T12:00:00Z","type":"run.begin"}', "run.begin", "newer version (v 2)"),
        ('{"v":1,"seq":1,"time":"2026-11-20T12:00:00Z","type":"run.nap"}', "run.nap", "no event of this version"),
        ('{"v":1,"seq":1,"time":"2026-11-20T12:00:00Z","type":"run.begin"}', "run.begin", "missing required field"),
        ('{"v":1,"seq":1,"time":"yesterday","type":"unmount"}', "", "not an event"),
        ('{"v":1,"seq":1,"ti', "", "not an event"),
        ("", "", "not an event"),
    ],
)
def test_what_cannot_be_read_is_a_value(line: str, type_: str, why: str) -> None:
    event = decode(line.encode()).event
    assert isinstance(event, Unknown)
    assert event.type == type_
    assert why in event.why


@given(st.binary())
def test_hostile_lines_never_raise(line: bytes) -> None:
    assert isinstance(decode(line).event, Unknown)


def test_fields_of_later_versions_are_ignored() -> None:
    line = b'{"v":1,"seq":1,"time":"2026-11-20T12:00:00Z","type":"app.exit","exit_code":1,"mood":"good"}'
    assert decode(line).event == AppExit(1)


def test_events_are_frozen() -> None:
    with pytest.raises(AttributeError):
        AppExit(1).exit_code = 2  # type: ignore[misc]
    assert msgspec.structs.asdict(Shown("a"))["path_b64"] is None


def test_the_reference_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "events.md"
    assert page.read_text("utf-8") == reference(), "python -m yester.engine.events_reference > docs/events.md"
