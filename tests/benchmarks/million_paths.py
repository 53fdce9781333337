"""Measure the catalogue: a million paths in a hundred snapshots of which each changed one file in a hundred.

    million_paths.py [--files N] [--snapshots N] [--folder F]

The snapshots exist only as directory nodes in memory, made by the page builder that a run uses; each is taken in as it
would be after a run. What is measured is the catalogue alone: without opening a repository, and without fetching,
opening and decompressing metadata.
"""

import argparse
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

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

DAY_NS = 86_400 * 10**9
BEGIN_NS = 1_700_000_000 * 10**9
_OWNER = Owner(1000, 1000, b"me", b"me")
_WORDS = b"report draft notes index photo budget letter invoice scan backup module test readme config data main".split()
_ENDINGS = b".txt .odt .py .jpg .pdf .md .json .c .h .log".split()


class Synthetic:
    """As much of a repository as the catalogue needs; a tree of folders in folders, some forty files in each."""

    def __init__(self, cache: Path, files: int, seed: int = 1) -> None:
        self.cache = cache
        self.config = Config(repository=bytes(32), created_ns=BEGIN_NS, program="synthetic")
        self._chance = random.Random(seed)
        self._blobs: dict[bytes, bytes] = {}
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
        self._blobs.clear()
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
        self._blobs[id] = data
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
        return self._blobs[id]


def _above(folder: int) -> Iterator[int]:
    while folder:
        folder = (folder - 1) // 8
        yield folder


def _folder(name: bytes, tree: TreeId, summary: Summary) -> Entry:
    return Entry(name, 0o40755, _OWNER, 4096, BEGIN_NS, BEGIN_NS, refs=(Ref(tree, 0),), summary=summary)


def memory() -> float:
    """The most that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], object], times: int = 5) -> float:
    """The median of some tries, in ms."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


def measure(folder: Path, files: int, snapshots: int) -> Iterator[tuple[str, str]]:
    """Yield what was measured, and how much it was."""
    history = Synthetic(folder, files)
    with Catalogue.open(history) as catalogue:
        history.snap()
        spent = []
        before = memory()
        for number in range(snapshots):
            if number:
                history.change()
                history.snap()
            began = time.perf_counter()
            catalogue.update()
            spent.append(time.perf_counter() - began)
        yield "first snapshot taken in", f"{spent[0]:.1f} s"
        if spent[1:]:
            yield "each further one, 1 % changed", f"{statistics.median(spent[1:]):.2f} s"
        yield "memory that taking in adds", f"{memory() - before:.0f} MiB"
        yield "size on disk", f"{sum(each.stat().st_size for each in folder.iterdir()) / 2**20:.0f} MiB"
    listed, path = history.snapshots(), history.a_path()
    with Catalogue.open(history) as catalogue:
        yield "open, nothing new", f"{timed(catalogue.update, 1):.1f} ms"
        yield "versions of a file", f"{timed(lambda: catalogue.versions(path)):.1f} ms"
        yield "versions of /", f"{timed(lambda: catalogue.versions(b'/')):.1f} ms"
        yield (
            "all versions of a folder's files",
            f"{timed(lambda: _all_below(catalogue, path.rpartition(b'/')[0])):.1f} ms",
        )
        for words, text, ignore_case in _SEARCHES:
            ms = timed(lambda text=text, ignore=ignore_case: _some(catalogue, Pattern(text, ignore)))  # type: ignore[misc]
            yield f"search, 100 rows of {words}", f"{ms:.1f} ms"
        for words, one, other in (("neighbours", -2, -1), ("first and last", 0, -1)):
            a, b = listed[one][0], listed[other][0]
            yield f"diff of {words}, first 100", f"{timed(lambda a=a, b=b: _first(catalogue, a, b, 100)):.1f} ms"  # type: ignore[misc]
            ms = timed(lambda a=a, b=b: _first(catalogue, a, b, None), 1)  # type: ignore[misc]
            yield f"diff of {words}, all {_first(catalogue, a, b, None):,}", f"{ms:.0f} ms"
        history.forget(len(listed) // 2)
        yield "forgetting one in the middle", f"{timed(catalogue.update, 1):.1f} ms"
        yield "sweeping up", f"{timed(lambda: catalogue.update(sweeping=True), 1):.0f} ms"


_SEARCHES = (
    ("a rare part", "1234-07", False),
    ("a common part", "report", False),
    ("all", "*", False),
    ("a part that is nowhere", "zzzqqq", False),
    ("one sign, any case", "Q", True),
    ("two signs that are nowhere", "qz", True),
    ("a pattern", "budget-*-33.p*", True),
    ("a pattern with a folder", "000001/*/scan-*7.md", False),
)


def _some(catalogue: Catalogue, pattern: Pattern) -> int:
    return sum(1 for _ in islice(catalogue.find(pattern), 100))


def _all_below(catalogue: Catalogue, folder: bytes) -> int:
    return sum(len(catalogue.versions(folder + b"/" + child.name)) for child in catalogue.children(folder))


def _first(catalogue: Catalogue, before: SnapshotId, after: SnapshotId, limit: int | None) -> int:
    changes = catalogue.changes(before, after)
    assert changes is not None
    return sum(1 for _ in islice(changes, limit))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where the catalogue is made")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as folder:
        for what, figure in measure(Path(folder), options.files, options.snapshots):
            print(f"| {what} | {figure} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
