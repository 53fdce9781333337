"""What is in a file: as a snapshot has it, or as it is now."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from stat import S_ISREG
from typing import NamedTuple

from yester.engine.entries import Entry
from yester.engine.errors import UsageError
from yester.engine.repository import Repository
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, resolve
from yester.tui.cli.wording import printable
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import NOW, Where

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class OpenFile(NamedTuple):
    """A file that can be read."""

    size: int
    read: Callable[[int, int], bytes]
    """Returns so many bytes from a position on; fewer at the end."""


@contextmanager
def opened_file(desk: Desk, asked: Where, snapshot: str, path: bytes) -> Iterator[OpenFile]:
    """Have a file of a snapshot, or of now, for the block. UsageError: it is none, or cannot be read."""
    if snapshot in ("", NOW):
        with _live(path) as file:
            yield file
        return
    with desk.repositories.using(asked) as opened:
        entry = entry_of(opened, snapshot, path)
        if not entry.is_file:
            raise UsageError(f"{printable(path)} is no file")
        yield _stored(Content.of(entry, opened.reader()))


def _stored(content: Content) -> OpenFile:
    def read(start: int, count: int) -> bytes:
        length = min(count, content.size - start)
        return bytes(content.read(start, length)) if length > 0 else b""

    return OpenFile(content.size, read)


@contextmanager
def _live(path: bytes) -> Iterator[OpenFile]:
    try:
        with open(os.open(path, _READ), "rb") as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode):
                raise UsageError(f"{printable(path)} is no file")
            yield OpenFile(status.st_size, lambda start, count: os.pread(file.fileno(), count, start))
    except OSError as problem:
        raise UsageError(f"{printable(path)} cannot be read: {problem.strerror}") from None


def entry_of(opened: Repository, snapshot: str, path: bytes) -> Entry:
    """Return what a snapshot has at a path. UsageError: nothing, or there is no such snapshot."""
    sid, record = opened.find_snapshot(snapshot)
    entry = resolve(opened.reader(), decode_root(record.root), path)
    if entry is None:
        raise UsageError(f"There is no {printable(path)} in snapshot {sid.hex()[:8]}")
    return entry
