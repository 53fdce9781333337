"""An archive and a depot in memory, all that may go wrong in them, and a death that comes between any two steps."""

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from blake3 import blake3

from yester.engine.archive.asked import Kind, Request, Wanted
from yester.engine.archive.calling import Desk
from yester.engine.archive.depot import Lent
from yester.engine.archive.holdings import Holding, Holdings, add_up, holding_id
from yester.engine.archive.jobs import Jobs
from yester.engine.archive.port import Answer, Archive, FileSet, Policy, Readiness, Refusal
from yester.engine.errors import ArchiveError, UsageError
from yester.engine.ids import HoldingId, PackId, SnapshotId

PLAIN = Policy("plain", "Plain", is_bulk=False)
NOON_NS = 10**18


class Killed(BaseException):
    """The process was killed here."""


@dataclass
class Fate:
    """Counts the steps, and kills the process at one of them: from then on nothing happens any more."""

    at: int = -1
    steps: list[str] = field(default_factory=list)
    dead: bool = False

    def step(self, name: str) -> None:
        if len(self.steps) == self.at:
            self.dead = True
        if self.dead:
            raise Killed(name)
        self.steps.append(name)

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        self.step(f"before {name}")
        yield
        self.step(f"after {name}")


class MortalJobs(Jobs):
    """Jobs whose process may be killed before and after each transaction."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        self.fate = fate
        super().__init__(folder)
        self._db.execute("PRAGMA synchronous=OFF")  # the power stays

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self.fate.around("a write"), super()._changing() as db:
            yield db


@dataclass
class FakeArchive:
    """Keeps copies by name and SHA-1, as the naming rule of contracts section 5.3 does."""

    guid: str = "fake"
    name: str = "Fake"
    held: dict[str, bytes] = field(default_factory=dict)
    offered: Sequence[Policy] = (PLAIN,)
    ready: bool = True
    told: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    refuses: Mapping[str, str] = field(default_factory=dict)
    chokes_on: Collection[str] = ()
    silent_about: Collection[str] = ()
    slow: Collection[str] = ()
    keeps: Callable[[bytes], bytes] = lambda content: content
    gives: Callable[[str, bytes], bytes | None] = lambda name, content: content
    extra: Mapping[str, object] = field(default_factory=dict)
    verifies: Collection[bytes] | None = None
    """What it finds to be good when it looks itself; None: it has no way to."""
    fate: Fate = field(default_factory=Fate)

    def policies(self) -> Sequence[Policy]:
        return self.offered

    def is_ready(self) -> bool:
        return self.ready

    def archive(self, file_sets: Sequence[FileSet], policy_uuid: str, job_id: str) -> Answer:
        done = []
        with self.fate.around("archive"):
            for each in self._heard("archive", file_sets, job_id):
                content = Path(each.files[0]).read_bytes()
                assert hashlib.sha1(content).hexdigest() == each.sha1
                self.held[f"{each.item_id}_{each.sha1}"] = self.keeps(content)
                done.append(each._replace(external_ids=[f"{each.item_id}_{each.sha1}"]))
        return Answer(tuple(done), self._refused(file_sets), extra=self.extra)

    def restore(self, file_sets: Sequence[FileSet], policy_uuid: str, *, is_bulk: bool = False) -> Answer:
        done = []
        with self.fate.around("restore"):
            for each in self._heard("restore", file_sets):
                [locator] = each.external_ids
                if locator not in self.held:
                    continue
                content = self.gives(each.item_id, self.held[locator])
                if content is not None:
                    Path(each.files[0]).write_bytes(content)
                done.append(each)
        pending = tuple(Refusal(each.item_id, "on its way") for each in file_sets if each.item_id in self.slow)
        return Answer(tuple(done), self._refused(file_sets), pending=pending)

    def delete(self, file_sets: Sequence[FileSet], policy_uuid: str) -> Answer:
        with self.fate.around("delete"):
            done = [*self._heard("delete", file_sets)]
            for each in done:
                for locator in each.external_ids:
                    self.held.pop(locator, None)
        return Answer(tuple(done), self._refused(file_sets))

    def verify(self, file_sets: Sequence[FileSet], policy_uuid: str) -> Answer | None:
        if self.verifies is None:
            return None
        good = [each for each in file_sets if self.held[each.external_ids[0]] in self.verifies]
        return Answer(tuple(good), tuple(Refusal(each.item_id, "rotten") for each in file_sets if each not in good))

    def close(self) -> None:
        self.ready = False

    def _heard(self, verb: str, sets: Sequence[FileSet], call: str = "") -> Iterator[FileSet]:
        """Yield what is to be done, one after another."""
        self.told.append((verb, call, tuple(each.item_id for each in sets)))
        for each in sets:
            if each.item_id in self.chokes_on:
                raise ArchiveError(f"cannot bear {each.item_id[:8]}")
            if each.item_id not in (*self.refuses, *self.silent_about, *self.slow):
                yield each

    def _refused(self, sets: Sequence[FileSet]) -> tuple[Refusal, ...]:
        return tuple(Refusal(each.item_id, self.refuses[each.item_id]) for each in sets if each.item_id in self.refuses)


@dataclass
class FakeDepot:
    """Packs that are bytes in memory, lent as files of a folder."""

    folder: Path
    online: dict[PackId, bytes] = field(default_factory=dict)
    records: list[Holdings] = field(default_factory=list)
    needed: Mapping[PackId, str] = field(default_factory=dict)
    doomed: Collection[PackId] = ()
    """A prune has just deleted these."""
    room_size: int = 1 << 30
    fate: Fate = field(default_factory=Fate)

    @contextmanager
    def lent(self, packs: Sequence[PackId]) -> Iterator[Mapping[PackId, Lent | str]]:
        yield {pack: self._lent(pack) for pack in packs}

    def _lent(self, pack: PackId) -> Lent | str:
        if pack not in self.online:
            return "it is not there"
        path = self.folder / f"lent-{pack.hex()}"
        path.write_bytes(self.online[pack])
        return Lent((str(path),), hashlib.sha1(self.online[pack]).hexdigest())

    def held(self) -> Mapping[PackId, Sequence[Holding]]:
        return add_up(self.records).held

    def unneeded(self) -> Sequence[Holding]:
        return add_up(self.records).unneeded

    def record(self, holdings: Sequence[Holding]) -> Collection[PackId]:
        self._say(held=tuple(holdings))
        late = [each for each in holdings if each.pack in self.doomed]
        self.release(late)
        return {PackId(each.pack) for each in late}

    def release(self, holdings: Sequence[Holding]) -> None:
        self._say(released=tuple(map(holding_id, holdings)))

    def drop(self, holdings: Sequence[Holding]) -> None:
        self._say(dropped=tuple(map(holding_id, holdings)))

    def _say(self, **said: tuple[Holding, ...] | tuple[HoldingId, ...]) -> None:
        if any(said.values()):
            with self.fate.around(f"a record of what is {next(iter(said))}"):
                self.records.append(Holdings(writer=bytes(16), time_ns=NOON_NS, **said))  # type: ignore[arg-type]

    def purge(self, packs: Collection[PackId], snapshots: Collection[SnapshotId]) -> Mapping[PackId, str]:
        stock = add_up(self.records)
        for pack in packs:
            assert stock.is_verified(pack), "it may be the last copy"
            if pack not in self.needed:
                with self.fate.around("a purge"):
                    self.online.pop(pack, None)
        return {pack: self.needed[pack] for pack in packs if pack in self.needed}

    def offline(self, packs: Collection[PackId]) -> set[PackId]:
        return {pack for pack in packs if pack not in self.online}

    def room(self) -> AbstractContextManager[Path]:
        room = self.folder / "room"
        room.mkdir(exist_ok=True)
        return nullcontext(room)

    def take_back(self, files: Mapping[PackId, Path]) -> None:
        for pack, file in files.items():
            with self.fate.around("taking it back"):
                self.online[pack] = file.read_bytes()


def of(holding: Holding) -> Wanted:
    """Return what is wanted of an archive for what it holds."""
    return Wanted(
        PackId(holding.pack), holding.size, holding.archive, holding.policy, holding.sha1, holding.external_ids
    )


@dataclass
class FakeArchives:
    """The archives that this machine has."""

    there: list[Archive]
    asked_ns: int = NOON_NS

    seconds: Mapping[str, float] = field(default_factory=dict)

    def named(self, name: str) -> Archive:
        for each in self.there:
            if each.guid == name:
                return each
        raise UsageError(f"There is no archive {name}", hint="Put it back.")

    def all(self) -> Mapping[str, Archive]:
        return {each.guid: each for each in self.there}

    def readiness(self, archive: Archive) -> Readiness:
        return Readiness(archive.is_ready(), self.asked_ns)

    def close(self) -> None:
        self.there = []


@dataclass
class World:
    """A machine with jobs, a repository and an archive."""

    folder: Path
    archive: FakeArchive
    depot: FakeDepot
    packs: list[PackId]
    fate: Fate = field(default_factory=Fate)
    now_ns: int = NOON_NS
    others: list[Archive] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, packs: int = 4) -> "World":
        folder.mkdir(exist_ok=True)
        contents = [bytes([number]) * (number + 1) * 100 for number in range(packs)]
        named = {PackId(blake3(content).digest()): content for content in contents}
        return cls(folder, FakeArchive(), FakeDepot(folder, dict(named)), [*named])

    def dying_at(self, step: int) -> "World":
        """Return this world as a process sees it that is killed at a step, counted from here."""
        fate = Fate(step)
        self.archive.fate = self.depot.fate = fate
        return replace(self, fate=fate)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Give what a command works with."""
        with MortalJobs(self.folder, self.fate) as jobs:
            archives = FakeArchives([self.archive, *self.others])
            yield Desk(jobs, self.depot, archives, lambda kind: nullcontext(), clock=lambda: self.now_ns)

    def wanted(self, *packs: PackId) -> list[Wanted]:
        """Return what is wanted of packs, as far as the repository knows it; all of them when none is named."""
        held = self.depot.held()
        return [self._wanted(pack, held.get(pack, ())) for pack in packs or self.packs]

    def _wanted(self, pack: PackId, held: Sequence[Holding]) -> Wanted:
        if held:
            return of(held[0])
        return Wanted(pack, len(self.depot.online[pack]), self.archive.guid, self.archive.offered[0].uuid)

    def request(self, kind: Kind, *, purges: bool = False, id: str = "") -> Request:
        """Return a request."""
        return Request(id or str(kind), kind, self.now_ns, "all of docs", is_purging=purges)

    def names(self) -> list[str]:
        """Return the names by which archives know the packs."""
        return [Wanted(pack, 0, "", "").name for pack in self.packs]
