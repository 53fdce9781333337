"""The data sets: many small files, three large ones in two versions, a million tiny ones.

    dataset.py SET FOLDER AMOUNT SEED

SET is `small` (AMOUNT files), `big` (AMOUNT MiB, as FOLDER.v1 and FOLDER.v2) or `million` (AMOUNT files). Everything
follows from the seed and from the files of this machine (pools.py). Sets are made by a process of its own, so that the
measuring one stays small.
"""

import json
import os
import random
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.bigset import make_big
from tests.benchmarks.pools import Text, text_pool

BASE_TIME = 1_600_000_000
"""Modification times lie after this, well before now: no tool has to distrust them."""
NS = 10**9
# fmt: off
SYLLABLES = (
    "re", "con", "ser", "ver", "net", "io", "data", "util", "core", "test", "mod", "cfg", "pro", "to", "col", "man",
    "ager", "base", "hand", "ler", "que", "ry", "view", "tab", "le", "tree", "node", "list", "async", "x",
)
# fmt: on
NOISE_MIB = 64
KEYS = (b"value", b"self.state", b"ident", b"  node", b"cfg")


@dataclass(frozen=True, slots=True)
class DataSet:
    """What was made: regular files, their bytes, and the seed for changes."""

    name: str
    files: int
    size: int
    seed: int


def make(name: str, folder: Path, amount: int, seed: int) -> DataSet:
    """Make the set `name` at `folder` in a process of its own, or say what lies there from before."""
    note = Path(f"{folder}.json")
    if not note.exists():
        argv = [sys.executable, "-P", __file__, name, str(folder), str(amount), str(seed)]
        subprocess.run(argv, check=True)
    return DataSet(**json.loads(note.read_text()))


def make_small(folder: Path, files: int, seed: int) -> int:
    """Source-like files: log-normal sizes, median 4 KB, mean 9 KB, about 11 a directory; returns their bytes."""
    rnd = random.Random(seed)
    pool = text_pool()
    folders = _make_folders(folder, max(1, files // 11), rnd)
    used: dict[str, set[str]] = {path: set() for path in folders}
    weights = [rnd.paretovariate(1.3) for _ in folders]
    kept: list[Text] = []
    total = 0
    for number, parent in enumerate(rnd.choices(folders, weights=weights, k=files)):
        if kept and rnd.random() < 0.03:  # exact duplicates, as real trees have
            suffix, data = rnd.choice(kept)
        else:
            suffix, data = _content(rnd, pool)
            if number % 200 == 0:
                kept.append((suffix, data))
        path = f"{parent}/{_free_name(rnd, suffix, used[parent])}"
        _write(path, data, 0o644 if rnd.random() < 0.9 else 0o755)
        _set_time(path, rnd)
        total += len(data)
    for path in reversed(folders):
        _set_time(path, rnd)
    return total


def mutate(folder: Path, seed: int, turn: int, fraction: float = 0.01) -> int:
    """Edit `fraction` of the files in place, add and delete a tenth of that; returns how many were touched."""
    rnd = random.Random(f"{seed}/{turn}")
    paths = sorted(os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    edits = max(1, int(len(paths) * fraction))
    picked = rnd.sample(paths, edits + edits // 10)
    for path in picked[:edits]:
        data = Path(path).read_bytes()
        at = rnd.randrange(len(data) + 1)
        Path(path).write_bytes(data[:at] + b"\n# edit %d %08x\n" % (turn, rnd.getrandbits(32)) + data[at:])
    for path in picked[edits:]:
        os.unlink(path)
    for path in picked[: edits // 10]:
        Path(f"{path}.new{turn}").write_bytes(rnd.randbytes(200).hex().encode() * rnd.randint(1, 40))
    return len(picked) + edits // 10


def make_million(folder: Path, files: int, seed: int) -> int:
    """Files of 0 to 160 bytes, 200 a directory, two levels: for scale; returns their bytes."""
    rnd = random.Random(seed)
    total = 0
    for number in range((files + 199) // 200):
        parent = f"{folder}/{number // 100:03d}/{number:05d}"
        os.makedirs(parent)
        for row in range(min(200, files - number * 200)):
            data = b"%d %d\n" % (number, row) + rnd.randbytes(rnd.randrange(75)).hex().encode()
            _write(f"{parent}/{row:03d}.dat", data, 0o644)
            total += len(data)
    return total


def make_noise(folder: Path, mib: int, seed: int) -> int:
    """Files of 64 MiB that nothing compresses; returns their bytes."""
    rnd = random.Random(seed)
    folder.mkdir()
    for number in range(-(-mib // NOISE_MIB)):
        _write(f"{folder}/{number}", rnd.randbytes(min(NOISE_MIB, mib - number * NOISE_MIB) << 20), 0o644)
    return mib << 20


def _make_folders(top: Path, count: int, rnd: random.Random) -> list[str]:
    folders = [(str(top), 0)]
    taken = {str(top)}
    os.makedirs(top)
    while len(folders) < count:
        anywhere = rnd.random() < 0.6
        parent, depth = folders[rnd.randrange(len(folders)) if anywhere else max(0, len(folders) - rnd.randint(1, 40))]
        path = f"{parent}/{_name(rnd)}"
        if depth >= 10 or path in taken:
            continue
        taken.add(path)
        folders.append((path, depth + 1))
        os.mkdir(path)
    return [path for path, _ in folders]


def _content(rnd: random.Random, pool: list[Text]) -> Text:
    """Real text, made unique by a random identifier about every 1.5 KB."""
    size = 0 if rnd.random() < 0.005 else min(400_000, int(rnd.lognormvariate(8.3, 1.25)))
    suffix, data = pool[rnd.randrange(len(pool))]
    out = bytearray()
    while len(out) < size:
        at = data.find(b"\n", rnd.randrange(len(data) - 1500)) + 1 if len(data) > 3000 else 0
        out += data[at : at + max(200, min(size - len(out), 1536))]
        out += b"\n%s_%08x = 0x%x\n" % (rnd.choice(KEYS), rnd.getrandbits(32), rnd.getrandbits(24))
        if rnd.random() < 0.1:
            data = pool[rnd.randrange(len(pool))][1]
    return suffix, bytes(out[:size])


def _name(rnd: random.Random) -> str:
    stem = "".join(rnd.choices(SYLLABLES, k=rnd.randint(1, 4)))
    return f"{stem}_{rnd.randrange(100)}" if rnd.random() < 0.3 else stem


def _free_name(rnd: random.Random, suffix: str, used: set[str]) -> str:
    name = _name(rnd) + suffix
    while name in used:
        name = f"{_name(rnd)}{rnd.randrange(10_000)}{suffix}"
    used.add(name)
    return name


def _write(path: str, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.write(descriptor, data)
    os.close(descriptor)


def _set_time(path: str, rnd: random.Random) -> None:
    moment = (BASE_TIME + rnd.randrange(150_000_000)) * NS + rnd.randrange(NS)
    os.utime(path, ns=(moment, moment))


def main() -> None:
    """Make one set and note beside it what was made."""
    name, folder, amount, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    makers = {"small": make_small, "big": make_big, "million": make_million, "noise": make_noise}
    size = makers[name](folder, amount, seed)
    files = {"big": 4, "noise": -(-amount // NOISE_MIB)}.get(name, amount)
    Path(f"{folder}.json").write_text(json.dumps(asdict(DataSet(name, files, size, seed))))


if __name__ == "__main__":
    main()
