"""One bit a copy: what is needed, and of which blob there are several copies."""

from pathlib import Path

import pytest
from tests.engine.holding import short_id, some_entry

from yester.engine.packs.segment_writing import Records, pack_row, write_segment
from yester.engine.prune.needs import Needs


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    """Two packs of 100 blobs; the second one is named twice."""
    one, two = some_entry(1, 100), some_entry(2, 100)
    runs = [Records([one, two]), Records([two])]
    return Needs(write_segment(tmp_path, runs, (), (), map(pack_row, (one, two))))


def id_of(pack: int, blob: int) -> bytes:
    return short_id(pack << 32 | blob)


def test_a_blob_is_new_once(needs: Needs) -> None:
    assert needs.refer(id_of(1, 5) + bytes(16)) is True
    assert needs.refer(id_of(1, 5)) is False
    assert needs.refer(bytes(16)) is None
    [(rows, records)] = needs.blobs()
    assert (len(rows), len(records)) == (1, 1)


def test_a_pack_that_is_named_twice_has_one_copy(needs: Needs) -> None:
    needs.refer(id_of(2, 7))
    [(rows, records)] = needs.blobs()
    assert len(rows) == len(records) == 2
    [(row, copy)] = needs.copies(id_of(2, 7))
    assert row == rows.start
    assert copy.short == id_of(2, 7)
    needs.keep(rows, row)
    assert [each in needs for each in rows] == [True, False]


def test_all_blobs_are_found_in_order(needs: Needs) -> None:
    wanted = {id_of(pack, blob) for pack in (1, 2) for blob in range(0, 100, 3)}
    for short in wanted:
        assert needs.refer(short)
    found = [records[0][:16] for _, records in needs.blobs()]
    assert found == sorted(wanted)


def test_a_copy_of_the_bits_is_its_own(needs: Needs) -> None:
    needs.refer(id_of(1, 1))
    copied = needs.copy()
    copied.refer(id_of(1, 2))
    assert len(list(needs.blobs())) == 1
    assert len(list(copied.blobs())) == 2


def test_bits_take_an_eighth_of_a_byte(needs: Needs) -> None:
    assert len(needs._bits) == (300 + 7) // 8
