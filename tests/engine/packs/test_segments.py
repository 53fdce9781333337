import os
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.holding import short_id, some_entry

from yester.engine.ids import FragmentId
from yester.engine.packs import segment_writing
from yester.engine.packs.packs import PackEntry
from yester.engine.packs.segment_writing import Records, Run, pack_row, plan_merge, sweep, write_segment
from yester.engine.packs.segments import Location, Segment, SegmentDamaged, place_of


def fragment(number: int) -> FragmentId:
    return FragmentId(number.to_bytes(32))


def segment_of(folder: Path, entries: Sequence[PackEntry], number: int = 1) -> Segment:
    return write_segment(folder, [Records(entries)], {fragment(number)}, set(), map(pack_row, entries))


def find(segment: Segment, short: bytes, denied: Collection[bytes] = ()) -> Location | None:
    record = segment.find(short, place_of(short), denied)
    return None if record is None else segment.location(record)


def merged(folder: Path, parts: Sequence[Segment]) -> Segment:
    runs: list[Run] = list(parts)
    fragments = frozenset[FragmentId]().union(*(part.fragments for part in parts))
    return write_segment(folder, runs, fragments, set(), (row for part in parts for row in part.pack_rows()))


@pytest.mark.parametrize("blobs", [1, 7, 8, 9, 100, 5000])
def test_every_blob_is_found_where_the_directory_says(tmp_path: Path, blobs: int) -> None:
    entry = some_entry(1, blobs)
    segment = Segment(segment_of(tmp_path, [entry]).path)
    directory = entry.directory
    for at in range(blobs):
        place = find(segment, short_id(1 << 32 | at))
        assert place is not None
        frame = at // 10
        assert (place.pack, place.kind, place.header, place.pack_size) == (
            entry.pack,
            entry.kind,
            entry.header,
            entry.size,
        )
        assert (place.frame, place.offset, place.codec) == (frame, directory.offsets[frame], directory.codecs[frame])
        assert (place.sealed_size, place.plain_size) == (directory.sealed_sizes[frame], directory.plain_sizes[frame])
        assert (place.start, place.size) == (sum(directory.lengths[frame * 10 : at]), directory.lengths[at])
    assert all(find(segment, short_id(at)) is None for at in range(1000))
    assert len(segment) == blobs
    assert list(segment.packs()) == [entry.pack]


def test_a_segment_of_an_empty_fragment_holds_nothing(tmp_path: Path) -> None:
    segment = segment_of(tmp_path, [])
    assert (len(segment), find(segment, bytes(16)), find(segment, b"\xff" * 16)) == (0, None, None)
    assert segment.fragments == {fragment(1)}


def test_ids_that_share_all_leading_bits_are_told_apart(tmp_path: Path) -> None:
    entry = some_entry(1, 300)
    directory = entry.directory
    alike = b"".join(bytes(8) + number.to_bytes(8) for number in range(300))
    object.__setattr__(directory, "ids", alike)
    segment = segment_of(tmp_path, [entry])
    places = [find(segment, bytes(8) + number.to_bytes(8)) for number in (0, 15, 299)]
    assert [place.frame for place in places if place] == [0, 1, 29]
    assert find(segment, bytes(8) + (300).to_bytes(8)) is None


def test_an_id_that_only_appears_across_two_records_is_not_found(tmp_path: Path) -> None:
    entry = some_entry(1, 64)
    segment = segment_of(tmp_path, [entry])
    data = segment.path.read_bytes()
    records = data[-64 * 52 :]
    for shift in range(1, 52):
        assert find(segment, records[shift : shift + 16]) is None


def test_a_blob_in_a_denied_pack_is_found_in_another(tmp_path: Path) -> None:
    first, second = some_entry(1, 20), some_entry(2, 20)
    object.__setattr__(second.directory, "ids", first.directory.ids)
    segment = segment_of(tmp_path, [first, second])
    blob = short_id(1 << 32 | 5)
    for denied, kept in ((first, second), (second, first)):
        place = find(segment, blob, {denied.pack[:12]})
        assert place is not None
        assert place.pack == kept.pack
    assert find(segment, blob, {first.pack[:12], second.pack[:12]}) is None


def test_merging_keeps_every_record_whatever_the_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_writing, "_SLICE", 64)
    entries = [some_entry(number, 40 * number) for number in range(1, 9)]
    parts = [segment_of(tmp_path, [entry], number) for number, entry in enumerate(entries)]
    whole = merged(tmp_path, parts)
    assert len(whole) == sum(map(len, parts))
    assert whole.fragments == {fragment(number) for number in range(8)}
    assert set(whole.packs()) == {entry.pack for entry in entries}
    for number in range(1, 9):
        for at in range(40 * number):
            blob = short_id(number << 32 | at)
            part = parts[number - 1]
            assert find(whole, blob) == find(part, blob) is not None
    at_once = segment_of(tmp_path, entries, 99)
    assert at_once.between(bytes(16), None) == whole.between(bytes(16), None)


def test_any_flipped_byte_is_noticed_at_opening_or_when_its_block_is_touched(tmp_path: Path) -> None:
    entry = some_entry(1, 50)
    path = segment_of(tmp_path, [entry]).path
    good = path.read_bytes()
    for position in range(len(good)):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x40]) + good[position + 1 :])
        with pytest.raises(SegmentDamaged):
            segment = Segment(path)
            find(segment, short_id(1 << 32 | 3))


@pytest.mark.parametrize("size", [0, 1, 63, 95, 96, 500, -1])
def test_a_truncated_file_is_noticed_at_opening(tmp_path: Path, size: int) -> None:
    path = segment_of(tmp_path, [some_entry(1, 50)]).path
    good = path.read_bytes()
    path.write_bytes(good[:size])
    with pytest.raises(SegmentDamaged):
        Segment(path)


def test_a_file_that_is_gone_is_noticed_at_opening(tmp_path: Path) -> None:
    with pytest.raises(SegmentDamaged):
        Segment(tmp_path / "none.segment")


def test_records_of_many_blocks_are_verified_block_by_block(tmp_path: Path) -> None:
    entry = some_entry(1, 10_000)
    path = segment_of(tmp_path, [entry]).path
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)
    segment = Segment(path)
    found = damaged = 0
    for at in range(0, 10_000, 10):
        try:
            found += find(segment, short_id(1 << 32 | at)) is not None
        except SegmentDamaged:
            damaged += 1
    assert found + damaged == 1000
    assert 0 < damaged < 500


def test_nothing_unfinished_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        segment_of(tmp_path, [some_entry(1, 5)])
    assert list(tmp_path.iterdir()) == []


def test_what_killed_writers_left_is_swept_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / ".old.unfinished", tmp_path / ".new.unfinished"
    for path, age in ((old, 100_000), (new, 1000)):
        path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    sweep(tmp_path, 1_000_000)
    assert list(tmp_path.iterdir()) == [new]


@given(st.lists(st.integers(0, 10**8), max_size=40))
def test_merging_leaves_few_segments_that_halve_in_size(sizes: list[int]) -> None:
    counts = sorted(sizes, reverse=True)
    count = plan_merge(counts)
    assert count != 1
    after = counts[: len(counts) - count] + ([sum(counts[-count:])] if count else [])
    assert len(after) <= 8
    assert sum(after) == sum(counts)


def test_a_record_is_copied_a_few_times_in_its_life() -> None:
    counts: list[int] = []
    copied = 0
    for _ in range(1000):
        counts = sorted([*counts, 100], reverse=True)
        count = plan_merge(counts)
        if count:
            copied += sum(counts[-count:])
            counts = sorted([*counts[:-count], sum(counts[-count:])], reverse=True)
    assert copied < 12 * sum(counts)
