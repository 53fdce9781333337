"""Makes the entries of the target that are no directories: files, symlinks, fifos, sockets, devices and hard links.

**The common case first.** A plain file (`PlainRun`: no attributes, holes, flags, links, and not large) is created,
written and given its times in four or five calls. Everything else, and a plain file whose name is taken, takes the
general way: an Entry is made, and where something has its name the new one is completed under a
temporary name before anything happens to the old one.

**Permissions.** A new file has mode 0600 until it is complete, unless creating it with its final mode gives the same
result: the final owner is the creator, no bit is special or in the umask.

**Damage.** Bytes are written only after they were compared with their id. A file of which a piece is lost never gets
its name: the rest of it is kept as NAME.damaged, and reported.

Large files come as segments (`LargeFile`), so that the threads that fetch frames can work ahead.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from stat import S_IFMT, S_ISLNK, S_ISREG
from typing import NamedTuple

from yester.engine.content import Content
from yester.engine.entries import Entry
from yester.engine.errors import DamageError, YesterError
from yester.engine.ids import BlobKind
from yester.engine.ownership import Ids
from yester.engine.pages import Page
from yester.engine.reading import BlobReader
from yester.engine.restore_attributes import Attributes, Subject, current_umask
from yester.engine.restore_conflicts import Conflicts, status_of, temporary_name
from yester.engine.restore_links import LinkGroups, Made, Member
from yester.engine.restore_places import Place
from yester.engine.restore_plan import Conflict, aside_name
from yester.engine.restore_report import Tally, in_words
from yester.engine.store import Buffer

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ITSELF = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL = {errno.ENOSPC, errno.EDQUOT}
DAMAGED = b"damaged"


class PlainRun(NamedTuple):
    """Queued files with nothing unusual, next to each other in one leaf."""

    place: Place
    page: Page
    names: list[bytes]
    """Of all rows of the leaf."""
    start: int
    ends: list[int]
    """How many blobs of the run each file ends after."""


Stretch = tuple[bytes, int, int]
"""A blob, where in the file it goes, and its length."""


@dataclass(slots=True)
class Written:
    """What became of a file's content."""

    size: int = 0
    lost: list[str] = field(default_factory=list)
    """Why parts are missing, in words."""


@dataclass(slots=True)
class LargeFile:
    """A large file that is being written in segments, under a temporary name."""

    place: Place
    entry: Entry
    content: Content
    name: bytes
    fd: int
    written: Written = field(default_factory=Written)
    error: OSError | None = None


class Files:
    """Makes entries. For one thread."""

    def __init__(
        self, source: BlobReader, attributes: Attributes, conflicts: Conflicts, tally: Tally, now_ns: int
    ) -> None:
        self._source = source
        self._attributes = attributes
        self._conflicts = conflicts
        self._tally = tally
        self._counts = tally.counts
        self._now_ns = now_ns
        self._groups = LinkGroups()
        self._restricted = current_umask() | 0o7000
        self._open_large: dict[bytes, LargeFile] = {}

    # Plain files

    def plain(self, run: PlainRun, pieces: Sequence[Buffer | None]) -> None:
        """Make plain files out of these blobs, None for each that could not be had."""
        place, page, names, start, ends = run
        counts, looks = self._counts, self._looks(page)
        owner_rows, modes, mtimes, sizes = page.owner_rows, page.modes, page.mtimes, page.sizes
        first = 0
        try:
            for row, end in enumerate(ends, start):
                ids, mode = looks(owner_rows[row], modes[row])
                try:
                    if self._plain(place, names[row], mode, ids, mtimes[row], sizes[row], pieces[first:end]):
                        counts.files += 1
                        counts.size += sizes[row]
                    else:
                        self._make(place, page.entry(row))
                except OSError as error:
                    self._failed(place, names[row], error)
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

    def _plain(
        self, place: Place, name: bytes, mode: int, ids: Ids, mtime_ns: int, size: int, pieces: Sequence[Buffer | None]
    ) -> bool:
        """Make the file if its name is free and its content is there; False: nothing was made."""
        as_born = ids == place.born and not mode & self._restricted and not place.takes_acl
        content = pieces[0] if len(pieces) == 1 else _joined(pieces)
        if content is None or len(content) != size:
            return False
        try:
            fd = os.open(name, NEW_FILE, mode if as_born else 0o600, dir_fd=place.fd)
        except FileExistsError:
            return False
        try:
            if size:
                _write(fd, content)
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
        self._attributes.own(fd, ids, mode, _path(place, name), takes_acl=place.takes_acl)

    # Large files

    def begin_large(self, place: Place, entry: Entry) -> LargeFile | None:
        """Open a large file for its segments; None when it must be made as a whole, or cannot be made."""
        if status_of(place, entry.name) is not None:
            return None
        try:
            content = Content.of(entry, self._source)
            name = temporary_name()
            fd = os.open(name, NEW_FILE, 0o600, dir_fd=place.fd)
        except (OSError, YesterError):
            return None
        place.use()
        large = LargeFile(place, entry, content, name, fd)
        self._attributes.before_content(fd, entry, _path(place, entry.name))
        os.truncate(fd, content.size)
        self._open_large[name] = large
        return large

    def segment(self, large: LargeFile, pieces: Sequence[Buffer | None], *, stretch: Sequence[Stretch]) -> None:
        """Write a part of a large file out of these blobs, None for each that could not be had."""
        if large.error is not None:
            return
        try:
            for piece, (blob, offset, length) in zip(pieces, stretch, strict=True):
                self._write_piece(large.fd, blob, piece, offset, length, large.written)
        except OSError as error:
            large.error = error

    def end_large(self, large: LargeFile) -> None:
        """Complete a large file, all of whose segments were written."""
        place, entry = large.place, large.entry
        try:
            self._complete(place, entry, large.name, large.fd, large.written, large.error)
            if status_of(place, entry.name) is not None:
                self._put(place, entry, large.name, same=False)
            else:
                os.rename(large.name, entry.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
            self._counts.size += large.written.size
            self._attributes.lock_later(place, entry)
            self._counts.files += 1
        except OSError as error:
            self._failed(place, entry.name, error)
        except YesterError as error:
            self._tally.fail(_path(place, entry.name), str(error), is_damage=isinstance(error, DamageError))
        finally:
            del self._open_large[large.name]
            place.release()

    def abandon(self) -> None:
        """Remove large files that will not be completed."""
        for large in self._open_large.values():
            os.close(large.fd)
            os.unlink(large.name, dir_fd=large.place.fd)
        self._open_large.clear()

    # Anything

    def single(self, place: Place, entry: Entry) -> None:
        """Make an entry that has no other names."""
        try:
            self._make(place, entry)
        finally:
            place.release()

    def linked(self, member: Member) -> None:
        """Make an entry that has other names, or link it to the one of them that was made."""
        place, entry = member.place, member.entry
        try:
            made = self._groups.find(member)
            if made is not None:
                self._link(place, entry, made)
            elif self._make(place, entry):
                self._groups.add(member)
        finally:
            place.release()

    def _link(self, place: Place, entry: Entry, made: Made) -> None:
        try:
            self._linked_to(place, entry, made)
        except (OSError, YesterError) as error:
            reason = in_words(error) if isinstance(error, OSError) else str(error)
            path = _path(place, entry.name)
            if self._make(place, entry):
                self._tally.fail(path, f"restored, but not as one file with {_text(_path(*made))}: {reason}")

    def _linked_to(self, place: Place, entry: Entry, made: Made) -> None:
        status = status_of(place, entry.name)
        folder = made.place.reach()
        try:
            if status is not None:
                first = os.stat(made.name, dir_fd=folder, follow_symlinks=False)
                if (first.st_dev, first.st_ino) == (status.st_dev, status.st_ino):
                    self._counts.same += 1
                    return
                if self._conflicts.policy is Conflict.SKIP:
                    self._counts.skipped += 1
                    return
            name = entry.name if status is None else temporary_name()
            os.link(made.name, name, src_dir_fd=folder, dst_dir_fd=place.fd, follow_symlinks=False)
        finally:
            os.close(folder)
        if status is not None:
            self._put(place, entry, name, same=self._conflicts.same(place, entry, status))
        self._counts.links += 1

    def _make(self, place: Place, entry: Entry) -> bool:
        """Make an entry; return whether it is there now. Failures are reported."""
        try:
            return self._deliver(place, entry)
        except YesterError as error:
            self._tally.fail(_path(place, entry.name), str(error), is_damage=isinstance(error, DamageError))
        except OSError as error:
            self._failed(place, entry.name, error)
        return False

    def _deliver(self, place: Place, entry: Entry) -> bool:
        status = status_of(place, entry.name)
        same = status is not None and self._conflicts.same(place, entry, status)
        if status is not None and self._conflicts.policy is Conflict.SKIP:
            self._counts.skipped += 1
            return same
        if status is not None and same and self._renewed(place, entry, status):
            self._counts.same += 1
            return True
        name = entry.name if status is None else temporary_name()
        if S_ISREG(entry.mode):
            self._file(place, entry, name)
            self._counts.files += 1
        else:
            self._special(place, entry, name)
            self._counts.symlinks += entry.is_symlink
            self._counts.specials += not entry.is_symlink
        if status is not None:
            self._put(place, entry, name, same=same)
        self._attributes.lock_later(place, entry)
        return True

    def _put(self, place: Place, entry: Entry, name: bytes, *, same: bool) -> None:
        """Give a complete entry its name. What has it is replaced when it is the `same`, else the policy decides."""
        try:
            if same:
                self._counts.replaced += 1
            else:
                self._conflicts.make_way(place, entry.name, self._counts)
            os.rename(name, entry.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
        except OSError:
            os.unlink(name, dir_fd=place.fd)
            raise

    def _renewed(self, place: Place, entry: Entry, status: os.stat_result) -> bool:
        """Give what is there, and is the same, the stored attributes; False when it must be replaced after all.

        A file with several names is not touched: the others may be outside the target.
        """
        fd = os.open(entry.name, _TO_READ if S_ISREG(entry.mode) else _ITSELF, dir_fd=place.fd)
        try:
            now = os.fstat(fd)
            if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
                return False
            subject = _subject(fd, entry)
            if not self._attributes.match(subject, now, entry):
                if now.st_nlink > 1:
                    return False
                self._attributes.apply(subject, entry, _path(place, entry.name), is_new=False)
        finally:
            os.close(fd)
        self._attributes.lock_later(place, entry)
        return True

    def _file(self, place: Place, entry: Entry, name: bytes) -> None:
        """Make a regular file under `name`, as a whole."""
        content = Content.of(entry, self._source)
        fd = os.open(name, NEW_FILE, 0o600, dir_fd=place.fd)
        written = Written()
        failed = None
        try:
            self._attributes.before_content(fd, entry, _path(place, entry.name))
            os.truncate(fd, content.size)
            self._write_all(fd, content, written)
        except OSError as error:
            failed = error
        self._complete(place, entry, name, fd, written, failed)
        self._counts.size += written.size

    def _complete(
        self, place: Place, entry: Entry, name: bytes, fd: int, written: Written, failed: OSError | None
    ) -> None:
        """Give a written file its attributes and close it; DamageError when parts are lost, and the rest kept aside."""
        path = _path(place, entry.name)
        try:
            if failed is not None:
                raise failed
            self._attributes.apply(fd, entry, path, is_new=True, takes_acl=place.takes_acl)
        except BaseException:
            os.unlink(name, dir_fd=place.fd)
            raise
        finally:
            os.close(fd)
        if written.lost:
            self._keep_damaged(place, entry, name, written)

    def _keep_damaged(self, place: Place, entry: Entry, name: bytes, written: Written) -> None:
        """Keep what there is of a file under another name; DamageError."""
        if not written.size:
            os.unlink(name, dir_fd=place.fd)
            raise DamageError(f"its content is lost: {written.lost[0]}")
        kept = aside_name(entry.name, DAMAGED, lambda other: status_of(place, other) is not None)
        os.rename(name, kept, src_dir_fd=place.fd, dst_dir_fd=place.fd)
        raise DamageError(f"parts of it are lost; the rest is in {_text(kept)}: {written.lost[0]}")

    def _write_all(self, fd: int, content: Content, written: Written) -> None:
        """Write a file, holes left out."""
        for blob, offset, length in stretches(content):
            self._write_piece(fd, blob, None, offset, length, written)

    def _write_piece(
        self, fd: int, blob: bytes, piece: Buffer | None, offset: int, length: int, written: Written
    ) -> None:
        """Write a blob, which is read if it is not given."""
        try:
            data = self._source.blob(BlobKind.DATA, blob) if piece is None else piece
            if len(data) != length:
                raise DamageError(f"blob {blob.hex()} is not as long as the file says")
            _write_at(fd, data, offset)
            written.size += length
        except DamageError as error:
            written.lost.append(str(error))

    def _special(self, place: Place, entry: Entry, name: bytes) -> None:
        """Make a symlink, fifo, socket or device under `name`."""
        if S_ISLNK(entry.mode):
            os.symlink(entry.target, name, dir_fd=place.fd)
        else:
            device = os.makedev(*entry.device) if entry.device else 0
            os.mknod(name, S_IFMT(entry.mode) | 0o600, device, dir_fd=place.fd)
        fd = os.open(name, _ITSELF, dir_fd=place.fd)
        try:
            status = os.fstat(fd)
            if S_IFMT(status.st_mode) != S_IFMT(entry.mode) or status.st_nlink != 1:
                raise YesterError("it was replaced in the target while it was restored")
            path = _path(place, entry.name)
            self._attributes.apply(_subject(fd, entry), entry, path, is_new=True, takes_acl=place.takes_acl)
        finally:
            os.close(fd)

    def _failed(self, place: Place, name: bytes, error: OSError) -> None:
        """Report an entry that cannot be made. A full disk ends the restore: YesterError."""
        if error.errno in _FULL:
            raise YesterError(
                f"no room is left in the target for {_text(_path(place, name))}: {in_words(error)}",
                hint="Make room and run the same restore again; what is restored already is left as it is.",
            ) from error
        self._tally.fail(_path(place, name), in_words(error))


def stretches(content: Content) -> Iterator[Stretch]:
    """Yield where each blob of a file goes; what lies between is holes. DamageError when a list cannot be read."""
    offset = 0
    for blob, _, length in content.pieces(0, content.size):
        if blob is not None:
            yield blob, offset, length
        offset += length


def _subject(fd: int, entry: Entry) -> Subject:
    """Return how to reach an open entry: itself, or where it is open by O_PATH only, by the link to it."""
    return fd if S_ISREG(entry.mode) else f"/proc/self/fd/{fd}"


def _path(place: Place, name: bytes) -> bytes:
    return place.path.rstrip(b"/") + b"/" + name


def _text(path: bytes) -> str:
    return path.decode(errors="backslashreplace")


def _joined(pieces: Sequence[Buffer | None]) -> bytes | None:
    """Return the pieces as one, None when one is missing."""
    there = [piece for piece in pieces if piece is not None]
    return b"".join(there) if len(there) == len(pieces) else None


def _write(fd: int, data: Buffer) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, memoryview(data)[written:])


def _write_at(fd: int, data: Buffer, offset: int) -> None:
    written = os.pwrite(fd, data, offset)
    while written < len(data):
        written += os.pwrite(fd, memoryview(data)[written:], offset + written)
