"""What the kernel is told of entries, and how much of a listing fits."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st
from tests.fs.listings import parse_listing

from yester.fs.records import Attributes, Room, attributes_record, dot_record, entry_record, listed_record

WORD = st.integers(0, 2**32 - 1)
LONG = st.integers(0, 2**64 - 1)
TIME = st.integers(-(2**63), 2**63 - 1)
ATTRIBUTES = st.builds(
    Attributes, LONG, WORD, WORD, WORD, WORD, WORD, LONG, LONG, TIME, TIME, TIME, st.sampled_from([0.0, 1.0, 1e7, 0.5])
)


@given(ATTRIBUTES, st.binary(min_size=1, max_size=1024), st.integers(0, 2**63 - 1))
def test_what_is_told_is_what_the_kernel_reads(attributes: Attributes, name: bytes, after: int) -> None:
    record = listed_record(attributes, name, after)
    (listed,) = parse_listing(record)
    told = asdict(attributes)
    assert listed.inode == listed.number == told.pop("st_ino")
    assert (listed.name, listed.after, listed.kind) == (name, after, attributes.st_mode >> 12)
    assert told == {field: getattr(listed, field) for field in told}
    assert len(record) % 8 == 0
    assert entry_record(attributes) == record[:128]
    assert attributes_record(attributes)[16:] == record[40:128]


def test_dots_are_folders_that_the_kernel_knows_already() -> None:
    (dot,) = parse_listing(dot_record(b"..", 7, 2))
    assert (dot.name, dot.inode, dot.number, dot.after, dot.kind) == (b"..", 0, 7, 2, 4)


@given(st.lists(st.integers(1, 50).map(bytes)), st.integers(0, 400), st.integers(0, 5))
def test_as_much_is_taken_as_fits(records: list[bytes], size: int, start: int) -> None:
    one_by_one, at_once = Room(size), Room(size)
    whole = all(one_by_one.add(record) for record in records[start:])
    assert at_once.extend(records, start) == whole
    assert at_once.taken == one_by_one.taken == records[start : start + len(at_once.taken)]
    assert sum(map(len, at_once.taken)) <= size
    if whole:
        assert at_once.add(bytes(size - sum(map(len, at_once.taken))))
