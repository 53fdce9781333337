"""Identifiers: distinct types over 32 bytes that the type checker keeps apart.

They are NewTypes, not classes: a run handles one or two for every file, and a wrapper object would cost
more than hashing the file. bytes are frozen already.
"""

from enum import IntEnum
from typing import NewType

BlobId = NewType("BlobId", bytes)
"""Keyed BLAKE3 of a blob's plain bytes, 32 bytes, under the id key of its kind."""

TreeId = NewType("TreeId", BlobId)
"""Blob id of the root node of a directory."""

ListId = NewType("ListId", BlobId)
"""Blob id of the root node of a list object."""

PackId = NewType("PackId", bytes)
"""BLAKE3 of a pack's bytes, 32 bytes: the HEX of its object name."""

FragmentId = NewType("FragmentId", bytes)
"""BLAKE3 of an index fragment's bytes."""

SnapshotId = NewType("SnapshotId", bytes)
"""BLAKE3 of a snapshot object's bytes."""

WriterId = NewType("WriterId", bytes)
"""16 random bytes: one client's state folder, seen from one repository."""

HoldingId = NewType("HoldingId", bytes)
"""What a copy of a pack in an archive is told apart by, 16 bytes (engine/archive/holdings.py)."""

ID_SIZE = 32
SHORT_ID_SIZE = 16
"""Bytes of a blob id that pack directories and the index keep (docs/format.md, section 2)."""


class BlobKind(IntEnum):
    """What a blob is; each kind has an id key of its own (docs/format.md, section 5)."""

    DATA = 0
    TREE = 1
    PAGE = 2
    LIST = 3
    XATTRS = 4
    LINKS = 5
    TEXT = 6
