"""How many requests programs send to the server: each one costs what waking it costs, whatever is asked.

Kernels and programs differ a little, so these are upper bounds; each is reached with Linux 6.18 and coreutils 9.1.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fs.mounting import World

COUNTING = """
import json
import sys
from collections import Counter
from pathlib import Path
from yester.fs.adapter import Adapter

counts = Counter()
KINDS = (
    "lookup getattr readlink opendir readdir releasedir open read release flush listxattr getxattr statfs access"
).split()


def counted(kind, handler):
    def count(self, *arguments):
        counts[kind] += 1
        if kind == "lookup" and arguments[1].startswith(b"count-"):
            Path(sys.argv[1] + arguments[1].decode()).write_text(json.dumps(counts))
            counts.clear()
        return handler(self, *arguments)
    return count


for kind in KINDS:
    setattr(Adapter, kind, counted(kind, getattr(Adapter, kind)))
"""

FOLDERS, FILES, SIZE = 7, 40, 20_000
FEW = 12
"""For the way to the top of the tree, and what programs ask once."""


class Counts:
    """What was asked of a mount; a name that nobody has makes the server tell and begin anew."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told = 0

    def since(self) -> Counter[str]:
        """Return how often each was asked since the last time. Requests come in order, so none is on its way."""
        self._told += 1
        name = f"count-{self._told}"
        assert not (self._world.mountpoint / name).exists()
        return Counter(json.loads(Path(f"{self._world.repository}{name}").read_text()))


@contextmanager
def counted(world: World, xattrs: bool = True) -> Iterator[Counts]:
    for number in range(FOLDERS - 1):
        (world.source / f"folder{number}").mkdir()
    for number in range(FILES):
        (world.source / f"folder{number % (FOLDERS - 1)}" / f"file{number}").write_bytes(b"%d" % number * SIZE)
    world.take()
    with world.mounted(before=COUNTING, xattrs=xattrs):
        counts = Counts(world)
        os.stat(world.latest)
        counts.since()
        yield counts


def run(world: World, *command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=world.root)


LISTING = Counter(opendir=FOLDERS, readdir=2 * FOLDERS, releasedir=FOLDERS)
READING = Counter(open=FILES, release=FILES)
ATTRIBUTES = Counter(listxattr=2 * (FILES + FOLDERS), getxattr=FILES + 2 * FOLDERS)
"""Names are asked for twice, how long they are and what; of values only ACLs are, as the default of folders too."""


def assert_at_most(asked: Counter[str], allowed: Counter[str]) -> None:
    beyond = asked - allowed
    assert beyond.total() <= FEW, beyond
    assert asked["opendir"] >= FOLDERS


def test_a_search_asks_nothing_about_any_file(world: World) -> None:
    with counted(world) as counts:
        for _ in range(2):
            run(world, "find", world.latest.resolve(), "-printf", "%s %p")
            assert_at_most(counts.since(), LISTING)


def test_an_archive_asks_for_opening_and_closing(world: World) -> None:
    with counted(world) as counts:
        for _ in range(2):
            run(world, "tar", "cf", world.root / "archive.tar", "-C", world.latest.resolve(), ".")
            assert_at_most(counts.since(), LISTING + READING)


def test_a_copy_asks_for_attributes_besides(world: World) -> None:
    with counted(world) as counts:
        run(world, "cp", "-a", world.latest.resolve(), world.root / "copy")
        assert_at_most(counts.since(), LISTING + READING + ATTRIBUTES)


def test_without_attributes_a_copy_asks_for_no_more_than_an_archive(world: World) -> None:
    with counted(world, xattrs=False) as counts:
        run(world, "cp", "-a", world.latest.resolve(), world.root / "copy")
        assert_at_most(counts.since(), LISTING + READING)
