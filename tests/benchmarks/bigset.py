"""Three large files in two versions: a database, noise, and a disk image that is half holes.

The second version changes 6.5 MB of 2 GiB, most of it shifted: bytes of odd sizes inserted, so that all that follows
moves. What a tool stores for it shows its chunking.
"""

import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.pools import MIB, binary_pool, text_pool

PAGE_SIZE = 8192
BLOCK_SIZE = 65536
DAY_NS = 86400 * 10**9
BASE_TIME_NS = 1_600_000_000 * 10**9


def make_big(folder: Path, mib: int, seed: int) -> int:
    """Make `folder`.v1 and `folder`.v2, `mib` MiB each: 3/8 database, 2/8 noise, 3/8 image. Returns the bytes of v1."""
    rnd = random.Random(seed)
    first, second = Path(f"{folder}.v1"), Path(f"{folder}.v2")
    for version in (first, second):
        version.mkdir(parents=True)
    _make_database(first / "db.dat", second / "db.dat", mib * 3 // 8, rnd, seed)
    _make_noise(first / "random.bin", second / "random.bin", mib * 2 // 8, rnd)
    _make_image(first / "vm.img", second / "vm.img", mib * 3 // 8, rnd)
    for day, version in enumerate((first, second)):
        # borg never trusts the newest file of a tree: let that be a tiny one, not the last of the large ones
        (version / "zz-newest.txt").write_bytes(b"newest\n")
        for path in sorted(version.iterdir()):
            os.utime(path, ns=(BASE_TIME_NS + DAY_NS * day, BASE_TIME_NS + DAY_NS * day))
    return sum(path.stat().st_size for path in first.iterdir())


class _Pages:
    """Database pages: a header, rows of ids, times, floats and text; they compress about 3:1."""

    def __init__(self, seed: int, templates: int = 8192) -> None:
        rnd = random.Random(seed)
        texts = text_pool(24 * MIB)[:600]
        words = sorted({w for _, data in texts for w in data[:4000].split() if 3 <= len(w) <= 14 and w.isalnum()})
        self.templates = [self._template(number * 60, words, rnd) for number in range(templates)]

    @staticmethod
    def _template(row: int, words: list[bytes], rnd: random.Random) -> bytearray:
        page = bytearray(24)
        while len(page) < PAGE_SIZE:
            row += 1
            when = 1_600_000_000_000 + row * 977 + rnd.randrange(900)
            page += struct.pack("<IIQd", row, rnd.randrange(1, 5000), when, rnd.random() * 1000)
            text = b" ".join(rnd.choices(words, k=rnd.randint(4, 14)))
            page += struct.pack("<H", len(text)) + text + rnd.randbytes(8)
        return page[:PAGE_SIZE]

    def page(self, number: int, rnd: random.Random) -> bytearray:
        page = self.templates[number % len(self.templates)]
        struct.pack_into("<QQQ", page, 0, number, rnd.getrandbits(40), number * 131)
        for at in range(1500, 7501, 1500):
            struct.pack_into("<QQ", page, at, rnd.getrandbits(64), number)
        return page


def _make_database(first: Path, second: Path, mib: int, rnd: random.Random, seed: int) -> None:
    """Second version: 0.5 % of the pages updated in clusters, runs of odd sizes inserted at twelve places."""
    pages, count = _Pages(seed), mib * MIB // PAGE_SIZE
    inserts = {rnd.randrange(count): rnd.randbytes(rnd.randint(37, 4999)) for _ in range(12)}
    hot: set[int] = set()
    while len(hot) < count // 200:
        start = rnd.randrange(count)
        hot.update(range(start, min(count, start + 16)))
    with open(first, "wb", MIB) as old, open(second, "wb", MIB) as new:
        for number in range(count):
            page = pages.page(number, rnd)
            old.write(page)
            new.write(inserts.get(number, b""))
            if number in hot:
                page = bytearray(page)
                page[4000:4100] = rnd.randbytes(100)
                struct.pack_into("<Q", page, 8, number ^ 0x5555)
            new.write(page)


def _make_noise(first: Path, second: Path, mib: int, rnd: random.Random) -> None:
    """Second version: 1000 bytes inserted near the start, and seven more inserts of odd sizes."""
    inserts = {rnd.randrange(mib): rnd.randint(1, 70_000) for _ in range(7)} | {1: 1000}
    with open(first, "wb") as old, open(second, "wb") as new:
        for number in range(mib):
            data = rnd.randbytes(MIB)
            old.write(data)
            at = rnd.randrange(MIB)
            new.write(data[:at] + rnd.randbytes(inserts.get(number, 0)) + data[at:])


def _make_image(first: Path, second: Path, mib: int, rnd: random.Random) -> None:
    """Extents of 64 KiB to 4 MiB, every other one a hole. Second version: 0.5 % of the blocks rewritten."""
    blocks = _image_blocks(rnd)
    size, at, hole = mib * MIB, 0, False
    with open(first, "wb") as old, open(second, "wb") as new:
        while at < size:
            extent = min(size - at, BLOCK_SIZE * int(2 ** (rnd.random() * 6)))
            for start in range(at, at + extent, BLOCK_SIZE) if not hole else ():
                block = next(blocks)
                for file in (old, new):
                    if file is new and rnd.random() < 0.005:
                        block[1000:5000] = rnd.randbytes(4000)
                    file.seek(start)
                    file.write(block[: size - start])
            if hole and rnd.random() < 0.01:
                new.seek(at)
                new.write(rnd.randbytes(min(extent, BLOCK_SIZE)))
            at += extent
            hole = not hole
        old.truncate(size)
        new.truncate(size)


def _image_blocks(rnd: random.Random) -> Iterator[bytearray]:
    """Blocks cut from text and programs, each 4 KiB of them unique."""
    text = b"".join(data for _, data in text_pool(24 * MIB))
    programs = binary_pool()
    while True:
        data = text if rnd.random() < 0.5 else programs[rnd.randrange(len(programs))]
        at = rnd.randrange(max(1, len(data) - BLOCK_SIZE))
        block = bytearray(data[at : at + BLOCK_SIZE].ljust(BLOCK_SIZE, b"\0"))
        for start in range(0, BLOCK_SIZE, 4096):
            block[start : start + 12] = rnd.randbytes(12)
        yield block
