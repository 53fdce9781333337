"""Everything of an entry but its content, in the one order that keeps it all.

Changing the owner clears setuid bits and capabilities, so it comes first; then attributes, ACLs and capabilities among
them; an ACL and the mode share the group bits, so the mode comes after; whatever is written moves mtime, so times come
then; an immutable file takes no change at all, not even another hard link, so those flags come when the whole restore
is done (`finish`).

A subject is an open descriptor, or for what cannot be opened the path /proc/self/fd/N of an O_PATH descriptor: it names
the entry itself, never what a link points to.
"""

import errno
import fcntl
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISDIR, S_ISLNK

import xattr  # type: ignore[import-untyped]

from yester.engine.blobs import BlobSource
from yester.engine.capture.statx import SETTABLE_FLAGS
from yester.engine.entries import Entry, Mark
from yester.engine.errors import DamageError, YesterError
from yester.engine.ids import BlobKind
from yester.engine.restore.ownership import Ids, OwnerMode, opened_mode, owner_map
from yester.engine.restore.places import Place
from yester.engine.restore.report import Tally, in_words
from yester.engine.trees.xattrs import decode_set

Subject = int | str

ACCESS_ACL, DEFAULT_ACL = b"system.posix_acl_access", b"system.posix_acl_default"
_OF_THE_HOST = frozenset({b"security.selinux", b"security.ima", b"security.evm"})
"""Attributes that the host's own policy puts on files; never removed."""
_SPECIAL_BITS = 0o6000
_NO_COPY_ON_WRITE = 0x00800000
_LOCKING_FLAGS = 0x10 | 0x20
"""Immutable and append-only."""
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
_SURE_TIMES = range(-(2**31) * 10**9, 2**31 * 10**9)
"""Times that every file system holds."""
_NOT_ALLOWED = {errno.EPERM, errno.EACCES, errno.EINVAL}
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ROOTS_OWN = (b"trusted.", b"security.")


class Attributes:
    """Applies what entries say; failures go to the tally, they never raise."""

    def __init__(self, source: BlobSource, mode: OwnerMode, tally: Tally, now_ns: int) -> None:
        self._source = source
        self._tally = tally
        self._now_ns = now_ns
        self.owner_mode = mode
        self._me = os.geteuid(), os.getegid()
        self._is_root = self._me[0] == 0
        self.ids = owner_map(mode, self._me)
        self._late: list[tuple[Place, Entry]] = []

    def permissions(self, entry: Entry, ids: Ids) -> int:
        """Return the permission bits that the restored entry gets when it belongs to `ids`."""
        return self.permission_bits(entry.mode, (entry.owner.uid, entry.owner.gid), ids)

    def permission_bits(self, mode: int, stored: Ids, ids: Ids) -> int:
        """Return the bits for a stored mode: with `me` opened for the caller, and without setuid on another's file."""
        if self.owner_mode is OwnerMode.ME:
            mode = opened_mode(mode)
            if ids != stored and not S_ISDIR(mode):
                mode &= ~_SPECIAL_BITS
        return mode & 0o7777

    def apply(self, subject: Subject, entry: Entry, path: bytes, *, is_new: bool, takes_acl: bool = False) -> None:
        """Give an open entry all that the stored one had, but for flags that lock it.

        `is_new`: it was just made, so that it has no attributes but, with `takes_acl`, inherited ACLs.
        """
        ids = self.ids(entry.owner)
        owned = self._chown(subject, ids, path)
        self._set_attributes(subject, entry, path, is_new=is_new, takes_acl=takes_acl)
        if not S_ISLNK(entry.mode):
            mode = self.permissions(entry, ids) | (0o700 if self._bars_the_way(entry) else 0)
            self._chmod(subject, mode, path, owned or S_ISDIR(entry.mode))
        self._set_times(subject, entry, path)
        if isinstance(subject, int) and (entry.flags & ~_LOCKING_FLAGS or not is_new):
            self._set_flags(subject, entry.flags & ~_LOCKING_FLAGS, path)
        if entry.marks & Mark.ATTRIBUTES_UNREADABLE:
            self._tally.lack(path, "attributes that could not be read when the snapshot was taken")

    def own(self, fd: int, ids: Ids, mode: int, path: bytes, *, takes_acl: bool) -> None:
        """Give a new file that has no attributes its owner and permission bits."""
        if takes_acl:
            self._remove_others(fd, {}, path)
        owned = self._chown(fd, ids, path)
        self._chmod(fd, mode, path, owned)

    def before_content(self, fd: int, entry: Entry, path: bytes) -> None:
        """Set what only an empty file takes."""
        if entry.flags & _NO_COPY_ON_WRITE:
            self._set_flags(fd, _NO_COPY_ON_WRITE, path)

    def lock_later(self, place: Place, entry: Entry) -> None:
        """Remember an entry in `place` that is locked when all is done: by flags, or a directory by its mode."""
        if entry.flags & _LOCKING_FLAGS or self._bars_the_way(entry):
            self._late.append((place, entry))

    def finish(self) -> None:
        """Lock entries, the deepest first; nothing can be changed in them afterwards."""
        for place, entry in self._late:
            path = place.path_of(entry.name)
            try:
                folder = place.reach()
                try:
                    self._lock(folder, entry, path)
                finally:
                    os.close(folder)
            except OSError as error:
                self._failed(path, "its flags and mode", error, needs_root=True)
            except YesterError as error:
                self._tally.fail(path, str(error))

    def _lock(self, folder: int, entry: Entry, path: bytes) -> None:
        fd = os.open(entry.name, _TO_READ, dir_fd=folder)
        try:
            if self._bars_the_way(entry):
                self._chmod(fd, self.permissions(entry, self.ids(entry.owner)), path, owned=True)
            if entry.flags & _LOCKING_FLAGS:
                self._set_flags(fd, entry.flags, path)
        finally:
            os.close(fd)

    def _bars_the_way(self, entry: Entry) -> bool:
        """Tell whether the caller cannot get into a directory of this mode, to what other names link to."""
        return S_ISDIR(entry.mode) and not self._is_root and not entry.mode & 0o100

    def match(self, subject: Subject, status: os.stat_result, entry: Entry) -> bool:
        """Tell whether an entry that is there has the stored owner, mode, mtime and attributes already."""
        ids = self.ids(entry.owner)
        owner_fits = self.owner_mode is OwnerMode.ME or (status.st_uid, status.st_gid) == ids
        mode_fits = S_ISLNK(entry.mode) or status.st_mode & 0o7777 == self.permissions(entry, ids)
        if not (owner_fits and mode_fits and status.st_mtime_ns == entry.mtime_ns):
            return False
        try:
            there = {name: os.getxattr(subject, name) for name in map(os.fsencode, os.listxattr(subject))}
            return {name: value for name, value in there.items() if name not in _OF_THE_HOST} == self._stored(entry)
        except (OSError, DamageError):
            return False

    def _chown(self, subject: Subject, ids: Ids, path: bytes) -> bool:
        """Return whether the entry belongs to whom it should."""
        if self.owner_mode is OwnerMode.ME:
            return True
        try:
            os.chown(subject, *ids)
        except OSError as error:
            status = os.stat(subject)
            if (status.st_uid, status.st_gid) == ids:
                return True
            self._failed(path, "its owner", error, needs_root=True)
            self._chgrp(subject, ids[1])
            return False
        return True

    def _chgrp(self, subject: Subject, gid: int) -> None:
        try:
            os.chown(subject, -1, gid)
        except OSError as error:
            if error.errno not in _NOT_ALLOWED:
                raise

    def _chmod(self, subject: Subject, mode: int, path: bytes, owned: bool) -> None:
        try:
            os.chmod(subject, mode if owned else mode & ~_SPECIAL_BITS)
        except OSError as error:
            self._failed(path, "its mode", error)

    def _set_times(self, subject: Subject, entry: Entry, path: bytes) -> None:
        atime_ns = self._now_ns if entry.atime_ns is None else entry.atime_ns
        try:
            os.utime(subject, ns=(atime_ns, entry.mtime_ns))
        except (OSError, OverflowError) as error:
            self._tally.fail(path, f"its time: {in_words(error) if isinstance(error, OSError) else error}")
            return
        if entry.mtime_ns not in _SURE_TIMES and os.stat(subject).st_mtime_ns != entry.mtime_ns:
            self._tally.fail(path, "its time: the target's file system cannot hold it")

    def _stored(self, entry: Entry) -> Mapping[bytes, bytes]:
        """Return the entry's attributes; DamageError when they cannot be read."""
        if not entry.xattrs:
            return {}
        encoded = self._source.blob(BlobKind.XATTRS, entry.xattrs) if entry.xattrs_stored else entry.xattrs
        return decode_set(bytes(encoded))

    def _set_attributes(self, subject: Subject, entry: Entry, path: bytes, *, is_new: bool, takes_acl: bool) -> None:
        try:
            stored = self._stored(entry)
        except DamageError as error:
            self._tally.fail(path, f"its extended attributes are lost: {error}", is_damage=True)
            return
        if not is_new or takes_acl:
            self._remove_others(subject, stored, path)
        for name, value in stored.items():
            try:
                set_attribute(subject, name, value)
            except OSError as error:
                self._failed(path, f"attribute {_text(name)}", error, needs_root=name.startswith(_ROOTS_OWN))

    def _remove_others(self, subject: Subject, stored: Mapping[bytes, bytes], path: bytes) -> None:
        """Remove attributes that the stored entry did not have: inherited ACLs, or those of what was there."""
        try:
            for name in map(os.fsencode, os.listxattr(subject)):
                if name not in stored and name not in _OF_THE_HOST:
                    os.removexattr(subject, name)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.ENODATA):
                self._failed(path, "attributes that it did not have", error, needs_root=True)

    def _set_flags(self, fd: int, flags: int, path: bytes) -> None:
        try:
            now = struct.unpack("l", fcntl.ioctl(fd, _GET_FLAGS, bytes(8)))[0]
            wanted = (now & ~SETTABLE_FLAGS) | (flags & SETTABLE_FLAGS)
            if wanted != now:
                fcntl.ioctl(fd, _SET_FLAGS, struct.pack("l", wanted))
        except OSError as error:
            if flags:
                self._failed(path, "its flags", error, needs_root=True)

    def _failed(self, path: bytes, what: str, error: OSError, *, needs_root: bool = False) -> None:
        """Report that something could not be set; it is nobody's failure when only root may."""
        if needs_root and not self._is_root and error.errno in _NOT_ALLOWED:
            self._tally.lack(path, what.removeprefix("its "))
        else:
            self._tally.fail(path, f"{what}: {in_words(error)}")


def set_attribute(subject: Subject, name: bytes, value: bytes) -> None:
    """Set one extended attribute. The xattr package takes names that are UTF-8; others go to the kernel directly."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        os.setxattr(subject, name, value)
    else:
        xattr.setxattr(subject, text, value)


def drop_acls(fd: int) -> None:
    """Remove what a new directory inherited, so that what is made in it does not inherit it again."""
    for name in (ACCESS_ACL, DEFAULT_ACL):
        try:
            os.removexattr(fd, name)
        except OSError as error:
            if error.errno not in (errno.ENODATA, errno.ENOTSUP):
                raise


def inherits_acl(fd: int) -> bool:
    """Tell whether what is made in this directory gets an ACL from it."""
    try:
        os.getxattr(fd, DEFAULT_ACL)
    except OSError:
        return False
    return True


def current_umask() -> int:
    """Return the process's umask without changing it, as os.umask would; 0o777 when the system does not tell."""
    try:
        found = re.search(rb"^Umask:\s*([0-7]+)$", Path("/proc/self/status").read_bytes(), re.MULTILINE)
    except OSError:
        found = None
    return int(found[1], 8) if found else 0o777


def _text(name: bytes) -> str:
    return name.decode(errors="backslashreplace")
