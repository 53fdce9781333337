"""Ten processes of several simulated hosts at work in one repository, some of them killed: a program of its own.

    python tests/many_writers.py FOLDER SECONDS SEED [URL]

Each host has folders of its own, so an id, a writer and caches of its own, and a clock that is wrong by hours. Each
process does one thing (snap, forget, prune, check, or read a snapshot, from the store or in a mount that is there all
the time), forked from here, where all is loaded. What a source holds follows from its name and a generation, so that
every snapshot can be compared with what it must hold.

It ends after SECONDS, once everything has happened and there is no FOLDER/hold, with a JSON line of what was done; what
went wrong is in FOLDER/errors, one file a process.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from blake3 import blake3

import yester.engine.host
import yester.engine.prune.waiting
import yester.engine.sessions
from yester.engine.capture.request import SnapshotRequest
from yester.engine.capture.snapping import take_snapshot
from yester.engine.check.checking import check
from yester.engine.errors import BusyError, DamageError, YesterError
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.profile import FilterSpec, Profile
from yester.engine.profiles.writing import new_profile
from yester.engine.progress import NoProgress
from yester.engine.prune.pruning import PruneOptions, PruneResult, prune
from yester.engine.repository import Repository
from yester.engine.runlock import run_lock
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, walk
from yester.fs.serving import MountPlan, serve
from yester.fs.unmounting import unmount
from yester.plugins.backends.registry import open_store

HOSTS = ("alpha", "beta", "gamma", "delta")
SKEWS_H = (0, -7, 3, 900)
"""How wrong the hosts' clocks are, hours."""
PROFILES = ("docs", "music")
"""Every host has both; the two laptops alpha and beta have copies of the same profile files."""
PROCESSES = 10
FILES = 24
SHARED = 3
"""Every third file is the same on all hosts."""
KILLED = 0.4
ACTIONS = {"snap": 10, "forget": 4, "prune": 3, "check": 1, "read": 2, "mount": 3}
MUST = (*ACTIONS, "snap killed", "prune killed")
"""What is to happen at least once."""
LONGER_S = 90
"""So long after its time it ends, whatever has not happened."""
HOLD = "hold"
"""While this is in the folder, the seconds do not end it."""


@dataclass(frozen=True)
class Series:
    """One profile of one host."""

    host: str
    profile: str

    def expected(self, generation: int) -> dict[str, bytes]:
        """Return what the source holds: each file is as it was in the last generation that changed it."""
        found = {"generation": f"{self.host} {self.profile} {generation}".encode()}
        for number in range(FILES):
            owner = "all" if number % SHARED == 0 else f"{self.host}/{self.profile}"
            version = next(at for at in range(generation, -1, -1) if at == 0 or _dice(owner, number, at) < 0.2)
            if _dice("there", number, version) < 0.9:
                chance = random.Random(f"{owner} {number} {version}")
                found[f"{number % 4}/{number}"] = chance.randbytes(chance.choice((0, 200, 9_000, 90_000, 300_000)))
        return found


def _dice(*what: object) -> float:
    return int.from_bytes(blake3(repr(what).encode()).digest(8)) / 2**64


def apply(folder: Path, files: Mapping[str, bytes]) -> None:
    """Bring a source to a state, whatever it was before."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            fresh = path.with_name(f".{path.name}")
            fresh.write_bytes(content)
            fresh.replace(path)
    for path in folder.rglob("*"):
        if path.is_file() and str(path.relative_to(folder)) not in files:
            path.unlink()


class World:
    """The repository, and where each host keeps what is its own."""

    def __init__(self, root: Path, repository: str) -> None:
        self.root = root
        self.repository = repository or str(root / "repository")
        self.mount = root / "mnt"
        for name in ("errors", "taken", "forgotten"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def places(self, host: str) -> Places:
        return Places.under(self.root / "hosts" / host)

    def open(self, host: str) -> Repository:
        return Repository.open(open_store(self.repository), None, places=self.places(host))

    def create(self) -> None:
        """Make the repository, in a process of its own: what the libraries of some stores start survives no fork."""
        child = os.fork()
        if child == 0:
            try:
                Repository.create(open_store(self.repository, create=True), None, places=self.places(HOSTS[0]))
            except BaseException:  # noqa: BLE001 -- whatever it is, it goes into the report
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0, "the repository could not be made"

    def source(self, series: Series) -> Path:
        return self.root / "sources" / series.host / series.profile

    def profile(self, series: Series) -> Profile:
        source = self.source(series)
        source.mkdir(parents=True, exist_ok=True)
        profile = new_profile(series.profile, [os.fsencode(source)], filters=FilterSpec(defaults=False, caches=False))
        shared = "laptops" if series.host in HOSTS[:2] else series.host
        return replace(profile, id=blake3(f"{shared} {series.profile}".encode()).digest(16))

    def differs(self, repository: Repository, snapshot: Snapshot) -> str:
        """Compare a snapshot with what its source was; empty when it is the same."""
        reader = repository.reader()
        held = {
            path: bytes(Content.of(entry, reader).read(0, entry.size))
            for path, entry, _ in walk(reader, decode_root(snapshot.root))
            if entry.is_file
        }
        [marker] = [path for path in held if path.endswith(b"/generation")]
        prefix = os.fsdecode(marker.removesuffix(b"generation"))
        found = {os.fsdecode(path).removeprefix(prefix): content for path, content in held.items()}
        return _difference(found, snapshot.profile)

    def differs_in_mount(self, sid: SnapshotId) -> str:
        """Compare a snapshot, as the mount shows it, with what its source was. OSError when it cannot be read."""
        sources = self.mount / "ids" / sid.hex() / str(self.root / "sources").lstrip("/")
        [host] = sources.iterdir()
        [source] = host.iterdir()
        found = {str(path.relative_to(source)): path.read_bytes() for path in source.rglob("*") if path.is_file()}
        return _difference(found, source.name)


def _difference(found: Mapping[str, bytes], of: str) -> str:
    """Say how what was found differs from what was there; empty when it does not."""
    host, profile, generation = found["generation"].decode().split()
    if profile != of:
        return f"it is of {profile}, not {of}"
    expected = Series(host, profile).expected(int(generation))
    return "" if found == expected else f"{sorted(found.items() ^ expected.items())[:1]!r:.200}"


# What a process does


def snap(world: World, host: str, chance: random.Random) -> str:
    series = Series(host, chance.choice(PROFILES))
    profile, places = world.profile(series), world.places(host)
    try:
        with run_lock(places.state, profile):
            counter = places.state / f"generation-{series.profile}"
            generation = int(counter.read_text()) + 1 if counter.exists() else 0
            apply(world.source(series), series.expected(generation))
            fresh = counter.with_name(f".{counter.name}")
            fresh.write_text(str(generation))
            fresh.replace(counter)
            result = take_snapshot(
                world.open(host),
                SnapshotRequest(profile, "run"),
                places=places,
                hooks=NoHooks(),
                progress=NoProgress(),
                cancelled=lambda: False,
            )
    except BusyError:
        return "busy"
    assert result.snapshot is not None
    assert result.failures == ()
    (world.root / "taken" / result.snapshot.hex()).touch()
    return "done"


def forget(world: World, host: str, chance: random.Random) -> str:
    repository = world.open(host)
    snapshots = repository.snapshots()
    if len(snapshots) < 6:
        return "few"
    sid, _ = chance.choice(snapshots)
    (world.root / "forgotten" / sid.hex()).touch()
    repository.forget_snapshot(sid, "test")
    return "done"


def free(world: World, host: str, chance: random.Random) -> str:
    options = PruneOptions(max_unused=chance.choice((0.0, 0.05, 0.5)))
    try:
        result = prune(world.open(host), options, hooks=NoHooks(), progress=NoProgress())
    except YesterError as error:
        if "held dead" in error.what:
            return "held dead"
        raise
    assert result.is_sound, (result.damaged, result.lost_blobs)
    return "spared" if result.spared_packs else "done" if result.deleted_packs else "nothing"


def look(world: World, host: str, chance: random.Random) -> str:
    report = check(world.open(host), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert report.problems == (), report.problems
    return "done"


def read(world: World, host: str, chance: random.Random) -> str:
    repository = world.open(host)
    snapshots = repository.snapshots()
    if not snapshots:
        return "none"
    sid, snapshot = chance.choice(snapshots)
    try:
        differs = world.differs(repository, snapshot)
    except DamageError:
        if sid in world.open(host).snapshot_ids():
            raise
        return "forgotten meanwhile"
    assert not differs, differs
    return "done"


def look_into_mount(world: World, host: str, chance: random.Random) -> str:
    ids = sorted(os.listdir(world.mount / "ids"))
    if not ids:
        return "none"
    sid = SnapshotId(bytes.fromhex(chance.choice(ids)))
    try:
        differs = world.differs_in_mount(sid)
    except (OSError, ValueError, KeyError) as error:
        differs = repr(error)
    if differs and sid not in world.open(host).snapshot_ids():
        return "forgotten meanwhile"
    assert not differs, differs
    return "done"


Action = Callable[[World, str, random.Random], str]
DOES: Mapping[str, Action] = {
    "snap": snap,
    "forget": forget,
    "prune": free,
    "check": look,
    "read": read,
    "mount": look_into_mount,
}


@dataclass
class Child:
    """A process at work."""

    action: str
    dies_at: float | None


class Driver:
    """Starts processes, kills some, and counts."""

    def __init__(self, world: World, seed: str) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.children: dict[int, Child] = {}
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        action = self.chance.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        host = self.chance.randrange(len(HOSTS))
        seed = self.chance.random()
        dies = time.monotonic() + self.chance.uniform(0.01, 0.4) if self.chance.random() < KILLED else None
        child = os.fork()
        if child == 0:
            os._exit(self.work(action, host, seed))
        self.children[child] = Child(action, dies)

    def work(self, action: str, host: int, seed: float) -> int:
        """In the child: do one thing."""
        real = time.time_ns
        time.time_ns = lambda: real() + SKEWS_H[host] * 3600 * 10**9
        os.setsid()
        name = f"{action}-{HOSTS[host]}-{os.getpid()}"
        try:
            outcome = DOES[action](self.world, HOSTS[host], random.Random(seed))
        except BaseException:  # noqa: BLE001 -- whatever it is, it goes into the report
            (self.world.root / "errors" / name).write_text(traceback.format_exc())
            return 1
        os.write(1, f"{action} {outcome}\n".encode())
        return 0

    def reap(self) -> None:
        """Count who has ended, and kill whose time has come."""
        now = time.monotonic()
        for pid, child in list(self.children.items()):
            if child.dies_at is not None and now >= child.dies_at:
                os.kill(pid, signal.SIGKILL)
                child.dies_at = None
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del self.children[pid]
                self.counts[f"{child.action} killed" if os.WIFSIGNALED(status) else child.action] += 1

    def has_done(self, elapsed: float, seconds: float) -> bool:
        """Whether it is time to end: all that is to happen has, on however slow a machine."""
        if elapsed > seconds + LONGER_S:
            return True
        return elapsed > seconds and all(map(self.counts.get, MUST)) and not (self.world.root / HOLD).exists()

    def run(self, seconds: float) -> None:
        begun = time.monotonic()
        while not self.has_done(time.monotonic() - begun, seconds) and not any((self.world.root / "errors").iterdir()):
            while len(self.children) < PROCESSES:
                self.start()
            self.reap()
            time.sleep(0.01)
        while self.children:
            self.reap()
            time.sleep(0.01)


def finish(world: World) -> dict[str, int]:
    """Prune once more, then look at everything that is left."""
    repository = world.open(HOSTS[0])
    result: PruneResult = prune(repository, PruneOptions(max_unused=0.0), hooks=NoHooks(), progress=NoProgress())
    assert result.is_sound
    report = check(world.open(HOSTS[1]), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert report.problems == (), report.problems
    assert report.notes == (), report.notes
    fresh = world.open("newcomer")
    snapshots = dict(fresh.snapshots())
    for sid, snapshot in snapshots.items():
        differs = world.differs(fresh, snapshot)
        assert not differs, (sid.hex(), differs)
    _assert_counted_once(fresh, snapshots)
    taken, forgotten = ({path.name for path in (world.root / name).iterdir()} for name in ("taken", "forgotten"))
    lost = taken - forgotten - {sid.hex() for sid in snapshots}
    assert not lost, lost
    return {"left": len(snapshots), "taken": len(taken), "forgotten": len(forgotten)}


def _assert_counted_once(repository: Repository, snapshots: Mapping[SnapshotId, Snapshot]) -> None:
    """No number of a writer twice, no parent of another series, no blob in two packs."""
    numbers = [(snapshot.writer, snapshot.sequence) for snapshot in snapshots.values()]
    assert len(numbers) == len(set(numbers)), "a writer gave a number twice"
    for snapshot in snapshots.values():
        parent = snapshots.get(SnapshotId(snapshot.parent)) if snapshot.parent else None
        if parent is not None:
            assert (parent.host_id, parent.profile_id) == (snapshot.host_id, snapshot.profile_id)
    blobs = repository.index.blobs
    again = prune(repository, PruneOptions(max_unused=0.0), hooks=NoHooks(), progress=NoProgress())
    assert again.plan.is_empty, again.plan
    assert sum(use.needed_blobs for use in again.plan.keep) == blobs, "a blob lies twice"


def _default(function: Callable[..., object], name: str, value: object) -> None:
    """Set what a keyword is by default; there is no other way in for what a host is, as everywhere it is this one."""
    defaults = function.__kwdefaults__
    assert defaults is not None and name in defaults
    defaults[name] = value


def main(folder: str, seconds: str, seed: str, repository: str = "") -> None:
    """Run, and print what was done."""
    _default(yester.engine.host.host_id, "machine_id", Path("/nonexistent"))
    _default(yester.engine.sessions.WriterSession.__init__, "interval_s", 0.3)
    yester.engine.prune.waiting.STILL_S = 3.0
    yester.engine.prune.waiting.POLL_S = 0.05
    world = World(Path(folder), repository)
    world.create()
    driver = Driver(world, seed)
    world.mount.mkdir()
    mounting = os.fork()
    if mounting == 0:
        serve(lambda: closing(world.open("mount")), MountPlan(world.mount, world.places("mount"), foreground=True))
        os._exit(0)
    while not os.path.ismount(world.mount):
        time.sleep(0.01)
    try:
        driver.run(float(seconds))
    finally:
        unmount(world.mount, world.places("mount").runtime)
        os.waitpid(mounting, 0)
    errors = [f"{path.name}\n{path.read_text()}" for path in (world.root / "errors").iterdir()]
    if errors:
        sys.exit("\n".join(errors))
    ended = finish(world)
    print(json.dumps({"processes": dict(sorted(driver.counts.items())), **ended}))


if __name__ == "__main__":
    main(*sys.argv[1:])
