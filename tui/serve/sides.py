"""One folder, looked at in a snapshot or as it is now: its names, and some of its entries."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from yester.engine.blobs import BlobSource
from yester.engine.comparing.present import Present
from yester.engine.entries import Entry
from yester.engine.errors import UsageError
from yester.engine.repository import Repository
from yester.engine.trees.directories import Directory, decode_root, open_directory, resolve
from yester.tui.cli.wording import printable
from yester.tui.serve.call import Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.files import Folder
from yester.tui.serve.methods.params import NOW, Where
from yester.tui.serve.ordering import Orders, Positions, entries_at


class Now:
    """A folder as it is."""

    source: BlobSource | None = None
    time_ns: int | None = None
    """When it was so; None: now."""

    def __init__(self, path: bytes) -> None:
        self._path, self._present = path, Present()

    @property
    def key(self) -> object:
        """What is another thing when its names may be others."""
        return NOW, self._path, self._present.stamp(self._path) if self.is_there else ()

    @property
    def is_there(self) -> bool:
        """Whether there is such a folder."""
        return os.path.isdir(self._path)

    def names(self, call: Call) -> list[bytes]:
        """Return all names, in order. UsageError."""
        return self._present.names(self._path)

    def entries(self, names: Sequence[bytes]) -> list[Entry]:
        """Return those of these that are there. UsageError."""
        return [*self._present.entries(self._path, names)] if names else []


class Then:
    """A folder of a snapshot, while its repository is had."""

    def __init__(self, opened: Repository, snapshot: str, path: bytes) -> None:
        self._opened = opened
        sid, record = opened.find_snapshot(snapshot)
        self.source: BlobSource | None = (source := opened.reader())
        self.time_ns: int | None = record.time_ns
        self.key: object = (sid, path)
        entry = resolve(source, decode_root(record.root), path)
        if entry is not None and not entry.is_directory:
            raise UsageError(f"{printable(path)} is no folder")
        self.is_there = entry is not None
        self._inside: Directory | None = open_directory(source, entry) if entry is not None and entry.refs else None
        self._missing = f"There is no {printable(path)} in snapshot {sid.hex()[:8]}"

    def names(self, call: Call) -> list[bytes]:
        """Return all names, in order. UsageError: there is no such folder. CancelledError."""
        self._check()
        found: list[bytes] = []
        for leaf, _, _ in self._inside.leaves() if self._inside is not None else ():
            call.check()
            found += leaf.names()
        return found

    def entries(self, names: Sequence[bytes]) -> list[Entry]:
        """Return those of these that are there."""
        inside = self._inside
        found = map(inside.find, names) if inside is not None else ()
        return [each[0].entry(each[1]) for each in found if each is not None]

    def offline(self, entries: Sequence[Entry]) -> list[bool]:
        """Return of each entry whether a part of its content is in archives only."""
        from yester.engine.archive.needing import offline_among

        return offline_among(self._opened, entries)

    def positions(self, orders: Orders, asked: Folder, call: Call) -> Positions:
        """Return where the entries stand that are wanted, in the order wanted. UsageError. CancelledError."""
        self._check()
        return orders.of(self._inside, asked, call) if self._inside is not None else ()

    def at(self, positions: Positions) -> list[Entry]:
        """Return the entries at some positions; only nodes that hold them are read."""
        return entries_at(self._inside, positions) if self._inside is not None else []

    def _check(self) -> None:
        if not self.is_there:
            raise UsageError(self._missing)


Side = Now | Then


@contextmanager
def side(desk: Desk, asked: Where, snapshot: str, path: bytes) -> Iterator[Side]:
    """Have a folder of a snapshot, or of now, for the block. UsageError: it is no folder, or there is no snapshot."""
    if snapshot == NOW:
        yield Now(path)
        return
    with desk.repositories.using(asked) as opened:
        yield Then(opened, snapshot, path)
