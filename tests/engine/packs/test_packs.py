from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.holding import KEYS, filled_pack, some_entry

from yester.engine.errors import DamageError
from yester.engine.ids import BlobKind
from yester.engine.packs.packs import PACK_SIZE, Frame, OpenPack, PackDirectory, list_packs, pack_kind, read_directory
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.sealing import Domain, ObjectKind, Opener, object_name
from yester.plugins.backends.memory import MemoryStore

DATA = ObjectKind.DATA


@st.composite
def directories(draw: st.DrawFn) -> PackDirectory:
    frames = draw(st.lists(st.lists(st.integers(0, 5000), min_size=1, max_size=5), max_size=8))
    codecs = draw(st.lists(st.integers(0, 1), min_size=len(frames), max_size=len(frames)))
    plain = [sum(lengths) for lengths in frames]
    blobs = sum(map(len, frames))
    return PackDirectory(
        sealed_sizes=array("I", [16 + size // (1 + codec) for size, codec in zip(plain, codecs, strict=True)]),
        plain_sizes=array("I", plain),
        codecs=bytes(codecs),
        blob_counts=array("H", map(len, frames)),
        kinds=bytes(draw(st.lists(st.integers(0, 6), min_size=blobs, max_size=blobs))),
        lengths=array("I", [length for lengths in frames for length in lengths]),
        ids=draw(st.binary(min_size=16 * blobs, max_size=16 * blobs)),
    )


@given(directories())
def test_a_directory_comes_back_as_it_was(directory: PackDirectory) -> None:
    assert PackDirectory.decode(directory.encode(), "data.x") == directory


@given(directories(), st.data())
def test_a_changed_directory_is_refused_or_agrees_with_itself(directory: PackDirectory, data: st.DataObject) -> None:
    encoded = bytearray(directory.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decoded = PackDirectory.decode(encoded, "data.x")
    except DamageError as error:
        assert "data.x" in error.what
    else:
        assert sum(decoded.blob_counts) == decoded.blobs == len(decoded.lengths)
        assert sum(decoded.plain_sizes) == sum(decoded.lengths)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_directory_raise_nothing_but_damage(data: bytes) -> None:
    try:
        PackDirectory.decode(data, "data.x")
    except DamageError:
        return
    assert len(data) >= 8


def test_a_directory_that_claims_billions_of_blobs_allocates_nothing() -> None:
    with pytest.raises(DamageError):
        PackDirectory.decode(b"\xff" * 8 + bytes(100), "data.x")


def test_the_bytes_of_a_directory_are_fixed() -> None:
    directory = PackDirectory(
        array("I", [0x26, 0x13]),
        array("I", [0x16, 8]),
        b"\0\1",
        array("H", [2, 1]),
        b"\0\0\1",
        array("I", [20, 2, 8]),
        bytes(range(48)),
    )
    assert directory.encode().hex() == (
        "0200000003000000" "2600000013000000" "1600000008000000" "0001" "02000100" "000001"
        "140000000200000008000000" + bytes(range(48)).hex()
    )  # fmt: skip
    assert PackDirectory.decode(directory.encode(), "x") == directory
    assert directory.offsets == [48, 86, 105]


FRAMES = [[(BlobKind.DATA, b"first"), (BlobKind.DATA, b"second" * 50)], [(BlobKind.DATA, bytes(5000))]]


def test_a_pack_says_what_is_in_it() -> None:
    entry, content = filled_pack(DATA, FRAMES)
    store = MemoryStore()
    store.put(entry.name, [content])
    assert list(list_packs(store)) == [entry.name]
    assert read_directory(store, entry.name, KEYS) == entry
    assert entry.name == object_name(DATA, [content])
    assert entry.size == len(content) == 65536
    opener = Opener(content[:48], KEYS, entry.name)
    offsets = entry.directory.offsets
    frames = [opener.open(Domain.FRAME, number, content[offsets[number] : offsets[number + 1]]) for number in (0, 1)]
    assert frames == [b"first" + b"second" * 50, bytes(5000)]


def test_names_that_only_look_like_packs_are_passed_over() -> None:
    store = MemoryStore()
    store.put("data.no-digest", [b""])
    store.put("meta." + "0" * 64, [b""])
    assert list(list_packs(store)) == ["meta." + "0" * 64]


def test_a_flipped_bit_in_header_directory_or_footer_is_damage() -> None:
    entry, content = filled_pack(DATA, FRAMES)
    end = entry.directory.offsets[-1]
    regions = [*range(48), *range(end, end + 40), *range(len(content) - 64, len(content))]
    for position in regions:
        store = MemoryStore()
        store.put(entry.name, [content[:position], bytes([content[position] ^ 1]), content[position + 1 :]])
        with pytest.raises(DamageError, match=entry.name):
            read_directory(store, entry.name, KEYS)


@pytest.mark.parametrize("size", [0, 47, 48, 111, 112, 5000, 65535])
def test_a_truncated_pack_is_damage(size: int) -> None:
    entry, content = filled_pack(DATA, FRAMES)
    store = MemoryStore()
    store.put(entry.name, [content[:size]])
    with pytest.raises(DamageError, match=entry.name):
        read_directory(store, entry.name, KEYS)


def test_a_data_pack_does_not_pass_for_a_metadata_pack() -> None:
    entry, content = filled_pack(DATA, FRAMES)
    store = MemoryStore()
    name = entry.name.replace("data.", "meta.")
    store.put(name, [content])
    with pytest.raises(DamageError):
        read_directory(store, name, KEYS)


def test_a_pack_is_full_where_the_padding_is_small() -> None:
    pack = OpenPack(DATA, KEYS, memoryview(bytearray(PACK_SIZE)))
    stored = bytes(100_000)
    while pack.fits(len(stored) + 16, 1):
        frame = Frame(DATA)
        frame.add(BlobKind.DATA, bytes(16), len(stored))
        frame.close()
        pack.seal(frame, 0, stored)
    entry, _ = pack.finish()
    assert entry.size == PACK_SIZE
    assert PACK_SIZE - entry.directory.offsets[-1] < 110_000


@settings(max_examples=20)
@given(st.integers(0, 40), st.integers(1, 7))
def test_directories_of_many_blobs_fit_into_the_room_kept_for_them(frames: int, in_frame: int) -> None:
    blobs = [[(BlobKind.DATA, b"%d %d" % (row, at)) for at in range(in_frame)] for row in range(frames)]
    entry, content = filled_pack(DATA, blobs)
    assert entry.directory.blobs == frames * in_frame
    assert len(content) == entry.size


def test_only_data_lies_in_data_packs() -> None:
    kinds = {kind: pack_kind(kind) for kind in BlobKind}
    assert [kind for kind, pack in kinds.items() if pack is DATA] == [BlobKind.DATA]
    assert some_entry(1, 1).kind is DATA


GOLDEN_BODY = bytes.fromhex(
    "796573746572010200000100010000008d8f11c24e3a263032192069666a7316fb088f2d50799cf22d9ddcf3440f8913c858bb9426be"
    "459d868e2c826c580bfb4b00ca95513256f4b27a4a3152a04e678c5c5d1b00d1e4ce22913f05bf39f9eb247e27ac8e7610e99c5ba4db"
    "bf1ada90a48cb032fc6d05412a0144842a03552e8e02e3d130b6e6972428b9f6c628e623cdbae09861e3ef4ed5bf13b1792d"
)
GOLDEN_FOOTER = bytes.fromhex(
    "24f47ea8576264b2b07f3bec4ef39ac2c760fb71db2502ee39dcdf3f49e82cbef0968b1883b448d3da5fd5b5c8b8401aa1c807c5c978"
    "10cb3475ef88ba0e05b1"
)


def test_a_pack_of_format_1_is_read_for_ever() -> None:
    store = MemoryStore()
    content = GOLDEN_BODY + bytes(65536 - len(GOLDEN_BODY) - len(GOLDEN_FOOTER)) + GOLDEN_FOOTER
    name = object_name(ObjectKind.META, [content])
    store.put(name, [content])
    entry = read_directory(store, name, KEYS)
    directory = entry.directory
    assert list(directory.offsets) == [48, 48 + 12 + 16]
    assert list(directory.lengths) == [6, 6]
    assert directory.kinds == bytes([BlobKind.TREE, BlobKind.TEXT])
    plain = Opener(entry.header, KEYS, name).open(Domain.FRAME, 0, content[48:76])
    assert plain == b"goldensilver"
    ids = [
        blob_id(KEYS.id_key(BlobKind(kind)), data)[:16]
        for kind, data in zip(directory.kinds, (b"golden", b"silver"), strict=True)
    ]
    assert directory.ids == b"".join(ids)
