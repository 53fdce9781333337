"""What claims to be huge, or to be in itself, is refused before it costs memory: by every decoder, though its bytes be
sealed and named as they should.
"""

import struct
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import zstandard
from blake3 import blake3
from tests.engine.holding import KEYS, Holding
from tests.engine.metadata import MemoryBlobs, file_entry

from yester.engine.capture.walk import _MAX_DEPTH
from yester.engine.errors import DamageError, RepositoryError
from yester.engine.ids import BlobId, BlobKind, ListId, TreeId
from yester.engine.packs.compression import decompress
from yester.engine.packs.fragments import Fragment
from yester.engine.packs.packs import PACK_SIZE, Frame, OpenPack, PackDirectory, read_directory
from yester.engine.packs.reading import BlobReader
from yester.engine.sealed.clear import ClearKind, encode_clear
from yester.engine.sealed.config import decode_config
from yester.engine.sealed.keys import MasterKey
from yester.engine.sealed.keyslots import open_slot
from yester.engine.sealed.sealing import Domain, ObjectKind, Opener, Sealer, object_name, open_record
from yester.engine.trees.directories import Directory
from yester.engine.trees.links import LinkTable
from yester.engine.trees.lists import BlobList, ExtentList
from yester.engine.trees.page_builder import PageBuilder
from yester.engine.trees.page_columns import HEADER
from yester.engine.trees.pages import Page
from yester.engine.trees.xattrs import decode_set
from yester.plugins.backends.memory import MemoryStore

GIB = 1 << 30
FEW = 32 << 20
"""More than any refusal may take."""


def zstd_that_claims(size: int, content: bytes = b"\x01\x00\x00") -> bytes:
    """A zstd frame of one block, an empty last one if not told otherwise, whose header gives this content size."""
    return bytes.fromhex("28b52ffd") + b"\xe0" + size.to_bytes(8, "little") + content


def zstd_with_a_window_of_terabytes(size: int) -> bytes:
    return bytes.fromhex("28b52ffd") + b"\x80\xff" + size.to_bytes(4, "little") + b"\x01\x00\x00"


def zeros_repeated(size: int) -> bytes:
    """A whole zstd frame of zeros in a few bytes a megabyte."""
    return zstandard.ZstdCompressor().compress(bytes(size))


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < FEW
    finally:
        tracemalloc.stop()


def stored_pack(text: bytes, frames: int = 0, blobs: int = 0) -> tuple[MemoryStore, str]:
    """A pack without frames whose directory is sealed from this text."""
    sealer = Sealer(ObjectKind.META, KEYS)
    directory = sealer.seal(Domain.DIRECTORY, 0, text)
    footer = struct.pack("<QIIIQ20x", 48, len(directory), frames, blobs, 48 + len(directory) + 64)
    content = (sealer.header + directory).ljust(65536 - 64, b"\0") + sealer.seal(Domain.FOOTER, 0, footer)
    store, name = MemoryStore(), object_name(ObjectKind.META, [content])
    store.put(name, [content])
    return store, name


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\1",
        struct.pack("<BI", 1, 2**32 - 1) + zstd_that_claims(8 * GIB),
        struct.pack("<BI", 1, 32 << 20) + zstd_that_claims(8 * GIB),
        struct.pack("<BI", 1, 2**32 - 1) + zstd_that_claims(2**32 - 1),
        struct.pack("<BI", 1, 100) + zeros_repeated(256 << 20),
        struct.pack("<BI", 1, 100) + zstd_with_a_window_of_terabytes(100),
        struct.pack("<BI", 2, 8) + bytes(8),
        struct.pack("<BI", 0, 8) + b"\xff" * 8,
        struct.pack("<BI", 0, 8) + struct.pack("<II", 65_536, 0),
    ],
)
def test_directories_of_packs(text: bytes) -> None:
    store, name = stored_pack(text)
    with little_memory(), pytest.raises(DamageError, match=name):
        read_directory(store, name, KEYS)


@pytest.mark.parametrize("fields", [(2**63, 2**31), (48, 2**32 - 1), (2**64 - 1, 64), (0, 48), (65_536 - 64, 64)])
def test_footers_of_packs(fields: tuple[int, int]) -> None:
    sealer = Sealer(ObjectKind.META, KEYS)
    offset, size = fields
    footer = struct.pack("<QIIIQ20x", offset, size, 0, 0, (offset + size + 64) % 2**64)
    content = sealer.header.ljust(65536 - 64, b"\0") + sealer.seal(Domain.FOOTER, 0, footer)
    store, name = MemoryStore(), object_name(ObjectKind.META, [content])
    store.put(name, [content])
    with little_memory(), pytest.raises(DamageError, match=name):
        read_directory(store, name, KEYS)


@pytest.mark.parametrize(
    "stored",
    [
        zstd_that_claims(8 * GIB),
        zstd_that_claims(1000),
        zeros_repeated(256 << 20),
        zeros_repeated(1000) + b"more",
        zeros_repeated(1000) + zeros_repeated(1000),
        zstd_with_a_window_of_terabytes(1000),
        zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1000)),
        b"",
    ],
)
def test_frames(tmp_path: Path, stored: bytes) -> None:
    """The index says a thousand bytes; what is sealed in the pack says or gives something else."""
    with pytest.raises(ValueError, match="frame"), little_memory():
        decompress(stored, 1000)
    data = bytes(1000)
    short = blake3(data, key=KEYS.id_key(BlobKind.DATA)).digest()
    frame = Frame(ObjectKind.DATA)
    frame.add(BlobKind.DATA, short[:16], len(data))
    frame.close()
    pack = OpenPack(ObjectKind.DATA, KEYS, memoryview(bytearray(PACK_SIZE)))
    pack.seal(frame, 1, stored)
    entry, content = pack.finish()
    holding = Holding(MemoryStore(), tmp_path / "index")
    holding.store.put(entry.name, [content])
    holding.index.add_packs([entry])
    with pytest.raises(DamageError, match=entry.name), little_memory():
        BlobReader(holding).blob(BlobKind.DATA, short)


@pytest.mark.parametrize("kind", ObjectKind)
@pytest.mark.parametrize(
    "stored",
    [zstd_that_claims(8 * GIB), zeros_repeated(300 << 20), zstd_with_a_window_of_terabytes(1000), b""],
)
@pytest.mark.parametrize("plain", [1000, 8 << 20, 2**32 - 1])
def test_records(kind: ObjectKind, stored: bytes, plain: int) -> None:
    sealer = Sealer(kind, KEYS)
    content = sealer.header + sealer.seal(Domain.RECORD, 0, struct.pack("<BII", 1, len(stored), plain) + stored)
    name = object_name(kind, [content])
    with little_memory(), pytest.raises(DamageError, match=name):
        open_record(kind, KEYS, name, content)


HUGE_ARRAY, HUGE_MAP, HUGE_BYTES = b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"
DEEP = b"\x91" * 1_000_000


@pytest.mark.parametrize("body", [HUGE_ARRAY, HUGE_MAP, HUGE_BYTES, DEEP, b"\x81\xa1x" + DEEP[:900_000]])
def test_config_and_keys(body: bytes) -> None:
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _MAX_DEPTH))  # as after a walk: the C stack must bear it
    for decode in (
        lambda: decode_config(encode_clear(ClearKind.CONFIG, body, bytes(32))),
        lambda: open_slot(encode_clear(ClearKind.KEY, body), None),
        lambda: MasterKey.decode(body),
    ):
        with little_memory(), pytest.raises((DamageError, RepositoryError)):
            decode()


def test_a_master_key_of_many_epochs() -> None:
    data = msgspec.msgpack.encode({"identity": bytes(32), "epochs": [[n, bytes(32)] for n in range(1, 5000)]})
    with pytest.raises(DamageError):
        MasterKey.decode(data)


def leaf(**columns: bytes) -> bytes:
    """A sound leaf of one row with some columns replaced, by number."""
    builder = PageBuilder()
    builder.add(file_entry(b"name"))
    node = builder.encode()[0]
    mask = HEADER.unpack_from(node)[-1]
    present = [bit for bit in range(31) if mask >> bit & 1]
    ends = struct.unpack_from(f"<{len(present)}I", node, HEADER.size)
    starts = (HEADER.size + 4 * len(present), *ends)
    found = {bit: node[a:b] for bit, a, b in zip(present, starts, ends, strict=False)}
    found |= {int(key[1:]): value for key, value in columns.items()}
    size, made = HEADER.size + 4 * len(found), []
    for bit in sorted(found):
        size += len(found[bit])
        made.append(size)
    head = HEADER.pack(1, 0, 0, 1, 1, sum(1 << bit for bit in found)) + struct.pack(f"<{len(made)}I", *made)
    return head + b"".join(found[bit] for bit in sorted(found))


@pytest.mark.parametrize(
    "columns",
    [
        {"_4": HUGE_ARRAY},
        {"_4": b"\x91\x94\x00\x00" + HUGE_BYTES},
        {"_4": DEEP},
        {"_4": bytes(2 << 20)},
        {"_0": struct.pack("<I", 2**32 - 1)},
        {"_13": struct.pack("<I", 2**32 - 1)},
        {"_23": struct.pack("<I", 2**32 - 1)},
        {"_25": struct.pack("<IHI", 1, 0, 2**32 - 1)},
        {"_26": struct.pack("<IHI", 1, 0, 1 + 16 * 33) + bytes(1 + 16 * 33)},
        {"_29": struct.pack("<IHI", 1, 0, 5) + HUGE_MAP},
    ],
)
def test_columns_of_a_leaf(columns: dict[str, bytes]) -> None:
    Page(leaf()).check()
    with little_memory(), pytest.raises(DamageError):
        Page(leaf(**columns)).check()


@pytest.mark.parametrize(
    "head",
    [
        (2, 0, 0, 1, 1),
        (1, 16, 0, 1, 1),
        (1, 255, 0, 1, 1),
        (1, 0, 1, 1, 1),
        (1, 0, 0x8000, 1, 1),
        (1, 0, 0, 1025, 1025),
        (1, 0, 0, 2**32 - 1, 2**32 - 1),
        (1, 0, 0, 1, 2**48 + 1),
        (1, 0, 0, 1, 2**64 - 1),
        (1, 0, 0, 0, 0),
    ],
)
def test_heads_of_nodes(head: tuple[int, ...]) -> None:
    node = leaf()
    with little_memory(), pytest.raises(DamageError):
        Page(HEADER.pack(*head, HEADER.unpack_from(node)[-1]) + node[HEADER.size :])


SELF = BlobId(b"self" * 8)


@pytest.mark.parametrize("height", [1, 2, 15])
def test_nodes_in_themselves(height: int) -> None:
    """A store that lies about ids could do this; each node must be one lower than its parent."""
    blobs = MemoryBlobs()
    names = struct.pack("<I", 1) + b"a"
    sums = struct.pack("<QQQqII", 5, 5, 5, 5, 0, 0)
    columns = [names[:4], names[4:], SELF, *(sums[a:b] for a, b in ((0, 8), (8, 16), (16, 24), (24, 32)))]
    columns += [sums[32:36], sums[36:40], struct.pack("<Q", 5)]
    mask = sum(1 << bit for bit in (0, 1, 14, 17, 18, 19, 20, 21, 22, 30))
    end, ends = HEADER.size + 4 * len(columns), []
    for column in columns:
        end += len(column)
        ends.append(end)
    node = HEADER.pack(1, height, 0, 1, 5, mask) + struct.pack(f"<{len(ends)}I", *ends) + b"".join(columns)
    blobs[BlobKind.TREE, SELF] = blobs[BlobKind.PAGE, SELF] = node
    directory = Directory(blobs, TreeId(SELF))
    for use in (lambda: list(directory.leaves()), lambda: directory.find(b"b"), lambda: directory.at_ordinal(3)):
        with pytest.raises(DamageError):
            use()


LISTS: list[tuple[int, bytes, Callable[[MemoryBlobs], object]]] = [
    (0, struct.pack("<Q", 5), lambda blobs: list(BlobList(blobs, ListId(SELF)))),
    (1, struct.pack("<QQ", 5, 5), lambda blobs: list(ExtentList(blobs, ListId(SELF)))),
    (2, struct.pack("<QQ", 5, 1), lambda blobs: LinkTable(blobs, ListId(SELF)).first(5)),
    (2, struct.pack("<QQ", 5, 1), lambda blobs: list(LinkTable(blobs, ListId(SELF)))),
]


@pytest.mark.parametrize("height", [1, 2, 15])
@pytest.mark.parametrize(("kind", "columns", "read"), LISTS)
def test_lists_in_themselves(kind: int, columns: bytes, read: Callable[[MemoryBlobs], object], height: int) -> None:
    blobs = MemoryBlobs()
    blobs[BlobKind.LIST, SELF] = struct.pack("<BBHI", 1, height, kind, 1) + columns + SELF
    with pytest.raises(DamageError):
        read(blobs)


def test_counts_beyond_the_bytes() -> None:
    for data in (b"\xff" * 8, struct.pack("<II", 0, 2**32 - 1), struct.pack("<I", 0) + b"\xff" * 96):
        with little_memory(), pytest.raises(DamageError):
            Fragment.decode(data, "index.x")
        with little_memory(), pytest.raises(DamageError):
            PackDirectory.decode(data, "data.x")
    for data in (b"\xff\xff\xff\xff\xff\xff", b"\1\0\xff\xff\xff\xffa"):
        with little_memory(), pytest.raises(DamageError):
            decode_set(data)


@pytest.mark.parametrize("kind", ObjectKind)
@pytest.mark.parametrize(
    ("offset", "value"), [(6, 0), (6, 2), (7, 0), (7, 10), (8, 2), (8, 3), (9, 1), (10, 0), (11, 1)]
)
def test_no_object_of_a_form_that_is_not_known_is_opened(kind: ObjectKind, offset: int, value: int) -> None:
    header = bytearray(Sealer(kind, KEYS).header)
    header[offset] = value
    with pytest.raises((DamageError, RepositoryError)):
        Opener(header, KEYS, object_name(kind, [header]), verified=True)
