"""What tests of packs, index, writing and reading share: a store, keys, an index, and some blobs."""

import random
from array import array
from pathlib import Path

from blake3 import blake3

from yester.engine.ids import BlobKind, PackId
from yester.engine.packs.index import Index
from yester.engine.packs.packs import PACK_SIZE, Frame, OpenPack, PackDirectory, PackEntry
from yester.engine.packs.reading import BlobReader
from yester.engine.packs.writing import BlobWriter
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.sealing import ObjectKind, Sealer
from yester.engine.store import Store

KEYS = Keys(MasterKey(b"i" * 32, ((1, b"e" * 32),)))

Blob = tuple[BlobKind, bytes]


class Holding:
    """As much of a repository as blobs need."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.keys = KEYS
        self.folder = folder
        self.index = Index(store, lambda: KEYS, folder)

    def reopened(self) -> "Holding":
        """The same repository, as the next process sees it."""
        return Holding(self.store, self.folder)

    def write(self, blobs: list[Blob]) -> list[bytes]:
        with BlobWriter(self) as writer:
            return [writer.add(kind, data) for kind, data in blobs]

    def reader(self, cache_size: int = 1 << 20) -> BlobReader:
        return BlobReader(self, cache_size)

    def names(self, prefix: str) -> list[str]:
        return sorted(self.store.list(prefix))

    def replace(self, name: str, content: bytes) -> None:
        """Damage an object: the name stays, the bytes change."""
        self.store.delete(name)
        self.store.put(name, [content])


def some_blobs(count: int, seed: int = 1) -> list[Blob]:
    """Blobs of all kinds, small and large, that compress and that do not."""
    chance = random.Random(seed)
    sizes = (1, 10, 300, 5000, 40_000, (128 << 10) - 1, 128 << 10, 300_000)
    return [_blob(chance, chance.choice(sizes)) for _ in range(count)]


def _blob(chance: random.Random, size: int) -> Blob:
    kind = chance.choice([BlobKind.DATA, BlobKind.DATA, BlobKind.TREE, BlobKind.PAGE, BlobKind.LIST])
    if chance.random() < 0.5:
        return kind, chance.randbytes(size)
    return kind, (chance.randbytes(8) * (size // 8 + 1))[:size]


def short_id(number: int) -> bytes:
    return blake3(b"short %d" % number).digest(16)


def some_entry(number: int, blobs: int, in_frame: int = 10) -> PackEntry:
    """A pack that is in no store, for tests of what only handles entries. Blobs: `short_id(number << 32 | n)`."""
    counts = [min(in_frame, blobs - at) for at in range(0, blobs, in_frame)]
    lengths = array("I", [100 + at % 7 for at in range(blobs)])
    starts = range(0, blobs, in_frame)
    plain = array("I", [sum(lengths[at : at + in_frame]) for at in starts])
    directory = PackDirectory(
        sealed_sizes=array("I", [size + 16 for size in plain]),
        plain_sizes=plain,
        codecs=bytes(len(plain)),
        blob_counts=array("H", counts),
        kinds=bytes(blobs),
        lengths=lengths,
        ids=b"".join(short_id(number << 32 | at) for at in range(blobs)),
    )
    pack = PackId(blake3(b"pack %d" % number).digest())
    return PackEntry(pack, 1 << 20, Sealer(ObjectKind.DATA, KEYS, salt=b"s" * 32).header, directory)


def filled_pack(kind: ObjectKind, frames: list[list[Blob]]) -> tuple[PackEntry, bytes]:
    """A pack with these frames, stored plain."""
    pack = OpenPack(kind, KEYS, memoryview(bytearray(PACK_SIZE)))
    for blobs in frames:
        frame = Frame(kind)
        for blob_kind, data in blobs:
            frame.add(blob_kind, blake3(data, key=KEYS.id_key(blob_kind)).digest(16), len(data))
        frame.close()
        pack.seal(frame, 0, b"".join(data for _, data in blobs))
    entry, content = pack.finish()
    return entry, bytes(content)
