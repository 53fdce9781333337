"""Copying blobs out of packs that go: what comes out is what went in, in its order, under a fresh salt, or an error."""

from collections.abc import Collection
from pathlib import Path

import pytest
from tests.engine.holding import KEYS, Blob, Holding, filled_pack, some_blobs

from yester.engine.errors import DamageError, Missing
from yester.engine.ids import BlobKind, PackId
from yester.engine.packs.fragments import get_fragment
from yester.engine.packs.packs import PACK_SIZE, Frame, OpenPack, PackEntry
from yester.engine.prune.keeping import Verifier
from yester.engine.prune.repacking import Repacker
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.sealing import ObjectKind
from yester.plugins.backends.memory import MemoryStore

FRAMES: list[list[Blob]] = [[(BlobKind.DATA, bytes([frame, row]) * 500) for row in range(4)] for frame in range(6)]


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(MemoryStore(), tmp_path / "index")


@pytest.fixture
def entry(holding: Holding) -> PackEntry:
    entry, content = filled_pack(ObjectKind.DATA, FRAMES)
    holding.store.put(entry.name, [content])
    return entry


def short(data: bytes) -> bytes:
    return blob_id(KEYS.id_key(BlobKind.DATA), data)[:16]


def repacked(holding: Holding, entry: PackEntry, wanted: Collection[bytes]) -> list[PackEntry]:
    stored: list[PackEntry] = []
    repacker = Repacker(holding.store, KEYS, stored.append)
    repacker.copy(entry, lambda id, frame, start: id in wanted)
    repacker.flush()
    for each in stored:
        holding.index.add_packs([each])
    return stored


def test_whole_frames_stay_frames_and_others_become_new_ones_in_order(holding: Holding, entry: PackEntry) -> None:
    wanted = [data for frame in (0, 1) for _, data in FRAMES[frame]] + [FRAMES[2][1][1], FRAMES[4][3][1]]
    [new] = repacked(holding, entry, {short(data) for data in wanted})
    assert list(new.directory.blob_counts) == [4, 4, 2]
    assert [new.directory.ids[at : at + 16] for at in range(0, len(new.directory.ids), 16)] == list(map(short, wanted))
    assert list(new.directory.codecs[:2]) == list(entry.directory.codecs[:2])
    reader = holding.reader()
    for data in wanted:
        assert bytes(reader.blob(BlobKind.DATA, blob_id(KEYS.id_key(BlobKind.DATA), data))) == data


def test_nothing_is_sealed_under_an_old_salt(holding: Holding, entry: PackEntry) -> None:
    [new] = repacked(holding, entry, {short(data) for frame in FRAMES for _, data in frame})
    assert new.header[16:] != entry.header[16:]
    assert new.pack != entry.pack


def test_data_and_metadata_stay_apart(holding: Holding) -> None:
    ids = holding.write(some_blobs(60))
    wanted = {id[:16] for id in ids}
    stored: list[PackEntry] = []
    repacker = Repacker(holding.store, KEYS, stored.append)
    for fragment in holding.index.fragments():
        for entry in get_fragment(holding.store, KEYS, fragment).packs:
            repacker.copy(entry, lambda id, frame, start: id in wanted)
    repacker.flush()
    assert {each.kind for each in stored} == {ObjectKind.DATA, ObjectKind.META}
    for each in stored:
        assert all((kind == BlobKind.DATA) == (each.kind is ObjectKind.DATA) for kind in each.directory.kinds)


def test_a_damaged_frame_that_is_needed_is_an_error_and_one_that_is_not_is_none(
    holding: Holding, entry: PackEntry
) -> None:
    content = bytearray(holding.store.get(entry.name))
    content[entry.directory.offsets[3] + 5] ^= 1
    holding.replace(entry.name, bytes(content))
    needed = {short(data) for frame in (0, 1, 2, 4) for _, data in FRAMES[frame]}
    assert repacked(holding, entry, needed)
    with pytest.raises(DamageError, match=entry.name):
        repacked(holding, entry, needed | {short(FRAMES[3][0][1])})


def test_a_blob_that_is_not_what_its_id_says_is_not_passed_on(holding: Holding) -> None:
    """Sealed soundly, by somebody with the keys: the seal alone says nothing about the id."""
    pack = OpenPack(ObjectKind.DATA, KEYS, memoryview(bytearray(PACK_SIZE)))
    frame = Frame(ObjectKind.DATA)
    frame.add(BlobKind.DATA, short(b"true"), 4)
    frame.close()
    pack.seal(frame, 0, b"lies")
    entry, content = pack.finish()
    holding.store.put(entry.name, [bytes(content)])
    with pytest.raises(DamageError, match="is not what its id says"):
        repacked(holding, entry, {short(b"true")})
    holding.index.add_packs([entry])
    place = holding.index.locate(short(b"true"))
    assert place is not None
    assert not Verifier(holding.store, KEYS).is_sound(place, short(b"true"))


def test_a_pack_that_is_gone_is_missing(holding: Holding, entry: PackEntry) -> None:
    holding.store.delete(entry.name)
    with pytest.raises(Missing):
        repacked(holding, entry, {short(FRAMES[0][0][1])})
    assert PackId(entry.pack) not in holding.index.packs()
