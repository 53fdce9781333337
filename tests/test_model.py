"""Anything, in any order: random actions of two machines on one repository, held against a model of what must be there.

After each step the snapshots that are listed are those of the model; what is read of any of them, by whatever way, is
what the source held when it was taken. A client may be killed, or lose its store, at any call of anything that it does.
`YESTER_MODEL_STEPS=20000 pytest -s tests/test_model.py` makes it long, and says what was done how often.
"""

import gc
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.engine.prune.rigging import FakeClock
from tests.model import DAY_NS, Client, Dated, Dead, End, Frail, Source, Tree, contents, on_disk

from yester.engine.capture.walk import _MAX_DEPTH as MAX_DEPTH
from yester.engine.check.checking import check
from yester.engine.check.report import CheckReport
from yester.engine.copying.copying import copy_snapshots, original_of
from yester.engine.errors import Retry, YesterError
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.profile import RetentionSpec, SmartSpec
from yester.engine.profiles.sizes import Span
from yester.engine.progress import NoProgress
from yester.engine.prune.pruning import PruneOptions, prune
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.engine.restore.plan import Conflict
from yester.engine.restore.restoring import restore
from yester.engine.retention.forgetting import forget
from yester.engine.retention.plan import Decision, plan_retention
from yester.plugins.backends.memory import MemoryStore

STEPS_OF_ONE = 60
FEW, SHORT = 240, 600
STEPS = int(os.environ.get("YESTER_MODEL_STEPS", SHORT))
"""In all; read here, since tests run without variables of yester's."""

FOLDERS = (b"", b"a", b"a/b", b"a/b/c", b"d\xff", b"e")
NAMES = tuple(os.path.join(folder, name) for folder in FOLDERS for name in (b"1", b"2 \n", b"\xc3\xa93"))
CONTENTS = st.one_of(
    st.just(b""),
    st.binary(min_size=1, max_size=40),
    st.builds(lambda seed, size: blake3(bytes([seed])).digest(length=size), st.integers(0, 5), st.integers(100, 5000)),
    st.builds(lambda seed: blake3(bytes([seed])).digest(length=300_000), st.integers(0, 3)),
    st.just(bytes(200_000)),
)
SPECS = st.one_of(
    st.builds(RetentionSpec, keep_last=st.integers(1, 4)),
    st.builds(RetentionSpec, keep_daily=st.integers(1, 5), keep_weekly=st.integers(0, 3)),
    st.just(RetentionSpec(smart=SmartSpec(1, 2, 2, 2))),
    st.builds(RetentionSpec, older_than=st.builds(Span, days=st.integers(5, 60))),
)
ENDS = st.tuples(st.integers(0, 25), st.sampled_from(End))
CALLS = st.integers(0, 40)
OTHERS = st.sampled_from(["snap", "prune", "forget", "forget and prune"])
PLACES = st.integers(0, 10**6)
"""Which of what there is: taken modulo how many there are."""


class Life(RuleBasedStateMachine):
    """The life of a repository."""

    root: ClassVar[Path]
    alike: ClassVar[bool] = True
    """Whether the archive shares ids with the repository."""
    done: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        self.shared = MemoryStore()
        Repository.create(self.shared, None, places=Places.under(self.folder / "maker"))
        self.watcher = Repository.open(self.shared, None, places=Places.under(self.folder / "watcher"))
        self.clients = [
            Client(name, self.folder / name, self.shared, Source(self.folder / f"source of {name}"), skew)
            for name, skew in (("laptop", 0.0), ("desktop", 0.3))
        ]
        self.archive = MemoryStore()
        self.archive.place = "another memory"
        Repository.create(
            self.archive, None, places=Places.under(self.folder / "maker"), like=self.watcher if self.alike else None
        )
        self.archivist = Repository.open(self.archive, None, places=Places.under(self.folder / "watcher"))
        self.held: dict[SnapshotId, Tree] = {}
        """What is listed, and what each must hold."""
        self.ever: dict[SnapshotId, Tree] = {}
        """The same of all that were ever taken: copies outlive them."""
        self.days = 400.0

    def teardown(self) -> None:
        try:
            for sid in self.held:
                self._compare_with(self.held[sid], sid, self.watcher)
            for original, sid in self._archived():
                self._compare_with(self.ever[original], sid, self.archivist)
            self._check()
            self._check(self.archive)
        finally:
            for client in self.clients:
                client.unmount()
            shutil.rmtree(self.folder)
            # Segments of the index are mapped; Hypothesis keeps the machine for longer than files should be open.
            del self.clients, self.watcher, self.archivist
            gc.collect()

    # What people do.

    @rule(who=st.integers(0, 1), name=st.sampled_from(NAMES), content=CONTENTS)
    def write(self, who: int, name: bytes, content: bytes) -> None:
        self.clients[who].source.write(name, content)

    @rule(who=st.integers(0, 1), place=PLACES)
    def change_in_secret(self, who: int, place: int) -> None:
        source = self.clients[who].source
        if files := source.files():
            source.change_in_secret(files[place % len(files)])

    @rule(who=st.integers(0, 1), place=PLACES)
    def delete(self, who: int, place: int) -> None:
        source = self.clients[who].source
        if source.tree:
            source.remove(sorted(source.tree)[place % len(source.tree)])

    @rule(who=st.integers(0, 1), place=PLACES, new=st.sampled_from(NAMES + FOLDERS[1:]))
    def rename(self, who: int, place: int, new: bytes) -> None:
        source = self.clients[who].source
        names = sorted(name for name in source.tree if (source.tree[name] is None) == (new in FOLDERS))
        if names:
            source.rename(names[place % len(names)], new)

    @rule(days=st.floats(0.01, 9.0))
    def wait(self, days: float) -> None:
        self._pass(days)

    # What yester does.

    @rule(who=st.integers(0, 1), name=st.sampled_from(NAMES), content=CONTENTS, days=st.floats(0.01, 9.0))
    def work_and_snap(self, who: int, name: bytes, content: bytes, days: float) -> None:
        self._pass(days)
        self.clients[who].source.write(name, content)
        self._snap(who)

    @rule(who=st.integers(0, 1), days=st.lists(st.floats(0.5, 2.0), min_size=2, max_size=5))
    def snap_for_days(self, who: int, days: list[float]) -> None:
        for each in days:
            self._pass(each)
            self._snap(who)

    @rule(who=st.integers(0, 1))
    def snap(self, who: int) -> None:
        self._snap(who)

    def _snap(self, who: int) -> None:
        client, repository = self._command(who)
        sid = client.snap(repository)
        self._hold(sid, client.source.tree)
        assert repository.warnings() == []
        self.done["snap"] += 1

    @rule(who=st.integers(0, 1), end=ENDS)
    def snap_and_die(self, who: int, end: tuple[int, End]) -> None:
        store = self._frail(end)
        client, repository = self._command(who, store)
        ended = self._ended(store, lambda: client.snap(repository))
        new = self.watcher.snapshot_ids() - self.held.keys()
        assert len(new) <= 1 if ended else len(new) == 1
        for sid in new:
            self._hold(sid, client.source.tree)

    @rule(who=st.integers(0, 1), spec=SPECS)
    def forget(self, who: int, spec: RetentionSpec) -> None:
        _, repository = self._command(who)
        plan = self._plan(repository, spec)
        for sid in forget(repository, plan):
            del self.held[sid]
        assert self._plan(repository, spec) == []
        self.done["forgotten"] += len(plan)

    @rule(who=st.integers(0, 1), spec=SPECS, end=ENDS)
    def forget_and_die(self, who: int, spec: RetentionSpec, end: tuple[int, End]) -> None:
        plan = self._plan(self._command(who)[1], spec)
        store = self._frail(end)
        repository = self._command(who, store)[1]
        self._ended(store, lambda: forget(repository, plan))
        gone = self.held.keys() - self.watcher.snapshot_ids()
        assert gone <= {each.id for each in plan}
        for sid in gone:
            del self.held[sid]

    @rule(who=st.integers(0, 1), unused=st.sampled_from([0.0, 0.05, 0.5]))
    def prune(self, who: int, unused: float) -> None:
        """Nothing that is dead is left where nobody else is at work."""
        self._prune(self._command(who)[1], unused)
        if unused == 0.0:
            report = self._check()
            assert report.notes == ()

    @rule(who=st.integers(0, 1), unused=st.sampled_from([0.0, 0.05]), end=ENDS)
    def prune_and_die(self, who: int, unused: float, end: tuple[int, End]) -> None:
        store = self._frail(end)
        repository = self._command(who, store)[1]
        self._ended(store, lambda: self._prune(repository, unused))

    @rule(who=st.integers(0, 1), calls=CALLS, other=OTHERS, spec=SPECS)
    def prune_beside(self, who: int, calls: int, other: str, spec: RetentionSpec) -> None:
        """Another client does something whole between two calls of a prune."""
        store = Frail(self.shared, calls, lambda: self._other(1 - who, other, spec))
        repository = self._command(who, store)[1]
        store.count()
        try:
            self._prune(repository, 0.0)
        except YesterError as error:
            assert "held dead by another" in error.what and "prune" in other

    @rule(who=st.integers(0, 1), calls=CALLS, other=OTHERS, spec=SPECS)
    def snap_beside(self, who: int, calls: int, other: str, spec: RetentionSpec) -> None:
        """Another client does something whole between two calls of a run; a prune holds the run dead."""
        store = Frail(self.shared, calls, lambda: self._other(1 - who, other, spec))
        client, repository = self._command(who, store)
        store.count()
        tree = dict(client.source.tree)
        before = self.watcher.snapshot_ids()
        sid = client.snap(repository)
        assert sid not in before
        self._hold(sid, tree)

    def _other(self, who: int, what: str, spec: RetentionSpec) -> None:
        self.done[f"beside: {what}"] += 1
        repository = self._command(who)[1]
        match what:
            case "snap":
                self._snap(who)
            case "prune":
                self._prune(repository, 0.0)
            case "forget":
                for sid in forget(repository, self._plan(repository, spec)):
                    del self.held[sid]
            case "forget and prune":
                self._other(who, "forget", spec)
                self._prune(self._command(who)[1], 0.0)

    @rule(who=st.integers(0, 1))
    def copy(self, who: int) -> None:
        self._copy(who, self.shared)
        assert {original for original, _ in self._archived()} >= self.held.keys()
        self.done["copy"] += 1

    @rule(who=st.integers(0, 1), end=ENDS)
    def copy_and_die(self, who: int, end: tuple[int, End]) -> None:
        """The source, or the target, ends."""
        store = self._frail(end)
        self._ended(store, lambda: self._copy(who, store))
        store = Frail(self.archive, *end)
        self._ended(store, lambda: self._copy(who, self.shared, store))

    @rule(who=st.integers(0, 1), spec=SPECS)
    def thin_out_the_archive(self, who: int, spec: RetentionSpec) -> None:
        repository = self._command(who, self.archive)[1]
        forget(repository, self._plan(repository, spec))
        self._prune(self._command(who, self.archive)[1], 0.0)

    @precondition(lambda self: self._archived())
    @rule(place=PLACES)
    def compare_a_copy(self, place: int) -> None:
        found = sorted(self._archived())
        original, sid = found[place % len(found)]
        self._compare_with(self.ever[original], sid, self.archivist)

    @precondition(lambda self: self.held)
    @rule(who=st.integers(0, 1), place=PLACES, tag=st.sampled_from("ab"), pinned=st.booleans())
    def say(self, who: int, place: int, tag: str, pinned: bool) -> None:
        sid = self._one(place)
        label = self._command(who)[1].set_label(sid, add_tags=[tag], pinned=pinned)
        assert self.watcher.labels()[sid] == label and label.pinned == pinned and tag in label.tags

    @precondition(lambda self: self.held)
    @rule(who=st.integers(0, 1), place=PLACES)
    def mount_and_read(self, who: int, place: int) -> None:
        sid = self._one(place)
        mount = self.clients[who].mounted()
        assert mount.ids() == {sid.hex().encode() for sid in self.held}
        assert mount.read(sid, self._source_of(sid)) == self.held[sid]
        self.done["mount"] += 1

    @precondition(lambda self: self.held)
    @rule(who=st.integers(0, 1), place=PLACES)
    def restore(self, who: int, place: int) -> None:
        sid, target = self._one(place), self.folder / "restored"
        target.mkdir()
        folder = self._source_of(sid)
        report = restore(
            self._command(who)[1],
            sid,
            [folder],
            os.fsencode(target),
            conflict=Conflict.KEEP_BOTH,
            owner=OwnerMode.AS_STORED,
            hooks=NoHooks(),
            progress=NoProgress(),
            cancelled=lambda: False,
        )
        assert report.failed == 0
        assert on_disk(target / os.fsdecode(os.path.basename(folder))) == self.held[sid]
        shutil.rmtree(target)
        self.done["restore"] += 1

    @rule(who=st.integers(0, 1))
    def unmount(self, who: int) -> None:
        self.clients[who].unmount()

    @rule(who=st.integers(0, 1))
    def lose_the_cache(self, who: int) -> None:
        self.clients[who].lose_cache()

    @precondition(lambda self: self.held)
    @rule(place=PLACES)
    def compare(self, place: int) -> None:
        sid = self._one(place)
        self._compare_with(self.held[sid], sid, self.watcher)

    @rule()
    def check_all(self) -> None:
        self._check()

    @invariant()
    def what_is_listed_is_what_is_held(self) -> None:
        assert self.watcher.snapshot_ids() == self.held.keys()
        self.done["steps"] += 1

    # How.

    def _hold(self, sid: SnapshotId, tree: Tree) -> None:
        self.held[sid] = self.ever[sid] = dict(tree)

    def _prune(self, repository: Repository, unused: float) -> None:
        options = PruneOptions(max_unused=unused)
        done = prune(repository, options, hooks=NoHooks(), progress=NoProgress(), clock=FakeClock())
        assert done.is_sound
        self.done["prune"] += 1
        self.done["packs deleted"] += done.deleted_packs

    def _copy(self, who: int, source: MemoryStore, target: MemoryStore | None = None) -> None:
        opened = self._command(who, source)[1]
        archive = self._command(who, self.archive if target is None else target)[1]
        for store in (source, target):
            if isinstance(store, Frail):
                store.count()
        done = copy_snapshots(
            opened, archive, [sid for sid, _ in opened.snapshots()], progress=NoProgress(), cancelled=lambda: False
        )
        assert [each.problem for each in done.copied if each.problem] == []

    def _archived(self) -> list[tuple[SnapshotId, SnapshotId]]:
        """Return what the archive has: the original, and the copy."""
        return [(original_of(sid, snapshot), sid) for sid, snapshot in self.archivist.snapshots()]

    def _pass(self, days: float) -> None:
        self.days = max(0.0, self.days - days)

    def _command(self, who: int, store: MemoryStore | None = None) -> tuple[Client, Dated]:
        """Begin a command of a client: the client, and the repository as it opens it."""
        client = self.clients[who]
        return client, client.open(store, self.days)

    def _frail(self, end: tuple[int, End]) -> Frail:
        """Return a store that ends so, a number of calls after it was opened."""
        return Frail(self.shared, *end)

    def _ended(self, store: Frail, work: Callable[[], object]) -> bool:
        """Do something while the store may end; return whether it did."""
        store.count()
        try:
            work()
        except (Dead, Retry):
            assert store.has_ended
        if store.has_ended and isinstance(store.end, End):
            self.done[store.end.name] += 1
        return store.has_ended

    def _plan(self, repository: Dated, spec: RetentionSpec) -> list[Decision]:
        """Plan by the client's clock; of each series something stays."""
        snapshots = repository.snapshots()
        now_ns = time.time_ns() - int(repository.days_back * DAY_NS)
        plan = plan_retention(snapshots, repository.labels(), spec, now_ns)
        assert {each.snapshot.host_id for each in plan.keep} == {snapshot.host_id for _, snapshot in snapshots}
        return list(plan.remove)

    def _one(self, place: int) -> SnapshotId:
        return sorted(self.held)[place % len(self.held)]

    def _source_of(self, sid: SnapshotId) -> bytes:
        return self.watcher.snapshot(sid).sources[0]

    def _compare_with(self, tree: Tree, sid: SnapshotId, repository: Repository) -> None:
        repository.index.refresh()
        assert contents(repository.reader(), repository.snapshot(sid)) == tree

    def _check(self, store: MemoryStore | None = None) -> CheckReport:
        fresh = Repository.open(store or self.shared, None, places=Places.under(self.folder / "watcher"))
        report = check(fresh, read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
        assert report.problems == ()
        assert fresh.warnings() == []
        self.done["check"] += 1
        return report


@pytest.mark.timeout(120 + STEPS // 5)
@pytest.mark.parametrize("steps", [FEW, pytest.param(STEPS, marks=pytest.mark.long)])
@pytest.mark.parametrize("alike", [True, False], ids=["archive shares ids", "archive has its own"])
def test_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alike: bool, steps: int) -> None:
    monkeypatch.setattr(
        "yester.engine.capture.context.host_id", lambda places: blake3(os.fsencode(places.state)).digest(16)
    )
    sys.setrecursionlimit(MAX_DEPTH)  # as the first run does, of which Hypothesis would complain
    Life.root, Life.alike = tmp_path, alike
    Life.done.clear()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=max(1, steps // STEPS_OF_ONE),
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            derandomize=steps <= SHORT,
            phases=[Phase.generate] if steps <= SHORT else [Phase.generate, Phase.shrink],
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(dict(sorted(Life.done.items())))
