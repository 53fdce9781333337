"""The extended attributes that the mount shows: those stored, and `user.yester.*`, readable but never listed."""

import struct
from collections.abc import Callable, Mapping
from stat import S_ISREG

from yester.engine.entries import Entry, Mark
from yester.engine.restore.ownership import OwnerMode, opened_mode

ACCESS_ACL = b"system.posix_acl_access"
DEFAULT_ACL = b"system.posix_acl_default"
PREFIX = b"user.yester."

_USER_OBJECT = 1
_ACL_HEADER = 4
_ACL_ENTRY = struct.Struct("<HHI")


def _birth(entry: Entry) -> bytes | None:
    return None if entry.birth_ns is None else b"%d" % entry.birth_ns


def _flags(entry: Entry) -> bytes | None:
    return b"0x%x" % entry.flags


def _marks(entry: Entry) -> bytes | None:
    shown = entry.marks & ~Mark.LIST
    return b" ".join(mark.name.lower().replace("_", "-").encode() for mark in Mark if mark in shown and mark.name)


def _blob(entry: Entry) -> bytes | None:
    return b"\n".join(ref.blob.hex().encode() for ref in entry.refs) if S_ISREG(entry.mode) else None


HIDDEN: Mapping[bytes, Callable[[Entry], bytes | None]] = {
    PREFIX + b"birth": _birth,
    PREFIX + b"flags": _flags,
    PREFIX + b"marks": _marks,
    PREFIX + b"blob": _blob,
}
"""birth: ns since 1970; flags: inode flags, hexadecimal; marks: words of engine/entries.py; blob: ids, one a line."""


def hidden_value(entry: Entry, name: bytes) -> bytes | None:
    """The value of a `user.yester.*` attribute; None when the entry has none of that name."""
    about = HIDDEN.get(name)
    return about(entry) if about else None


def shown_value(name: bytes, value: bytes, owner: OwnerMode, mode: int) -> bytes:
    """`value` as shown. With `me` the kernel must find the owner's bits open in the ACL too, for it asks only that."""
    if owner is not OwnerMode.ME or name != ACCESS_ACL:
        return value
    acl = bytearray(value)
    opened = opened_mode(mode) >> 6 & 7
    for offset in range(_ACL_HEADER, len(acl) - _ACL_ENTRY.size + 1, _ACL_ENTRY.size):
        tag, permissions, who = _ACL_ENTRY.unpack_from(acl, offset)
        if tag == _USER_OBJECT:
            _ACL_ENTRY.pack_into(acl, offset, tag, permissions | opened, who)
    return bytes(acl)
