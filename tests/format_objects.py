"""Objects, keys, seals and packs, written from docs/format.md sections 1 to 4 alone: the lower half of the
independent reader. Nothing here may import yester.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, log2
from typing import Any

import msgspec
import zstandard
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MAGIC = b"yester"
HEADER, TAG, FOOTER = 48, 16, 64
CONFIG, SLOT = 0x10, 0x11
_KINDS = ("data", "meta", "index", "snap", "label", "tomb", "session", "mark", "holding")
KINDS = {kind: number for number, kind in enumerate(_KINDS, 1)}
FRAME_DOMAIN, DIRECTORY_DOMAIN, FOOTER_DOMAIN, RECORD_DOMAIN = range(4)
BLOB_KINDS = ("data", "tree", "page", "list", "xattrs", "links", "text")
MIB = 1 << 20


class Refused(ValueError):
    """The bytes are not what the format says."""


def need(truth: bool, promise: str) -> None:
    """Refuse what does not keep a promise of the format."""
    if not truth:
        raise Refused(promise)


def derived(context: str, material: bytes) -> bytes:
    """BLAKE3 in derive-key mode."""
    return blake3(material, derive_key_context=context).digest()


def keyed(key: bytes, data: bytes | memoryview) -> bytes:
    """Keyed BLAKE3-256."""
    return blake3(data, key=key).digest()


def padme(length: int) -> int:
    """Round up as section 4.1 says."""
    exponent = floor(log2(length))
    unit = 1 << (exponent - floor(log2(exponent)) - 1)
    return -(-length // unit) * unit


def unpacked(codec: int, stored: bytes, plain_size: int) -> bytes:
    """The plain bytes of a codec."""
    need(codec in (0, 1), "codec")
    plain = stored if codec == 0 else zstandard.ZstdDecompressor().decompress(stored, max_output_size=plain_size)
    need(len(plain) == plain_size, "plain size")
    return plain


# Keys (section 2) and clear objects (section 3)


@dataclass(frozen=True)
class Master:
    """A master key: what opens the rest."""

    identity: bytes
    epochs: dict[int, bytes]

    @classmethod
    def parse(cls, data: bytes) -> "Master":
        fields = msgspec.msgpack.decode(data)
        need(set(fields) == {"identity", "epochs"}, "fields of a master key")
        return cls(fields["identity"], dict(fields["epochs"]))

    def id_key(self, kind: int) -> bytes:
        return derived(f"yester v1 id {BLOB_KINDS[kind]}", self.identity)

    @property
    def chunker_seed(self) -> int:
        return int.from_bytes(derived("yester v1 chunker", self.identity)[:8], "little") >> 1

    @property
    def page_key(self) -> bytes:
        return derived("yester v1 page boundary", self.identity)


def clear_body(data: bytes, kind: int, digests: int) -> dict[str, Any]:
    """The map in `config` or a key slot, checked by its final digest."""
    magic, version, found, flags, zero, length = struct.unpack_from("<6sBBHHI", data)
    need((magic, version, found, flags, zero) == (MAGIC, 1, kind, 0, 0), "head of a clear object")
    need(len(data) == 16 + length + 32 * digests, "length of a clear object")
    need(blake3(data[:-32]).digest() == data[-32:], "final digest")
    body: dict[str, Any] = msgspec.msgpack.decode(data[16 : 16 + length])
    return body


def config_of(data: bytes) -> dict[str, Any]:
    """What `config` says; needs no key."""
    body = clear_body(data, CONFIG, 2)
    need(body["chunker"] == "fastcdc-2020/1" and len(body["repository"]) == 32, "config")
    need((body["chunk_min"], body["chunk_normal"], body["chunk_max"]) == (65536, 262144, 1048576), "chunk sizes")
    need(not body["features"], "an unknown feature")
    return body


def config_is_of(data: bytes, master: Master) -> bool:
    """Whether the keyed digest of `config` is right."""
    return keyed(derived("yester v1 config", master.identity), data[:-64]) == data[-64:-32]


def slot_kind(data: bytes) -> str:
    """What a key slot wants."""
    kind: str = clear_body(data, SLOT, 1)["kind"]
    return kind


def opened_slot(data: bytes, secret: bytes | None) -> Master | None:
    """The master key, when the secret (none: nothing) opens this slot."""
    body = clear_body(data, SLOT, 1)
    if body["kind"] == "none":
        return Master.parse(body["clear"]) if secret is None else None
    if secret is None:
        return None
    need(body["kdf"] == "argon2id" and body["memory_kib"] <= 4 << 20, "key derivation")
    need(body["passes"] <= 64 and body["lanes"] <= 64, "key derivation")
    kdf = Argon2id(
        salt=body["salt"],
        length=32,
        iterations=body["passes"],
        lanes=body["lanes"],
        memory_cost=body["memory_kib"],
    )
    try:
        return Master.parse(AESGCM(kdf.derive(secret)).decrypt(body["nonce"], body["sealed"], b"yester v1 slot"))
    except InvalidTag:
        return None


# Sealed objects (section 4)


def sub_key(secret: bytes, salt: bytes, *, agreed: bool) -> bytes:
    """The sub-key of an object; agreed on when bit 0 of the flags says so (section 2)."""
    if not agreed:
        return derived("yester v1 object", secret + salt)
    private = X25519PrivateKey.from_private_bytes(derived("yester v1 epoch key pair", secret))
    shared = private.exchange(X25519PublicKey.from_public_bytes(salt))
    return derived("yester v1 agreed object", shared + salt + private.public_key().public_bytes_raw())


class Sealed:
    """The header of a sealed object, and what opens its seals."""

    def __init__(self, header: bytes, kind: int, master: Master) -> None:
        magic, version, found, flags, suite, epoch = struct.unpack_from("<6sBBHHI", header)
        need(len(header) == HEADER, "a header has 48 bytes")
        need((magic, version, found, flags & ~1, suite) == (MAGIC, 1, kind, 0, 1), "header")
        self.header = header
        self.is_blind = bool(flags)
        self.cipher = AESGCM(sub_key(master.epochs[epoch], header[16:], agreed=self.is_blind))

    def open(self, domain: int, number: int, sealed: bytes) -> bytes:
        return self.cipher.decrypt(struct.pack("<IQ", domain, number), sealed, self.header)


def record(data: bytes, kind: int, master: Master) -> bytes:
    """The plain bytes of a record."""
    text = Sealed(data[:HEADER], kind, master).open(RECORD_DOMAIN, 0, data[HEADER:])
    codec, stored, plain = struct.unpack_from("<BII", text)
    need(plain <= (256 if kind == KINDS["index"] else 16) * MIB, "plain length of a record")
    need(len(text) == max(1024, padme(9 + stored)), "padding of a record")
    need(not any(text[9 + stored :]), "zeros of a record")
    return unpacked(codec, text[9 : 9 + stored], plain)


@dataclass(frozen=True)
class Frame:
    """Where a frame lies in its pack."""

    number: int
    offset: int
    sealed: int
    plain: int
    codec: int


@dataclass(frozen=True)
class Place:
    """Where a blob lies in its frame."""

    kind: int
    short: bytes
    frame: Frame
    start: int
    length: int


def directory_places(plain: bytes) -> Iterator[Place]:
    """Every blob that a pack directory names."""
    frames, blobs = struct.unpack_from("<II", plain)
    need(len(plain) == 8 + 11 * frames + 21 * blobs, "length of a pack directory")
    at = 8

    def column(code: str, count: int) -> list[Any]:
        nonlocal at
        values = list(struct.unpack_from(f"<{count}{code}", plain, at))
        at += struct.calcsize(f"<{count}{code}")
        return values

    sealed, sizes, codecs = column("I", frames), column("I", frames), column("B", frames)
    counts, kinds, lengths = column("H", frames), column("B", blobs), column("I", blobs)
    shorts = [plain[at + 16 * i : at + 16 * i + 16] for i in range(blobs)]
    need(sum(counts) == blobs, "every blob has a frame")
    offset, blob = HEADER, 0
    for number, count in enumerate(counts):
        frame = Frame(number, offset, sealed[number], sizes[number], codecs[number])
        start = 0
        for i in range(blob, blob + count):
            need(lengths[i] <= 8 * MIB, "a blob is at most 8 MiB")
            yield Place(kinds[i], shorts[i], frame, start, lengths[i])
            start += lengths[i]
        need(start == frame.plain, "the blobs of a frame are all of it")
        offset, blob = offset + frame.sealed, blob + count


@dataclass(frozen=True)
class Pack:
    """A pack, read by its header, footer and directory."""

    data: bytes
    sealed: Sealed
    directory: bytes

    @classmethod
    def of(cls, data: bytes, kind: int, master: Master) -> "Pack":
        sealed = Sealed(data[:HEADER], kind, master)
        footer = sealed.open(FOOTER_DOMAIN, 0, data[-FOOTER:])
        offset, size, frames, blobs, unpadded = struct.unpack_from("<QIIIQ", footer)
        need(footer[28:] == bytes(20), "zeros of a footer")
        need(len(data) == max(65536, padme(unpadded)) and len(data) <= 32 * MIB, "size of a pack")
        need(unpadded == offset + size + FOOTER, "unpadded size")
        text = sealed.open(DIRECTORY_DOMAIN, 0, data[offset : offset + size])
        codec, plain = struct.unpack_from("<BI", text)
        directory = unpacked(codec, text[5:], plain)
        need(struct.unpack_from("<II", directory) == (frames, blobs), "counts of a footer")
        places = list(directory_places(directory))
        need(not places or places[-1].frame.offset + places[-1].frame.sealed == offset, "frames fill a pack")
        need(all((place.kind == 0) == (kind == KINDS["data"]) for place in places), "blobs lie in packs of their kind")
        return cls(data, sealed, directory)

    def blob(self, place: Place, master: Master) -> bytes:
        """Open the frame and take the blob out of it."""
        frame = place.frame
        text = self.sealed.open(FRAME_DOMAIN, frame.number, self.data[frame.offset : frame.offset + frame.sealed])
        plain = unpacked(frame.codec, text, frame.plain)
        return plain[place.start : place.start + place.length]


@dataclass(frozen=True)
class Fragment:
    """An index fragment: what it replaces, and of each pack the size, header and directory."""

    replaces: list[bytes]
    packs: dict[bytes, tuple[int, bytes, bytes]]

    @classmethod
    def parse(cls, plain: bytes) -> "Fragment":
        (count,) = struct.unpack_from("<I", plain)
        replaces = [plain[4 + 32 * i : 36 + 32 * i] for i in range(count)]
        at = 4 + 32 * count
        (count,) = struct.unpack_from("<I", plain, at)
        at += 4
        packs = {}
        for _ in range(count):
            digest, size, header, length = struct.unpack_from("<32sQ48sI", plain, at)
            at += 92
            packs[digest] = (size, header, plain[at : at + length])
            at += length
        need(at == len(plain), "length of an index fragment")
        return cls(replaces, packs)
