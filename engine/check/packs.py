"""Whether packs hold what the index says: the part of a check that reads them whole.

A pack is read against its entry in an index fragment, not against its own directory, since that is how every reader
uses it: damage to a directory, footer or padding is a problem of the pack, but hits no file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from blake3 import blake3

from yester.engine.errors import Broken, DamageError
from yester.engine.ids import SHORT_ID_SIZE, BlobKind
from yester.engine.packs.compression import PLAIN, decompress
from yester.engine.packs.packs import PackEntry
from yester.engine.sealed.keys import Keys, blob_id
from yester.engine.sealed.sealing import Domain, Opener
from yester.engine.store import Buffer, Store, let_go


@dataclass(frozen=True, slots=True)
class PackVerdict:
    """What is wrong with a pack that was read whole."""

    entry: PackEntry
    what: str
    """Empty: nothing."""
    bad: tuple[bytes, ...]
    """Short ids of the blobs that cannot be read."""
    read_size: int


class Piece(NamedTuple):
    """One blob of a pack."""

    kind: BlobKind
    short: bytes
    plain: memoryview | None
    """None when it does not come out as it went in."""


def read_pack(store: Store, keys: Keys, entry: PackEntry) -> PackVerdict:
    """Read a pack and compare its name, every frame and every blob; once more where the store could mend it.

    Missing when it is gone; StoreError else.
    """
    verdict = _verdict(store, keys, entry)
    return _verdict(store, keys, entry) if verdict.what and let_go(store, entry.name) else verdict


def _verdict(store: Store, keys: Keys, entry: PackEntry) -> PackVerdict:
    try:
        data: Buffer = store.get(entry.name)
        problem = ""
    except Broken as error:
        data, problem = _in_parts(store, entry), error.what
    bad = tuple(piece.short for piece in pieces(keys, entry, data) if piece.plain is None)
    if not problem and blake3(data).digest() == entry.pack and len(data) == entry.size and not bad:
        return PackVerdict(entry, "", (), len(data))
    return PackVerdict(entry, _in_words(entry, problem, len(data), len(bad)), bad, len(data))


def sound_pieces(store: Store, keys: Keys, entry: PackEntry) -> Iterator[Piece]:
    """Yield the blobs of a damaged pack that are whole. Missing when it is gone; StoreError else."""
    try:
        data: Buffer = store.get(entry.name)
    except Broken:
        data = _in_parts(store, entry)
    return (piece for piece in pieces(keys, entry, data) if piece.plain is not None)


def _in_words(entry: PackEntry, problem: str, size: int, bad: int) -> str:
    wrong_size = f"it is {size} bytes, not {entry.size}" if size != entry.size else ""
    what = problem or wrong_size or "its bytes are not what was written"
    return f"{what}; {bad} of {entry.directory.blobs} blobs in it are lost" if bad else f"{what}; all blobs are whole"


def _in_parts(store: Store, entry: PackEntry) -> bytearray:
    """Read what can be read of a pack that cannot be read as a whole, such as on a disk with bad sectors."""
    directory, data = entry.directory, bytearray(entry.size)
    for offset, size in zip(directory.offsets, directory.sealed_sizes, strict=False):
        try:
            data[offset : offset + size] = store.get_range(entry.name, offset, size)
        except Broken:
            # Zeros do not pass for a sealed frame.
            continue
    return data


def pieces(keys: Keys, entry: PackEntry, data: Buffer) -> Iterator[Piece]:
    """Yield the blobs that a pack's bytes should hold, each compared with its id."""
    directory, view = entry.directory, memoryview(data)
    opener = Opener(entry.header, keys, entry.name)
    blob = 0
    for number, (offset, size, count) in enumerate(
        zip(directory.offsets, directory.sealed_sizes, directory.blob_counts, strict=False)
    ):
        plain = _plain(opener, entry, number, view[offset : offset + size])
        ends = list(accumulate(directory.lengths[blob : blob + count], initial=0))
        for row in range(count):
            short = directory.ids[SHORT_ID_SIZE * (blob + row) : SHORT_ID_SIZE * (blob + row + 1)]
            kind = BlobKind(directory.kinds[blob + row])
            part = None if plain is None else plain[ends[row] : ends[row + 1]]
            is_sound = part is not None and blob_id(keys.id_key(kind), part)[:SHORT_ID_SIZE] == short
            yield Piece(kind, short, part if is_sound else None)
        blob += count


def _plain(opener: Opener, entry: PackEntry, number: int, sealed: memoryview) -> memoryview | None:
    """Return the plain text of a frame, None when it cannot be had."""
    directory = entry.directory
    try:
        stored = opener.open(Domain.FRAME, number, sealed)
        size = directory.plain_sizes[number]
        return memoryview(stored if directory.codecs[number] == PLAIN else decompress(stored, size))
    except (DamageError, ValueError):
        return None
