"""Plain files, which most are: no attributes, holes, flags or links, and not large. Four or five calls each.

A new file has mode 0600 until it is complete, unless creating it with its final mode gives the same result: the final
owner is the creator, no bit is special or in the umask. What cannot be made this way, since its name is taken or its
content damaged, goes the general way (engine/restore/files.py).
"""

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from yester.engine.restore.attributes import Attributes, current_umask
from yester.engine.restore.files import NEW_FILE, Files
from yester.engine.restore.ownership import Ids
from yester.engine.restore.places import Place
from yester.engine.restore.report import Counts
from yester.engine.store import Buffer
from yester.engine.trees.pages import Page


class PlainRun(NamedTuple):
    """Queued plain files, next to each other in one leaf."""

    place: Place
    page: Page
    names: list[bytes]
    """Of all rows of the leaf."""
    start: int
    ends: list[int]
    """How many blobs of the run each file ends after."""


class PlainFiles:
    """Makes plain files. For one thread."""

    def __init__(self, files: Files, attributes: Attributes, counts: Counts, now_ns: int) -> None:
        """`files` makes what is not so plain after all."""
        self._files = files
        self._attributes = attributes
        self._counts = counts
        self._now_ns = now_ns
        self._restricted = current_umask() | 0o7000

    def make(self, run: PlainRun, pieces: Sequence[Buffer | None]) -> None:
        """Make files out of these blobs, None for each that could not be had."""
        place, page, names, start, ends = run
        counts, looks = self._counts, self._looks(page)
        owner_rows, modes, mtimes, sizes = page.owner_rows, page.modes, page.mtimes, page.sizes
        first = 0
        try:
            for row, end in enumerate(ends, start):
                ids, mode = looks(owner_rows[row], modes[row])
                try:
                    if self._made(place, names[row], mode, ids, mtimes[row], sizes[row], pieces[first:end]):
                        counts.files += 1
                        counts.size += sizes[row]
                    else:
                        self._files.make(place, page.entry(row))
                except OSError as error:
                    self._files.failed(place, names[row], error)
                first = end
        finally:
            place.release()

    def _looks(self, page: Page) -> Callable[[int, int], tuple[Ids, int]]:
        """Return a function from owner row and mode to the owner and permission bits that such a file gets."""

        @cache
        def look(owner_row: int, mode: int) -> tuple[Ids, int]:
            owner = page.owners[owner_row]
            ids = self._attributes.ids(owner)
            return ids, self._attributes.permission_bits(mode, (owner.uid, owner.gid), ids)

        return look

    def _made(
        self, place: Place, name: bytes, mode: int, ids: Ids, mtime_ns: int, size: int, pieces: Sequence[Buffer | None]
    ) -> bool:
        """Make a file if its name is free and its content is there; False: nothing was made."""
        as_born = ids == place.born and not mode & self._restricted and not place.takes_acl
        content = pieces[0] if len(pieces) == 1 else _joined(pieces)
        if content is None or len(content) != size:
            return False
        try:
            fd = os.open(name, NEW_FILE, mode if as_born else 0o600, dir_fd=place.fd)
        except FileExistsError:
            return False
        try:
            done = os.write(fd, content) if size else 0
            while done < size:
                done += os.write(fd, memoryview(content)[done:])
            if not as_born:
                self._own(fd, place, name, mode, ids)
            os.utime(fd, ns=(self._now_ns, mtime_ns))
        except OSError:
            os.unlink(name, dir_fd=place.fd)
            raise
        finally:
            os.close(fd)
        return True

    def _own(self, fd: int, place: Place, name: bytes, mode: int, ids: Ids) -> None:
        """Give a complete file its owner and mode, and see whose files are that are made in this place."""
        if place.born is None:
            status = os.fstat(fd)
            place.born = status.st_uid, status.st_gid
        self._attributes.own(fd, ids, mode, place.path_of(name), takes_acl=place.takes_acl)


def _joined(pieces: Sequence[Buffer | None]) -> bytes | None:
    """Return the pieces as one, None when one is missing."""
    there = [piece for piece in pieces if piece is not None]
    return b"".join(there) if len(there) == len(pieces) else None
