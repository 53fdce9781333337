"""Measure the catalogue: a million paths in a hundred snapshots of which each changed one file in a hundred.

    million_paths.py [--files N] [--snapshots N] [--folder F] [--json]

The snapshots exist only as directory nodes in memory, made by the page builder that a run uses; each is taken in as it
would be after a run, in a process of its own. What is measured is the catalogue alone: without opening a repository,
and without fetching, opening and decompressing metadata. Each question is asked of a catalogue that was just opened, as
a command does; and once more when the kernel has let go of the file.
"""

import argparse
import json
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from blake3 import blake3

from yester.engine.catalogue.catalogue import Catalogue
from yester.engine.catalogue.patterns import Pattern
from yester.engine.entries import Entry, Owner, Ref, Summary
from yester.engine.ids import BlobId, BlobKind, SnapshotId, TreeId
from yester.engine.sealed.config import Config
from yester.engine.sealed.records import Snapshot
from yester.engine.selection import Listed
from yester.engine.trees.directories import TreeWriter, encode_root
from yester.fs.versions.history import History, Question

MIB = 1 << 20
DAY_NS = 86_400 * 10**9
BEGIN_NS = 1_700_000_000 * 10**9
_CONFIG = Config(repository=bytes(32), created_ns=BEGIN_NS, program="synthetic")
_OWNER = Owner(1000, 1000, b"me", b"me")
_WORDS = b"report draft notes index photo budget letter invoice scan backup module test readme config data main".split()
_ENDINGS = b".txt .odt .py .jpg .pdf .md .json .c .h .log".split()


class Nodes:
    """The nodes of one snapshot in a file, so that another process can read them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places: dict[bytes, tuple[int, int]] = {}
        self._end = 0
        self._file = path.open("w+b", buffering=0)

    def clear(self) -> None:
        self.places.clear()
        self._end = 0
        self._file.truncate(0)

    def add(self, id: bytes, data: bytes) -> None:
        os.pwrite(self._file.fileno(), data, self._end)
        self.places[id] = (self._end, len(data))
        self._end += len(data)

    def get(self, id: bytes) -> bytes:
        offset, size = self.places[id]
        return os.pread(self._file.fileno(), size, offset)


class Update(NamedTuple):
    """As much of a repository as the process that takes a snapshot in needs."""

    cache: Path
    nodes: Path
    places: dict[bytes, tuple[int, int]]
    listed: list[Listed]

    @property
    def config(self) -> Config:
        return _CONFIG

    def snapshots(self) -> list[Listed]:
        return self.listed

    def reader(self, cache_size: int = 0) -> "Update":
        return self

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        offset, size = self.places[id]
        with self.nodes.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), size, offset)


class Synthetic:
    """As much of a repository as the catalogue needs; a tree of folders in folders, some forty files in each."""

    def __init__(self, cache: Path, files: int, seed: int = 1) -> None:
        self.cache = cache
        self.config = _CONFIG
        self._chance = random.Random(seed)
        self._nodes = Nodes(cache.with_suffix(".nodes"))
        self._listed: list[Listed] = []
        self._mtimes: list[dict[bytes, int]] = []
        self._below: list[list[int]] = []
        self._trees: list[tuple[TreeId, Summary]] = []
        self._fill(files)

    def _fill(self, files: int) -> None:
        """Lay the files out; folder n holds the folders 8n+1 to 8n+8."""
        count = max(1, files // 40)
        for number in range(count):
            names = {self._name(file) for file in range(40)}
            self._mtimes.append({name: BEGIN_NS - self._chance.randrange(900 * DAY_NS) for name in sorted(names)})
            self._below.append([child for child in range(8 * number + 1, 8 * number + 9) if child < count])
        self._trees = [(TreeId(BlobId(b"")), Summary())] * count
        self._write(set(range(count)))

    def _name(self, file: int) -> bytes:
        words = self._chance.choice(_WORDS) + b"-" + self._chance.choice(_WORDS)
        return words + b"-%05d-%02d" % (self._chance.randrange(100_000), file) + self._chance.choice(_ENDINGS)

    def _write(self, folders: set[int]) -> None:
        """Write these folders and all above them, the deepest first; nodes of earlier snapshots are let go."""
        self._nodes.clear()
        for number in sorted(folders | {above for folder in folders for above in _above(folder)}, reverse=True):
            writer = TreeWriter(self._put, bytes(32))
            for child in self._below[number]:
                writer.add(_folder(b"%06d" % child, *self._trees[child]))
            for name, mtime_ns in self._mtimes[number].items():
                content = blake3(name + b"%d" % mtime_ns).digest()
                size = 1000 + mtime_ns % 50_000
                writer.add_row(
                    name, 0o100644, writer.owner_row(_OWNER), mtime_ns, mtime_ns, None, size, 8, 1, 0, [content], [size]
                )
            self._trees[number] = writer.finish()

    def _put(self, kind: BlobKind, data: bytes) -> BlobId:
        id = BlobId(blake3(data).digest())
        self._nodes.add(id, data)
        return id

    def change(self, share: float = 0.01) -> None:
        """Change some files, and delete and add a few."""
        now = BEGIN_NS + len(self._listed) * DAY_NS
        touched = set()
        for _ in range(max(1, int(40 * len(self._mtimes) * share))):
            number = self._chance.randrange(len(self._mtimes))
            touched.add(number)
            files = self._mtimes[number]
            name = self._chance.choice(list(files))
            if self._chance.random() < 0.1:
                del files[name]
                files[self._name(self._chance.randrange(100))] = now
                self._mtimes[number] = dict(sorted(files.items()))
            else:
                files[name] = now
        self._write(touched)

    def snap(self) -> None:
        """Take a snapshot of how things are."""
        time_ns = BEGIN_NS + len(self._listed) * DAY_NS
        root = _folder(b"/", *self._trees[0])
        snapshot = Snapshot(
            time_ns=time_ns,
            end_ns=time_ns,
            host_id=bytes(16),
            host="laptop",
            user="me",
            profile_id=bytes(16),
            profile="home",
            sources=(b"/",),
            root=encode_root(root),
            writer=bytes(16),
            sequence=len(self._listed) + 1,
        )
        self._listed.append((SnapshotId(blake3(b"%d" % time_ns).digest()), snapshot))

    def forget(self, place: int) -> None:
        """Forget one snapshot."""
        del self._listed[place]

    def a_path(self) -> bytes:
        """Some file, deep down."""
        number = len(self._mtimes) - 1
        folders = [b"%06d" % each for each in (number, *_above(number))][:-1]
        return b"/" + b"/".join([*reversed(folders), next(iter(self._mtimes[number]))])

    def snapshots(self) -> list[Listed]:
        return list(self._listed)

    def reader(self, cache_size: int = 0) -> "Synthetic":
        return self

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        return self._nodes.get(id)

    def update_of(self) -> "Update":
        """What a process needs to take the newest snapshot in."""
        return Update(self.cache, self._nodes.path, dict(self._nodes.places), list(self._listed))


def _above(folder: int) -> Iterator[int]:
    while folder:
        folder = (folder - 1) // 8
        yield folder


def _folder(name: bytes, tree: TreeId, summary: Summary) -> Entry:
    return Entry(name, 0o40755, _OWNER, 4096, BEGIN_NS, BEGIN_NS, refs=(Ref(tree, 0),), summary=summary)


def memory() -> float:
    """The most that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def timed(work: Callable[[], object], times: int = 5) -> float:
    """The median of some tries, in seconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


class Figure(NamedTuple):
    """What was measured: seconds, or bytes."""

    what: str
    seconds: float = 0.0
    size: float = 0.0

    @property
    def words(self) -> str:
        """How much it was, for people."""
        if self.size:
            return f"{self.size / MIB:.0f} MiB"
        return f"{self.seconds:.1f} s" if self.seconds >= 1 else f"{1000 * self.seconds:.1f} ms"


def measure(folder: Path, files: int, snapshots: int) -> Iterator[Figure]:
    """Yield what was measured."""
    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    history = Synthetic(cache, files)
    yield from _take_in(history, cache, snapshots)
    yield from _questions(history)
    history.forget(snapshots // 2)
    with Catalogue.open(history) as catalogue:
        yield Figure("forgetting one in the middle", timed(catalogue.update, 1))
        for _ in range(snapshots // 3 + 1):
            history.forget(1)
        yield Figure("forgetting a third, and sweeping up", timed(lambda: catalogue.update(sweeping=True), 1))


def _take_in(history: Synthetic, cache: Path, snapshots: int) -> Iterator[Figure]:
    spent = []
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_updating, args=(there,), daemon=True)
    process.start()
    for number in range(snapshots):
        if number:
            history.change()
        history.snap()
        here.send(history.update_of())
        seconds, size = here.recv()
        spent.append(seconds)
    here.send(None)
    process.join()
    yield Figure("first snapshot taken in", spent[0])
    if spent[1:]:
        yield Figure("each further one, 1 % changed", statistics.median(spent[1:]))
    yield Figure("memory of the process that takes them in, at its highest", size=size)
    yield Figure("size on disk", size=sum(each.stat().st_size for each in cache.iterdir()))


def _updating(pipe: Connection) -> None:
    """Take in what comes through a pipe; answer how long it took, and what this process ever had in memory."""
    while (update := pipe.recv()) is not None:
        with Catalogue.open(update) as catalogue:
            began = time.perf_counter()
            catalogue.update()
            pipe.send((time.perf_counter() - began, memory()))


def _questions(history: Synthetic) -> Iterator[Figure]:
    """Ask each question of a catalogue that was just opened; then of one of which the kernel holds nothing any more."""
    for what, ask in _asked(history).items():
        yield Figure(what, timed(partial(_once, history, ask)))
        _let_go(history.cache)
        yield Figure(f"{what}; not in the page cache", timed(partial(_once, history, ask), 1))


def _once(history: Synthetic, ask: Callable[[Catalogue], object]) -> None:
    with Catalogue.open(history) as catalogue:
        catalogue.update()
        ask(catalogue)


def _let_go(cache: Path) -> None:
    """Have the kernel forget what it holds of the catalogue's file; of nothing else."""
    for each in cache.iterdir():
        with each.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _asked(history: Synthetic) -> dict[str, Callable[[Catalogue], object]]:
    listed, path = history.snapshots(), history.a_path()
    above = path.rpartition(b"/")[0]
    found: dict[str, Callable[[Catalogue], object]] = {
        "open, nothing new": lambda catalogue: None,
        "versions of a file": lambda catalogue: catalogue.versions(path),
        "versions of /": lambda catalogue: catalogue.versions(b"/"),
        "children of a folder": lambda catalogue: list(catalogue.children(above)),
        "children of /": lambda catalogue: list(catalogue.children(b"/")),
        "ls versions/…/file, as a mount asks": partial(_as_a_mount, path=path),
        "versions of all files of a folder": lambda catalogue: _all_below(catalogue, above),
    }
    for words, text, ignore_case in _SEARCHES:
        found[f"search, 100 rows of {words}"] = partial(_some, pattern=Pattern(text, ignore_case))
    for words, one, other in (("neighbours", -2, -1), ("first and last", 0, -1)):
        pair = (listed[one][0], listed[other][0])
        found[f"diff of {words}, first 100"] = partial(_first, before=pair[0], after=pair[1], limit=100)
        found[f"diff of {words}, all below a folder"] = partial(_first, before=pair[0], after=pair[1], below=above)
    found["diff of neighbours, all"] = partial(_first, before=listed[-2][0], after=listed[-1][0])
    return found


_SEARCHES = (
    ("a rare part", "1234-07", False),
    ("a common part", "report", False),
    ("all", "*", False),
    ("a part that is nowhere", "zzzqqq", False),
    ("one sign that is nowhere, any case", "Q", True),
    ("two signs that are nowhere", "qz", True),
    ("a sign of another script that is nowhere", "é", False),
    ("two signs of another script that are nowhere", "文档", True),
    ("a common sign", "a", False),
    ("a pattern", "budget-*-33.p*", True),
    ("a pattern of short parts that is nowhere", "-2*x-", False),
    ("a pattern with a folder", "000001/*/scan-*7.md", False),
    ("all in a folder", "/000001/000009/", False),
    ("a folder that is nowhere", "nowhere/", False),
)


def _some(catalogue: Catalogue, pattern: Pattern) -> int:
    return sum(1 for _ in islice(catalogue.find(pattern), 100))


def _all_below(catalogue: Catalogue, folder: bytes) -> int:
    return sum(len(catalogue.versions(folder + b"/" + child.name)) for child in catalogue.children(folder))


def _as_a_mount(catalogue: Catalogue, path: bytes) -> int:
    """Look each folder on the way up, then the versions."""
    history = History(lambda: catalogue)
    history.changed(
        {("home", "laptop"): {place.listed[0] for places in catalogue.places().values() for place in places}}
    )
    parts = path.strip(b"/").split(b"/")
    ways = [b"/" + b"/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    return [len(history.ask(Question("home", "laptop", way)).history.files) for way in ways][-1]


def _first(
    catalogue: Catalogue, before: SnapshotId, after: SnapshotId, limit: int | None = None, below: bytes = b"/"
) -> int:
    changes = catalogue.changes(before, after, below)
    assert changes is not None
    return sum(1 for _ in islice(changes, limit))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where the catalogue is made")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each figure")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as folder:
        for figure in measure(Path(folder), options.files, options.snapshots):
            print(json.dumps(figure._asdict()) if options.json else f"| {figure.what} | {figure.words} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
