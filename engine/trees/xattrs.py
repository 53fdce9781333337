"""Encodes an entry's extended attributes (docs/format.md, section 6, Attribute set). Names are raw bytes."""

from collections.abc import Mapping
from struct import Struct

from yester.engine.store import Buffer
from yester.engine.trees.page_columns import malformed

INLINE_LIMIT = 1024
"""A set that is longer than this when encoded is a blob of its own."""

MAX_SET_SIZE = 4 * 1024 * 1024
"""Far above what any file system keeps for a file (64 KiB a value, a few thousand values), below a blob's limit."""

MAX_NAME_SIZE = 2**16 - 1

_HEADER = Struct("<HI")


def encode_set(attributes: Mapping[bytes, bytes]) -> bytes:
    """Return the set, sorted by name; ValueError for an impossible name or a set over 4 MiB."""
    parts: list[bytes] = []
    for name in sorted(attributes):
        if not 0 < len(name) <= MAX_NAME_SIZE or b"\0" in name:
            raise ValueError("an attribute with an impossible name")
        value = attributes[name]
        parts += (_HEADER.pack(len(name), len(value)), name, value)
    encoded = b"".join(parts)
    if len(encoded) > MAX_SET_SIZE:
        raise ValueError("attributes of more than 4 MiB")
    return encoded


def decode_set(encoded: Buffer) -> dict[bytes, bytes]:
    """Return the attributes by name, in order of their names; DamageError when the bytes are no such set."""
    data = bytes(encoded)
    attributes: dict[bytes, bytes] = {}
    at, previous = 0, b""
    while at < len(data):
        if len(data) - at < _HEADER.size:
            malformed("attributes cut short")
        name_size, value_size = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        end = at + name_size + value_size
        name = data[at : at + name_size]
        if end > len(data) or name <= previous or b"\0" in name:
            malformed("attributes out of order")
        attributes[name] = data[at + name_size : end]
        at, previous = end, name
    return attributes
