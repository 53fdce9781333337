"""Makes the entries of the target that are no directories: files, symlinks, fifos, sockets, devices and hard links.

Where something has an entry's name, the new one is completed under a temporary name before anything happens to the old
one. A new file has mode 0600 until it is complete.

Bytes are written only after they were compared with their id. A file of which a piece is lost never gets its name: the
rest of it is kept as NAME.damaged, and reported.

Large files come as segments (`LargeFile`), so that the threads that fetch frames can work ahead.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from stat import S_IFMT, S_ISLNK, S_ISREG

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry
from yester.engine.errors import DamageError, YesterError
from yester.engine.restore.attributes import Attributes, Subject
from yester.engine.restore.conflicts import Conflicts, status_of, temporary_name
from yester.engine.restore.content import Stretch, Written, write_content, write_stretch
from yester.engine.restore.links import LinkGroups, Made, Member
from yester.engine.restore.places import Place
from yester.engine.restore.plan import aside_name
from yester.engine.restore.report import Tally, in_words
from yester.engine.store import Buffer
from yester.engine.trees.content import Content

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ITSELF = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL = {errno.ENOSPC, errno.EDQUOT}
_DAMAGED = b"damaged"


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

    def __init__(self, source: BlobSource, attributes: Attributes, conflicts: Conflicts, tally: Tally) -> None:
        self._source = source
        self._attributes = attributes
        self._conflicts = conflicts
        self._tally = tally
        self._counts = tally.counts
        self._groups = LinkGroups()
        self._large: list[LargeFile] = []

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
        self._large.append(large)
        try:
            self._attributes.before_content(fd, entry, place.path_of(entry.name))
            os.truncate(fd, content.size)
        except OSError as error:
            large.error = error
        return large

    def segment(self, large: LargeFile, pieces: Sequence[Buffer | None], *, segment: Sequence[Stretch]) -> None:
        """Write a part of a large file out of these blobs, None for each that could not be had."""
        if large.error is not None:
            return
        try:
            for piece, stretch in zip(pieces, segment, strict=True):
                write_stretch(self._source, large.fd, stretch, piece, large.written)
        except OSError as error:
            large.error = error

    def end_large(self, large: LargeFile) -> None:
        """Complete a large file, all of whose segments were written."""
        place, entry = large.place, large.entry
        self._large.remove(large)
        try:
            with self._reported(place, entry.name):
                self._complete(place, entry, large.name, large.fd, large.written, large.error)
                if status_of(place, entry.name) is not None:
                    self._put(place, entry, large.name, same=False)
                else:
                    os.rename(large.name, entry.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
                self._counts.size += large.written.size
                self._counts.files += 1
                self._attributes.lock_later(place, entry)
        finally:
            place.release()

    def abandon(self) -> None:
        """Remove large files that will not be completed."""
        for large in self._large:
            os.close(large.fd)
            os.unlink(large.name, dir_fd=large.place.fd)
        self._large.clear()

    # Anything

    def single(self, place: Place, entry: Entry) -> None:
        """Make an entry that has no other names."""
        try:
            self.make(place, entry)
        finally:
            place.release()

    def linked(self, member: Member) -> None:
        """Make an entry that has other names, or link it to the one of them that was made."""
        place, entry = member.place, member.entry
        try:
            made = self._groups.find(member)
            if made is not None:
                self._link(place, entry, made)
            elif self.make(place, entry):
                self._groups.add(member)
        finally:
            place.release()

    def _link(self, place: Place, entry: Entry, made: Made) -> None:
        try:
            self._linked_to(place, entry, made)
        except (OSError, YesterError) as error:
            reason = in_words(error) if isinstance(error, OSError) else str(error)
            path = place.path_of(entry.name)
            if self.make(place, entry):
                self._tally.fail(
                    path, f"restored, but not as one file with {_text(made.place.path_of(made.name))}: {reason}"
                )

    def _linked_to(self, place: Place, entry: Entry, made: Made) -> None:
        status = status_of(place, entry.name)
        folder = made.place.reach()
        try:
            if status is not None:
                first = os.stat(made.name, dir_fd=folder, follow_symlinks=False)
                if (first.st_dev, first.st_ino) == (status.st_dev, status.st_ino):
                    self._counts.same += 1
                    return
                if self._conflicts.stays(entry, status):
                    self._counts.skipped += 1
                    return
            name = entry.name if status is None else temporary_name()
            os.link(made.name, name, src_dir_fd=folder, dst_dir_fd=place.fd, follow_symlinks=False)
        finally:
            os.close(folder)
        if status is not None:
            self._put(place, entry, name, same=self._conflicts.same(place, entry, status))
        self._counts.links += 1

    def make(self, place: Place, entry: Entry) -> bool:
        """Make an entry; return whether it is there now. Failures are reported."""
        with self._reported(place, entry.name):
            return self._delivered(place, entry)
        return False

    def _delivered(self, place: Place, entry: Entry) -> bool:
        status = status_of(place, entry.name)
        same = status is not None and self._conflicts.same(place, entry, status)
        if status is not None and self._conflicts.stays(entry, status):
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
                self._attributes.apply(subject, entry, place.path_of(entry.name), is_new=False)
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
            self._attributes.before_content(fd, entry, place.path_of(entry.name))
            os.truncate(fd, content.size)
            write_content(self._source, fd, content, written)
        except OSError as error:
            failed = error
        self._complete(place, entry, name, fd, written, failed)
        self._counts.size += written.size

    def _complete(
        self, place: Place, entry: Entry, name: bytes, fd: int, written: Written, failed: OSError | None
    ) -> None:
        """Give a written file its attributes and close it; DamageError when parts are lost, and the rest kept aside.

        Offline when a part is: then nothing is kept.
        """
        path = place.path_of(entry.name)
        try:
            if failed is not None or written.asleep is not None:
                raise failed or written.asleep or AssertionError
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
        kept = aside_name(entry.name, _DAMAGED, lambda other: status_of(place, other) is not None)
        os.rename(name, kept, src_dir_fd=place.fd, dst_dir_fd=place.fd)
        raise DamageError(f"parts of it are lost; the rest is in {_text(kept)}: {written.lost[0]}")

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
            path = place.path_of(entry.name)
            self._attributes.apply(_subject(fd, entry), entry, path, is_new=True, takes_acl=place.takes_acl)
        finally:
            os.close(fd)

    @contextmanager
    def _reported(self, place: Place, name: bytes) -> Iterator[None]:
        """Report what keeps the entry from being made, and go on after the `with`."""
        try:
            yield
        except YesterError as error:
            self._tally.fail(place.path_of(name), str(error), is_damage=isinstance(error, DamageError))
        except OSError as error:
            self.failed(place, name, error)

    def failed(self, place: Place, name: bytes, error: OSError) -> None:
        """Report an entry that the file system refuses. A full disk ends the restore: YesterError."""
        path = place.path_of(name)
        if error.errno in _FULL:
            raise YesterError(
                f"No room is left in the target for {_text(path)}: {in_words(error)}",
                hint="Make room and run the same restore again; what is restored already is left as it is.",
            ) from error
        self._tally.fail(path, in_words(error))


def _subject(fd: int, entry: Entry) -> Subject:
    """Return how to reach an open entry: itself, or where it is open by O_PATH only, by the link to it."""
    return fd if S_ISREG(entry.mode) else f"/proc/self/fd/{fd}"


def _text(path: bytes) -> str:
    return path.decode(errors="backslashreplace")
