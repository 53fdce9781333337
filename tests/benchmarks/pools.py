"""Realistic bytes: the text and binary files that this machine has, in a fixed order.

Made-up text compresses unlike real text, so the data sets are cut from files every Debian machine has.
They are therefore the same on one machine from run to run, and only similar between machines.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

TEXT_FOLDERS = ("/usr/lib/python3", "/usr/include", "/usr/share", "/usr/lib/python3.11")
BINARY_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/bin", "/usr/lib64")
# fmt: off
TEXT_SUFFIXES = frozenset((
    ".py", ".h", ".c", ".hpp", ".txt", ".md", ".rst", ".html", ".xml", ".json", ".js", ".css", ".pl", ".pm", ".sh",
    ".m4", ".cmake", ".conf", ".tcl", ".el", ".vim", ".yaml", ".yml", ".pod", ".in",
))
# fmt: on
MIB = 1 << 20

Text = tuple[str, bytes]
"""A file's suffix and its bytes."""


def text_pool(limit: int = 160 * MIB) -> list[Text]:
    """Text files of this machine, shuffled the same way each time, at most about `limit` bytes."""
    paths = sorted(_text_paths())
    random.Random(7).shuffle(paths)
    pool: list[Text] = []
    total = 0
    for path in paths:
        data = _read(path, 400, 600_000)
        if data is None or b"\0" in data:
            continue
        pool.append((os.path.splitext(path)[1].lower(), data))
        total += len(data)
        if total >= limit:
            break
    return pool or _invented_text()


def binary_pool(limit: int = 96 * MIB) -> list[bytes]:
    """The first 4 MiB of programs and libraries of this machine, at most about `limit` bytes."""
    pool: list[bytes] = []
    total = 0
    for folder in BINARY_FOLDERS:
        for path in sorted(Path(folder).glob("*")) if os.path.isdir(folder) else ():
            data = _read(str(path), 65536, 1 << 40)
            if data is None:
                continue
            pool.append(data)
            total += len(data)
            if total >= limit:
                return pool
    return pool or [random.Random(1).randbytes(4 * MIB)]


def _text_paths() -> Iterator[str]:
    for folder in TEXT_FOLDERS:
        for parent, folders, files in os.walk(folder):
            folders.sort()
            for name in files:
                if os.path.splitext(name)[1].lower() in TEXT_SUFFIXES:
                    yield os.path.join(parent, name)


def _read(path: str, least: int, most: int) -> bytes | None:
    try:
        if os.path.islink(path) or not os.path.isfile(path) or not least <= os.path.getsize(path) <= most:
            return None
        with open(path, "rb") as file:
            return file.read(4 * MIB)
    except OSError:
        return None


def _invented_text() -> list[Text]:
    """For a bare machine: words of random letters."""
    rnd = random.Random(3)
    words = [bytes(rnd.choices(b"abcdefghijklmnopqrstuvwxyz_", k=rnd.randint(2, 11))) for _ in range(4000)]
    lines = (b"\n".join(b" ".join(rnd.choices(words, k=8)) for _ in range(300)) for _ in range(400))
    return [(".py", text) for text in lines]
