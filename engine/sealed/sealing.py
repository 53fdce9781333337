"""Seals: how one object of a repository is encrypted and opened again (docs/format.md, section 4).

Every object has a random salt of its own, from which, with the secret of an epoch, comes its own AES-256-GCM key. Under
that key nonces are (domain, number) and must never occur twice: GCM then gives away the key stream and the means
to forge. So an object has exactly one Sealer, whoever works on it; the Sealer remembers what it has used and refuses
it a second time; and a salt never leaves the Sealer that drew it. The clear header is the associated
data of every seal, so that an object passes for no other kind, epoch or version.

GCM does not commit to its key. Who reads a blob compares the blob's keyed id, and whole objects are compared with the
digest in their name.
"""

import struct
import threading
from collections.abc import Sequence
from enum import IntEnum
from functools import partial
from typing import NoReturn

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yester.engine.errors import DamageError, RepositoryError, UsageError
from yester.engine.packs.compression import PLAIN, ZSTD, compress, decompress
from yester.engine.sealed.keys import AGREED, Keys
from yester.engine.sealed.padding import RECORD_MINIMUM, padme
from yester.engine.store import Buffer

MAGIC = b"yester"
FORMAT_VERSION = 1
HEADER_SIZE = 48
TAG_SIZE = 16

_SUITE = 1
_FLAGS_AT = 8
_HEADER = struct.Struct("<6sBBHHI32s")
_NONCE = struct.Struct("<IQ")
_RECORD = struct.Struct("<BII")
_UPGRADE = "Upgrade yester on this machine."


class ObjectKind(IntEnum):
    """What an object is, as in byte 7 of its header."""

    DATA = 1
    META = 2
    INDEX = 3
    SNAPSHOT = 4
    LABEL = 5
    TOMBSTONE = 6
    SESSION = 7
    MARK = 8
    HOLDING = 9


PREFIXES = {
    ObjectKind.DATA: "data",
    ObjectKind.META: "meta",
    ObjectKind.INDEX: "index",
    ObjectKind.SNAPSHOT: "snap",
    ObjectKind.LABEL: "label",
    ObjectKind.TOMBSTONE: "tomb",
    ObjectKind.SESSION: "session",
    ObjectKind.MARK: "mark",
    ObjectKind.HOLDING: "holding",
}
"""What names of each kind begin with, the dot left out."""

_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}

MEBI = 1 << 20
RECORD_LIMITS = {kind: (256 * MEBI if kind is ObjectKind.INDEX else 16 * MEBI) for kind in ObjectKind}
"""Most plain bytes that a record may claim: checked before anything is allocated."""


class Domain(IntEnum):
    """What a seal in an object holds: the first word of its nonce."""

    FRAME = 0
    DIRECTORY = 1
    FOOTER = 2
    RECORD = 3


class Sealer:
    """Seals the parts of one new object. Threads may share it; no (domain, number) can be used twice."""

    __slots__ = ("_cipher", "_keep", "_lock", "_used", "header", "kind")

    def __init__(self, kind: ObjectKind, keys: Keys, *, salt: bytes | None = None) -> None:
        """Draw a fresh salt.

        `salt` is for golden vectors only: to seal twice under one is to lose the key.
        """
        flags, salt, key = keys.new_object(salt)
        self.kind = kind
        self.header = _HEADER.pack(MAGIC, FORMAT_VERSION, kind, flags, _SUITE, keys.epoch, salt)
        self._cipher = AESGCM(key)
        self._keep = None if keys.can_read or kind is ObjectKind.DATA else partial(keys.keep, key=key)
        self._lock = threading.Lock()
        self._used: set[tuple[int, int]] = set()

    def seal_into(self, domain: Domain, number: int, plain: Buffer, out: bytearray | memoryview) -> None:
        """Seal `plain` into `out`, which is exactly TAG_SIZE longer. The interpreter lock is released meanwhile."""
        self._cipher.encrypt_into(self._nonce(domain, number), plain, self.header, out)

    def seal(self, domain: Domain, number: int, plain: Buffer) -> bytes:
        """Return `plain` sealed, TAG_SIZE bytes longer."""
        return self._cipher.encrypt(self._nonce(domain, number), plain, self.header)

    def named(self, name: str) -> None:
        """Say what the object is called, now that it is whole: a write-only client can then read its own metadata."""
        if self._keep is not None and is_digest_name(name):
            self._keep(digest_of(name))

    def _nonce(self, domain: Domain, number: int) -> bytes:
        use = (int(domain), number)
        with self._lock:
            if use in self._used:
                raise RuntimeError(f"nonce {use} was used in this object before")
            self._used.add(use)
        return _NONCE.pack(domain, number)

    def __repr__(self) -> str:
        return f"Sealer({self.kind.name}, hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealer cannot be pickled")


class Opener:
    """Opens the parts of one object. Threads may share it."""

    __slots__ = ("_cipher", "_header", "_name", "kind")

    kind: ObjectKind

    def __init__(self, header: Buffer, keys: Keys, name: str, *, verified: bool = False) -> None:
        """Check the header of the object `name`: DamageError when it is none, or of another kind than its name says.

        With `verified` (the digest of the whole object was compared) an unknown version, flag or suite is
        RepositoryError: a newer program wrote it. Without, it may as well be a flipped bit, hence DamageError.
        """
        if len(header) != HEADER_SIZE:
            raise DamageError(f"{name} is damaged: it is shorter than a header")
        magic, version, kind, flags, suite, epoch, salt = _HEADER.unpack(header)
        if magic != MAGIC:
            raise DamageError(f"{name} is damaged: it does not begin as an object of yester")
        if (version, flags & ~AGREED, suite) != (FORMAT_VERSION, 0, _SUITE):
            newer = f"{name} has a form that this program does not know (version {version}, {flags}, {suite})"
            raise RepositoryError(newer, hint=_UPGRADE) if verified else DamageError(newer, hint=_UPGRADE)
        if kind != kind_of(name):
            raise DamageError(f"{name} is damaged: its header says kind {kind}")
        self.kind = ObjectKind(kind)
        self._name = name
        self._header = bytes(header)
        try:
            self._cipher = AESGCM(keys.object_key(epoch, salt, flags) if keys.can_read else _own_key(keys, name))
        except DamageError as error:
            raise DamageError(f"{name} cannot be opened: {error}", hint=error.hint) from None

    def open(self, domain: Domain, number: int, sealed: Buffer) -> bytes:
        """Return the plain bytes of a seal; DamageError, naming the object, when it was not sealed so."""
        if len(sealed) < TAG_SIZE:
            raise DamageError(f"{self._name} is damaged: a seal is cut off")
        try:
            return self._cipher.decrypt(_NONCE.pack(domain, number), sealed, self._header)
        except InvalidTag:
            raise DamageError(f"{self._name} is damaged: its {domain.name.lower()} {number} does not open") from None

    def __repr__(self) -> str:
        return f"Opener({self._name}, hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an opener cannot be pickled")


def _own_key(keys: Keys, name: str) -> bytes:
    return keys.own_key(digest_of(name) if is_digest_name(name) else b"")


def was_added_blind(header: Buffer) -> bool:
    """Whether an object with this header came from a client that can only add (or from one who claims to be such).

    It is genuine, but whoever wrote it had no right to change or forget what others wrote, nor to be built upon.
    """
    return len(header) >= HEADER_SIZE and bool(header[_FLAGS_AT] & AGREED)


def kind_of(name: str) -> ObjectKind:
    """Return the kind that an object's name claims; UsageError for names of no sealed object."""
    kind = _KINDS.get(name.partition(".")[0])
    if kind is None:
        raise UsageError(f"{name} does not name a sealed object")
    return kind


def object_name(kind: ObjectKind, content: Sequence[Buffer]) -> str:
    """Return the name of the object whose bytes are the concatenated buffers."""
    digest = blake3()
    for piece in content:
        digest.update(piece)
    return f"{PREFIXES[kind]}.{digest.hexdigest()}"


def name_of(kind: ObjectKind, digest: bytes) -> str:
    """Return the name of the object with this digest."""
    return f"{PREFIXES[kind]}.{digest.hex()}"


def digest_of(name: str) -> bytes:
    """Return the 32 bytes that `name` says its object's digest is; UsageError when it says none."""
    text = name.partition(".")[2]
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(text) != 64 or len(digest) != 32:
        raise UsageError(f"{name} is not named by a digest")
    return digest


def is_digest_name(name: str) -> bool:
    """Say whether `name` ends in a digest: what does not is none of ours, and passed over."""
    try:
        digest_of(name)
    except UsageError:
        return False
    return True


def seal_record(kind: ObjectKind, keys: Keys, plain: bytes, *, salt: bytes | None = None) -> tuple[str, bytes]:
    """Seal one record, compressed where that makes the object smaller: its name by digest, and its bytes."""
    sealer = Sealer(kind, keys, salt=salt)
    body = _packed(plain)
    content = sealer.header + sealer.seal(Domain.RECORD, 0, body)
    name = object_name(kind, [content])
    if kind is not ObjectKind.SESSION:
        sealer.named(name)
    return name, content


def open_record(kind: ObjectKind, keys: Keys, name: str, data: bytes, *, named_by_digest: bool = True) -> bytes:
    """Return the plain bytes of a record; DamageError, naming it, unless they are what was sealed under that name."""
    if kind_of(name) is not kind:
        raise UsageError(f"{name} is no {kind.name.lower()}")
    if named_by_digest and blake3(data).digest() != digest_of(name):
        raise DamageError(f"{name} is damaged: its bytes are not what its name says", hint="Run `yester check`.")
    view = memoryview(data)
    opener = Opener(view[:HEADER_SIZE], keys, name, verified=named_by_digest)
    return _unpacked(opener.open(Domain.RECORD, 0, view[HEADER_SIZE:]), name, RECORD_LIMITS[kind])


def _packed(plain: bytes) -> bytes:
    """Return codec, lengths, stored bytes and zeros up to the padded length (section 4.1)."""
    codec, stored = PLAIN, plain
    # Below this the padding hides whatever compression would save.
    if len(plain) > RECORD_MINIMUM - _RECORD.size:
        squeezed = compress(plain)
        if squeezed is not None:
            codec, stored = ZSTD, squeezed
    body = _RECORD.pack(codec, len(stored), len(plain)) + stored
    return body.ljust(padme(len(body), RECORD_MINIMUM), b"\0")


def _unpacked(body: bytes, name: str, limit: int) -> bytes:
    if len(body) < _RECORD.size:
        raise DamageError(f"{name} is damaged: its record is too short")
    codec, stored_size, plain_size = _RECORD.unpack_from(body)
    stored = body[_RECORD.size : _RECORD.size + stored_size]
    if len(stored) != stored_size or plain_size > limit:
        raise DamageError(f"{name} is damaged: the sizes in its record cannot be")
    if codec == PLAIN and plain_size == stored_size:
        return stored
    if codec != ZSTD:
        raise DamageError(f"{name} is damaged: its record has an unknown codec")
    try:
        return decompress(stored, plain_size)
    except ValueError as error:
        raise DamageError(f"{name} is damaged: {error}") from None
