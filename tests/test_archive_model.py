"""Archiving, purging, recalling and pruning in any order, by two machines, killed and interrupted anywhere.

What must hold: a snapshot that nobody wanted purged can always be read as it is, with the archive uninstalled; any
other one can be read once all that archives still have is put back. `YESTER_ARCHIVE_LIVES=500 pytest -s
tests/test_archive_model.py` makes it long; what fails is known by its number.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import pytest
from blake3 import blake3
from tests.engine.archive.rigging import holding
from tests.engine.prune.rigging import FakeClock
from tests.model import Client, Dead, End, Frail, Source, Tree, contents

from yester.engine.archive.holdings import Holding, holding_id
from yester.engine.archive.purging import PurgeOptions, purge
from yester.engine.archive.readmitting import readmit
from yester.engine.archive.recording import record_dropped, record_held, unneeded
from yester.engine.check.checking import check
from yester.engine.errors import Retry, YesterError
from yester.engine.hooks import NoHooks
from yester.engine.ids import HoldingId, PackId, SnapshotId
from yester.engine.packs.packs import list_packs
from yester.engine.places import Places
from yester.engine.progress import NoProgress
from yester.engine.prune.pruning import PruneOptions, prune
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import digest_of
from yester.plugins.backends.memory import MemoryStore

LIVES = int(os.environ.get("YESTER_ARCHIVE_LIVES", "2"))
"""Read here, since tests run without variables of yester's."""
FIRST = int(os.environ.get("YESTER_ARCHIVE_FIRST", "1"))
STEPS = 40
LOOK_EVERY = 10
CALLS = 30
"""A command is killed, or interrupted, at one of so many calls of the store."""

NAMES = (b"1", b"2", b"a/1", b"a/2", b"a/b/1")
BY_ARCHIVE = "snap by the archive"
COMMANDS = ("snap", "snap", BY_ARCHIVE, "prune", "purge", "purge", "recall", "archive", "forget and prune", "delete")
WEIGHTS = {"alone": 6, "died": 3, "beside": 4, "lose the cache": 1}


class Cold:
    """Two machines, one repository, one archive."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.shared = MemoryStore()
        self.clients = [self._client(name) for name in ("here", "there")]
        Repository.create(self.shared, None, places=self.clients[0].places)
        self.held: dict[SnapshotId, Tree] = {}
        self.ever: dict[SnapshotId, Tree] = {}
        """The same of all that were ever taken."""
        self.going: set[SnapshotId] = set()
        """What is forgotten at this moment."""
        self.may_be_offline: set[SnapshotId] = set()
        """Snapshots that somebody wanted purged, or took so that they count on the archive."""
        self.by_archive: set[bytes] = set()
        """The sources of clients of which the last run counted on the archive."""
        self.vault: dict[HoldingId, bytes] = {}
        self.jobs = 0
        self.done: Counter[str] = Counter()

    def _client(self, name: str) -> Client:
        (self.folder / name).mkdir(parents=True)
        return Client(name, self.folder / name, self.shared, Source(self.folder / name / "source"))

    def live(self) -> None:
        """Do things, and look now and then whether all is there."""
        for step in range(1, STEPS + 1):
            self._step(self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])
            if step % LOOK_EVERY == 0:
                self._look()
        # What came too late to be of use is not left lying about.
        self._do(0, "prune")
        assert not any("archive that no index fragment names" in note for note in self._look())

    def _step(self, how: str) -> None:
        who, what = self.chance.randrange(2), self.chance.choice(COMMANDS)
        match how:
            case "alone":
                self._do(who, what)
            case "died":
                self._die(who, what, Frail(self.shared, self.chance.randrange(CALLS), self.chance.choice(list(End))))
            case "beside":
                self._beside(who, what, self.chance.choice(COMMANDS))
            case "lose the cache":
                self.clients[who].lose_cache()

    def _die(self, who: int, what: str, store: Frail) -> None:
        try:
            self._do(who, what, store)
        except (Dead, Retry):
            assert store.has_ended
            self.done["died"] += 1
        self._learn()

    def _beside(self, who: int, what: str, other: str) -> None:
        """Another client does something whole between two calls."""

        before = set(self.held)

        def meanwhile() -> None:
            self.done["beside"] += 1
            self._do(1 - who, other)

        try:
            self._do(who, what, Frail(self.shared, self.chance.randrange(CALLS), meanwhile))
        except YesterError as error:
            assert "held dead by another" in error.what or "There is no snapshot" in error.what, error
        self._learn()
        # A run whose packs were taken forgets what it committed, and commits again.
        for sid in self.held.keys() - before - self._watcher().snapshot_ids():
            del self.held[sid]

    def _do(self, who: int, what: str, store: Frail | None = None) -> None:
        repository = self.clients[who].open(store)
        if store is not None:
            store.count()
        self.done[what] += 1
        match what:
            case "snap" | "snap by the archive":
                self._snap(self.clients[who], repository, by_archive=what == BY_ARCHIVE)
            case "prune":
                self._prune(repository)
            case "purge":
                self._purge(repository)
            case "recall":
                self._recall(repository)
            case "archive":
                self._archive(repository)
            case "delete":
                self._delete(repository)
            case "forget and prune":
                for sid in self._some(self.held)[:1]:
                    self._forget(repository, sid)
                self._prune(repository)

    def _some(self, things: Iterable[SnapshotId]) -> list[SnapshotId]:
        return [each for each in sorted(things) if self.chance.random() < 0.5]

    # Commands

    def _snap(self, client: Client, repository: Repository, *, by_archive: bool) -> None:
        size, seed = self.chance.choice((30, 3000, 300_000)), self.chance.randrange(5)
        client.source.write(self.chance.choice(NAMES), blake3(bytes([seed])).digest(length=size))
        source, before = os.fsencode(client.source.folder), client.profile
        client.profile = replace(before, dedup_against_archive=by_archive)
        self.by_archive = self.by_archive - {source} | ({source} if by_archive else set())
        try:
            client.snap(repository)
        finally:
            client.profile = before
        self._learn()

    def _forget(self, repository: Repository, sid: SnapshotId) -> None:
        del self.held[sid]
        self.going.add(sid)
        try:
            repository.forget_snapshot(sid, "test")
        finally:
            self.going.clear()

    def _learn(self) -> None:
        """Hold what was committed since, which may be by a run that died, or beside."""
        watcher = self._watcher()
        for sid in watcher.snapshot_ids() - self.held.keys() - self.going:
            [source] = watcher.snapshot(sid).sources
            [client] = [each for each in self.clients if os.fsencode(each.source.folder) == source]
            # One that was to be forgotten may be there still.
            self.held[sid] = self.ever.setdefault(sid, dict(client.source.tree))
            if source in self.by_archive:
                self.may_be_offline.add(sid)

    def _archive(self, repository: Repository) -> None:
        """Archive a part of the packs; some copies nobody reads back."""
        self.jobs += 1
        held: list[Holding] = []
        for name in sorted(list_packs(repository.store)):
            data = self.shared._objects.get(name)
            if name.startswith("data.") and data is not None and self.chance.random() < 0.7:
                each = holding(
                    digest_of(name),
                    job=str(self.jobs),
                    verified_ns=5 if self.chance.random() < 0.9 else 0,
                    size=len(data),
                    digest=sha1(data).hexdigest(),
                )
                self.vault[holding_id(each)] = data
                held.append(each)
        record_held(repository, held)

    def _purge(self, repository: Repository) -> None:
        chosen = self._some(self.held)
        self.may_be_offline.update(chosen)
        options = PurgeOptions(max_hot=self.chance.choice((0.0, 0.5, 1.0)))
        done = purge(repository, chosen, options, hooks=NoHooks(), progress=NoProgress(), clock=FakeClock())
        assert done.damaged == ()
        self.done["purged"] += len(done.purged)
        self.done["copied first"] += len(done.plan.repack)

    def _prune(self, repository: Repository) -> None:
        options = PruneOptions(max_unused=0.0)
        done = prune(repository, options, hooks=NoHooks(), progress=NoProgress(), clock=FakeClock())
        assert done.is_sound
        self.done["released"] += len(done.released)

    def _recall(self, repository: Repository) -> None:
        held = repository.index.look_for_archived().held
        chosen = [pack for pack in sorted(held) if self.chance.random() < 0.5]
        self.done["recalled"] += len(readmit(repository, [(pack, self._copy(held[pack][0])) for pack in chosen]))

    def _copy(self, each: Holding) -> Callable[[], bytes]:
        return lambda: self.vault[holding_id(each)]

    def _delete(self, repository: Repository) -> None:
        """The archive deletes what it need not have."""
        gone = unneeded(repository)
        for each in gone:
            self.vault.pop(holding_id(each), None)
        record_dropped(repository, gone)
        self.done["deleted by archives"] += len(gone)

    # What must hold

    def _watcher(self, store: MemoryStore | None = None) -> Repository:
        return Repository.open(store or self.shared, None, places=Places.under(self.folder / "watcher"))

    def _look(self) -> tuple[str, ...]:
        """Compare all snapshots; return what a check notes."""
        assert self._watcher().snapshot_ids() == self.held.keys()
        for sid, tree in self.held.items():
            watcher = self._watcher(self._recalled() if sid in self.may_be_offline else None)
            assert contents(watcher.reader(), watcher.snapshot(sid)) == tree
        report = check(self._watcher(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
        assert report.problems == ()
        return report.notes

    def _recalled(self) -> MemoryStore:
        """Return the store as it is once everything is recalled that the archive has."""
        store = MemoryStore()
        store._objects.update(self.shared._objects)
        for pack, holdings in self._watcher().index.look_for_archived().held.items():
            store._objects.setdefault(_name(pack), self.vault[holding_id(holdings[0])])
        return store


def _name(pack: PackId) -> str:
    return f"data.{pack.hex()}"


@pytest.mark.timeout(120 + 10 * LIVES)
def test_cold_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "yester.engine.capture.context.host_id", lambda places: blake3(os.fsencode(places.state)).digest(16)
    )
    done: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + LIVES):
        cold = Cold(tmp_path / str(seed), seed)
        try:
            cold.live()
        except Exception as error:
            error.add_note(f"This is life {seed}")
            raise
        done += cold.done
    assert done["purged"] and done["recalled"] and done["released"] and done["died"] and done["beside"]
    print(dict(sorted(done.items())))
