"""Whether packs hold what the index says: the part of a check that reads them whole.

A pack is read against its entry in an index fragment, not against its own directory, since that is how every reader
uses it: damage to a directory, footer or padding is a problem of the pack, but hits no file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from blake3 import blake3

from yester.engine.errors import Broken, DamageError
from yester.engine.ids import SHORT_ID_SIZE, BlobKind
from yester.engine.packs.compression import PLAIN, decompress
from yester.engine.packs.packs import PackEntry
from yester.engine.sealed.keys import Keys, blob_id
from yester.engine.sealed.sealing import Domain, Opener
from yester.engine.store import Store


@dataclass(frozen=True, slots=True)
class PackVerdict:
    """What is wrong with a pack that was read whole."""

    entry: PackEntry
    what: str
    """Empty: nothing."""
    bad: tuple[bytes, ...]
    """Short ids of the blobs that cannot be read."""
    read_size: int


def read_pack(store: Store, keys: Keys, entry: PackEntry) -> PackVerdict:
    """Read a pack and compare its name, every frame and every blob. Missing when it is gone; StoreError else."""
    try:
        data = store.get(entry.name)
    except Broken as error:
        return _in_parts(store, keys, entry, error)
    bad = tuple(_bad_blobs(keys, entry, memoryview(data)))
    if blake3(data).digest() == entry.pack and len(data) == entry.size and not bad:
        return PackVerdict(entry, "", (), len(data))
    return PackVerdict(entry, _in_words(entry, len(data), len(bad)), bad, len(data))


def _in_words(entry: PackEntry, size: int, bad: int) -> str:
    what = f"it is {size} bytes, not {entry.size}" if size != entry.size else "its bytes are not what was written"
    return f"{what}; {bad} of {entry.directory.blobs} blobs in it are lost" if bad else f"{what}; all blobs are whole"


def _in_parts(store: Store, keys: Keys, entry: PackEntry, error: Broken) -> PackVerdict:
    """Judge a pack that cannot be read as a whole, such as on a disk with bad sectors, frame by frame."""
    directory, data = entry.directory, bytearray(entry.size)
    for offset, size in zip(directory.offsets, directory.sealed_sizes, strict=False):
        try:
            data[offset : offset + size] = store.get_range(entry.name, offset, size)
        except Broken:
            # Zeros do not pass for a sealed frame.
            continue
    bad = tuple(_bad_blobs(keys, entry, memoryview(data)))
    return PackVerdict(entry, f"{error.what}; {len(bad)} of {directory.blobs} blobs in it are lost", bad, entry.size)


def _bad_blobs(keys: Keys, entry: PackEntry, data: memoryview) -> Iterator[bytes]:
    """Yield the short ids of blobs that do not come out of `data` as they went in."""
    directory = entry.directory
    opener = Opener(entry.header, keys, entry.name)
    blob = 0
    for number, (offset, size, count) in enumerate(
        zip(directory.offsets, directory.sealed_sizes, directory.blob_counts, strict=False)
    ):
        plain = _plain(opener, entry, number, data[offset : offset + size])
        ends = list(accumulate(directory.lengths[blob : blob + count], initial=0))
        for row in range(count):
            short = directory.ids[SHORT_ID_SIZE * (blob + row) : SHORT_ID_SIZE * (blob + row + 1)]
            key = keys.id_key(BlobKind(directory.kinds[blob + row]))
            if plain is None or blob_id(key, plain[ends[row] : ends[row + 1]])[:SHORT_ID_SIZE] != short:
                yield short
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
