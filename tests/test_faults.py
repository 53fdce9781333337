"""Every call of a run meets every fault: what was committed stays whole, what failed is said, the next run mends.

The calls of a clean run are counted; then each of them goes wrong in each way there is (tests/faulty.py), once as it
is and once behind the retries that remote stores have.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from tests.engine.prune.rigging import assert_holds, assert_sound, fill, forget, kept_files, pruned
from tests.engine.restoring_rig import restored, taken
from tests.faulty import FAULTS, Fault, FaultyStore
from tests.rig import Recorder, Rig

from yester.engine.errors import YesterError
from yester.engine.events import Message
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.retrying import Patience, RetryingStore
from yester.plugins.backends.validating import ValidatingStore

pytestmark = [pytest.mark.usefixtures("settled"), pytest.mark.timeout(600)]

SIZES = (0, 50, 5_000, 100_000)
AT_ONCE = Patience(sleep=lambda _: None)


@dataclass
class Past:
    """A repository with snapshots, one of them forgotten, and what each of the others holds."""

    rig: Rig
    source: Path
    objects: dict[str, bytes]
    before_the_last: tuple[str, ...]
    """The names that there were before the last snapshot."""
    held: dict[SnapshotId, dict[Path, bytes]]


@pytest.fixture
def past(home: Path, folder: Path) -> Past:
    source = folder
    rig, held = Rig.of(home, source), {}
    names: tuple[str, ...] = ()
    for seed in range(3):
        fill(source, 12, seed, SIZES)
        names = tuple(rig.store.list())
        held[taken(rig)] = kept_files(source)
    forget(rig, next(iter(held)))
    del held[next(iter(held))]
    fill(source, 12, 3, SIZES)
    assert isinstance(rig.store, MemoryStore)
    return Past(rig, source, dict(rig.store._objects), names, held)


@dataclass
class Case:
    """A client with a store that may go wrong, and the honest client beside it."""

    rig: Rig
    honest: Rig
    store: FaultyStore

    @classmethod
    def of(cls, past: Past, folder: Path, *, retries: bool) -> "Case":
        """Return one that begins where the past ends, with caches and state of its own."""
        places = Places.under(folder)
        for part in ("config", "data", "state", "cache"):
            if (was := getattr(past.rig.places, part)).exists():
                shutil.copytree(was, getattr(places, part))
        memory = MemoryStore()
        memory._objects.update(past.objects)
        faulty = FaultyStore(memory)
        faulty.stale, faulty.place = past.before_the_last, memory.place
        looked_at = ValidatingStore(faulty, sleep=lambda _: None)
        client = RetryingStore(looked_at, AT_ONCE) if retries else looked_at
        rig = replace(past.rig, store=client, places=places)
        return cls(rig, replace(rig, store=memory), faulty)


@dataclass(frozen=True)
class Told:
    """What a run says of itself that came to its end."""

    problems: tuple[str, ...]
    snapshot: SnapshotId | None = None
    """The one that it says it took."""


def snapshot(case: Case, past: Past) -> Told:
    hooks = Recorder()
    result = replace(case.rig, hooks=hooks).snap()
    warnings = (event.text for event in hooks.events if isinstance(event, Message))
    return Told((*warnings, *(failure.what for failure in result.failures)), result.snapshot)


def prune(case: Case, past: Past) -> Told:
    return Told(pruned(case.rig).damaged)


def restore(case: Case, past: Past) -> Told:
    sid, files = list(past.held.items())[-1]
    target = case.rig.places.state / "restored"
    report = restored(case.rig, sid, target)
    if not report.failures:
        for path, content in files.items():
            assert (target / path.relative_to("/")).read_bytes() == content
    return Told(tuple(failure.what for failure in report.failures))


Work = Callable[[Case, Past], Told]
Recording = Callable[[str, object], None]
CASES = "faults"
"""What tests/conftest.py sums up at the end of a session."""
WORKS: tuple[Work, ...] = (snapshot, prune, restore)


Calls = tuple[int, int]
"""The first call to strike, and how many on the next one is."""
EVERY: Calls = (0, 1)


@dataclass(frozen=True)
class Struck:
    """What became of one case."""

    what: str
    """The call that met the fault; empty when none was left to meet it."""
    said: str
    """The error, or what the run told besides; empty when it ended as if nothing had happened."""


def struck(work: Work, past: Past, folder: Path, fault: Fault, at: int, *, retries: bool) -> Struck:
    """Run one case, and hold it against what was promised."""
    case = Case.of(past, folder, retries=retries)
    case.store.arm(fault, at)
    said, taken = "", None
    try:
        told = work(case, past)
        said, taken = "; ".join(told.problems), told.snapshot
        assert not said or case.store.struck, said
        assert work is not snapshot or taken is not None
    except YesterError as problem:
        said = str(problem)
        assert said
    case.store.disarm()
    if case.store.struck:
        if taken is not None:
            assert_holds(case.honest, taken, kept_files(past.source))
        assert_whole(case.honest, past)
    return Struck(case.store.struck, said)


def assert_whole(rig: Rig, past: Past) -> None:
    """Everything that was committed is there, the next run is as good as any, and nothing is left to complain about."""
    for sid, files in past.held.items():
        assert_holds(rig, sid, files)
    assert_holds(rig, rig.snap().snapshot, kept_files(past.source))
    pruned(rig)
    for sid, files in past.held.items():
        assert_holds(rig, sid, files)
    assert_sound(rig)


def cases(work: Work, past: Past, folder: Path, fault: Fault, calls: Calls, *, retries: bool) -> Iterator[Struck]:
    """Yield what became of these of the calls that the fault can strike."""
    for at in count(*calls):
        case = struck(work, past, folder / str(at), fault, at, retries=retries)
        shutil.rmtree(folder)
        if not case.what:
            return
        yield case


MUST_BE_SAID = frozenset({"refused", "lost before", "cut short", "wrong bytes"})
UNSAID: Mapping[Work, frozenset[str]] = {
    snapshot: frozenset({"delete session", "get snap", "get tomb"}),
    prune: frozenset({"delete session", "delete mark", "get index", "get tomb"}),
    restore: frozenset({"get_range data"}),
}
"""Calls whose failure does no harm, and that only the figures of a run count: what a later prune takes away, what is
read once more, and what prune does without, since it makes the index name all packs itself."""

BARE = [(work, fault) for work in WORKS for fault in FAULTS if work is not restore or fault.verbs - {"put", "delete"}]
DEAR: Mapping[Work, tuple[str, ...]] = {
    snapshot: ("refused", "lost before", "lost after", "stalled", "twice", "stale", "out of order"),
    prune: ("refused", "lost before", "stalled"),
}
"""The faults that nearly every call meets, dozens of them. The calls are dealt out to them, so that none is left out;
every call with every fault is long. So is all else that may befall a prune."""
DEAR_BEHIND_RETRIES: Mapping[Work, tuple[str, ...]] = {snapshot: ("lost before", "lost after", "refused")}


def each(pairs: Iterable[tuple[Work, Fault]], dears: Mapping[Work, tuple[str, ...]] = DEAR) -> list[object]:
    """Return the parameters of a test, those marked that take long."""
    found: list[object] = []
    for work, fault in pairs:
        id, dear = f"{getattr(work, '__name__', '')}-{fault.name}", dears.get(work, ())
        is_long = work is prune or fault.name in dear
        found.append(pytest.param(work, fault, EVERY, id=id, marks=pytest.mark.long if is_long else ()))
        if fault.name in dear:
            some = (dear.index(fault.name), len(dear))
            found.append(pytest.param(work, fault, some, id=f"{id}-some"))
    return found


@pytest.mark.parametrize(("work", "fault", "calls"), each(BARE))
def test_no_fault_of_any_call_harms_what_is_there(
    past: Past, tmp_path: Path, work: Work, fault: Fault, calls: Calls, record_property: Recording
) -> None:
    done = list(cases(work, past, tmp_path / "case", fault, calls, retries=False))
    record_property(CASES, len(done))
    assert done
    if fault.name in MUST_BE_SAID:
        assert {case.what.partition(".")[0] for case in done if not case.said} <= UNSAID[work]


PASSING = [(work, fault) for work, fault in BARE if fault.name in {"lost before", "lost after", "stored short"}]


@pytest.mark.parametrize(("work", "fault", "calls"), each(PASSING, DEAR_BEHIND_RETRIES))
def test_behind_retries_nobody_notices_what_passes(
    past: Past, tmp_path: Path, work: Work, fault: Fault, calls: Calls, record_property: Recording
) -> None:
    done = list(cases(work, past, tmp_path / "case", fault, calls, retries=True))
    record_property(CASES, len(done))
    assert [case for case in done if case.said] == []
    assert done
