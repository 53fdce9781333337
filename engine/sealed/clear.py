"""Clear objects: the form that the config and key slots share (docs/format.md, section 3).

Every version of the format keeps the magic, the version byte and the digest at the end, so that damage and a newer
version can be told apart.
"""

import struct
from enum import IntEnum

from blake3 import blake3

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.sealing import FORMAT_VERSION, MAGIC

_HEADER = struct.Struct("<6sBBHHI")
_DIGEST_SIZE = 32
_LIMIT = 1 << 20
"""A config or a key slot is a few hundred bytes."""


class ClearKind(IntEnum):
    """What a clear object is, as in byte 7 of its header."""

    CONFIG = 0x10
    KEY = 0x11


def encode_clear(kind: ClearKind, body: bytes, key: bytes | None = None) -> bytes:
    """Return a whole clear object around `body`, with a digest keyed with `key` if there is one."""
    data = _HEADER.pack(MAGIC, FORMAT_VERSION, kind, 0, 0, len(body)) + body
    if key is not None:
        data += blake3(data, key=key).digest()
    return data + blake3(data).digest()


def decode_clear(kind: ClearKind, data: bytes, name: str) -> bytes:
    """Return the body. DamageError: not what was written; RepositoryError: not yester's, or of a newer version."""
    if not data.startswith(MAGIC):
        raise RepositoryError(
            f"This is no yester repository: its {name} was not written by yester",
            hint="Check the path; `yester init` makes a repository in an empty folder.",
        )
    if len(data) > _LIMIT or blake3(data[:-_DIGEST_SIZE]).digest() != data[-_DIGEST_SIZE:]:
        raise DamageError(f"{name} is damaged: its bytes are not what its digest says", hint=_RESTORE_HINT)
    if data[len(MAGIC)] != FORMAT_VERSION:
        raise RepositoryError(
            f"The repository is of format version {data[len(MAGIC)]}; this program knows version {FORMAT_VERSION}",
            hint="Upgrade yester on this machine.",
        )
    _, _, found, flags, zero, size = _HEADER.unpack_from(data.ljust(_HEADER.size, b"\0"))
    digests = 2 if kind is ClearKind.CONFIG else 1
    if (found, flags, zero) != (kind, 0, 0) or _HEADER.size + size + digests * _DIGEST_SIZE != len(data):
        raise DamageError(f"{name} is damaged: its header cannot be", hint=_RESTORE_HINT)
    return data[_HEADER.size : _HEADER.size + size]


_RESTORE_HINT = "Put back a copy of that object, or open the repository from another copy."


def has_keyed_digest(data: bytes, key: bytes) -> bool:
    """Say whether the keyed digest of a config that `decode_clear` accepted was made with `key`."""
    end = len(data) - 2 * _DIGEST_SIZE
    return blake3(data[:end], key=key).digest() == data[end:-_DIGEST_SIZE]
