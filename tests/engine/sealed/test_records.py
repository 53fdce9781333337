from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError
from yester.engine.sealed.records import (
    KINDS,
    Holding,
    Holdings,
    Label,
    Mark,
    Record,
    Session,
    Snapshot,
    Statistics,
    Tombstone,
    decode_record,
    encode_record,
)

NAME = "snap.00"
ID, WRITER = bytes(range(32)), bytes(range(16))
SNAPSHOT = Snapshot(
    time_ns=1,
    end_ns=2,
    host_id=WRITER,
    host="laptop",
    user="me",
    profile_id=WRITER,
    profile="docs",
    sources=(b"/home/me", b"/\xff"),
    root=b"root",
    writer=WRITER,
    sequence=3,
)
HOLDING = Holding(
    pack=ID,
    archive="guid",
    policy="policy",
    job="job",
    size=9,
    sha1="00" * 20,
    archived_ns=8,
    external_ids=("A00123:7",),
    archive_name="LTO library",
    volumes=("A00123",),
    verified_ns=9,
    is_trusted=True,
)
RECORDS: tuple[Record, ...] = (
    SNAPSHOT,
    Label(snapshot=ID, counter=1, writer=WRITER, tags=("a", "b"), name="n", pinned=True, note="x"),
    Tombstone(snapshot=ID, writer=WRITER, time_ns=4, reason="retention"),
    Session(id=WRITER, writer=WRITER, host="laptop", started_ns=5, purpose="snap"),
    Mark(packs=(ID,), fragments=(ID, ID), writer=WRITER, time_ns=6),
    Mark(packs=(ID,), fragments=(), writer=WRITER, time_ns=6, purge=True),
    Holdings(writer=WRITER, time_ns=7, held=(HOLDING,), released=(WRITER,), dropped=(WRITER,)),
)

ids = st.binary(min_size=32, max_size=32)
short_ids = st.binary(min_size=16, max_size=16)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**63 - 1)
statistics = st.builds(Statistics, entries=counts, size=counts, failed=counts, duration_ns=counts)
snapshots = st.builds(
    Snapshot,
    time_ns=times,
    end_ns=times,
    host_id=short_ids,
    host=texts,
    user=texts,
    profile_id=short_ids,
    profile=texts,
    sources=st.lists(st.binary(max_size=20), max_size=4).map(tuple),
    root=st.binary(max_size=50),
    writer=short_ids,
    sequence=counts,
    previous=st.none() | ids,
    parent=st.none() | ids,
    links=st.none() | ids,
    errors=st.none() | ids,
    profile_text=st.none() | ids,
    partial=st.booleans(),
    program=texts,
    statistics=statistics,
)


@given(snapshots)
def test_snapshots_come_back(snapshot: Snapshot) -> None:
    assert decode_record(Snapshot, encode_record(snapshot), NAME) == snapshot


@pytest.mark.parametrize("record", RECORDS)
def test_records_come_back(record: Record) -> None:
    assert decode_record(type(record), encode_record(record), NAME) == record


def test_golden_snapshot() -> None:
    """Fixed for ever: plain msgpack maps that any decoder can read."""
    assert msgspec.msgpack.decode(encode_record(SNAPSHOT)) == {
        "time_ns": 1,
        "end_ns": 2,
        "host_id": WRITER,
        "host": "laptop",
        "user": "me",
        "profile_id": WRITER,
        "profile": "docs",
        "sources": [b"/home/me", b"/\xff"],
        "root": b"root",
        "writer": WRITER,
        "sequence": 3,
    }


def changed(record: Record, **changes: object) -> bytes:
    fields = {**msgspec.msgpack.decode(encode_record(record)), **changes}
    return msgspec.msgpack.encode({key: value for key, value in fields.items() if value is not ...})


@pytest.mark.parametrize("record", RECORDS)
def test_tolerates_fields_of_later_programs(record: Record) -> None:
    data = changed(record, later={"deep": [1, {"deeper": b"x"}]})
    assert decode_record(type(record), data, NAME) == record


@pytest.mark.parametrize(
    "changes",
    [
        {"time_ns": "now"},
        {"time_ns": 1.5},
        {"time_ns": 2**64 - 1, "sequence": -1},
        {"sequence": -1},
        {"host": b"bytes"},
        {"sources": "text"},
        {"sources": ["text"]},
        {"writer": bytes(15)},
        {"previous": bytes(31)},
        {"previous": 0},
        {"root": None},
        {"root": ...},
        {"statistics": []},
        {"statistics": {"files": -1}},
        {"partial": 1},
    ],
)
def test_wrong_types_are_damage_that_names_the_object(changes: dict[str, Any]) -> None:
    with pytest.raises(DamageError, match=NAME):
        decode_record(Snapshot, changed(SNAPSHOT, **changes), NAME)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\xc0",
        b"\x90",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa5packs\xdd\xff\xff\xff\xff",
        b"\x81\xa1x\xc6\xff\xff\xff\xff",
        b"\x81\xa1x" + b"\x91" * 100_000,
        b"\x81\xa1\xff\x00",
    ],
)
def test_claims_beyond_the_data_are_damage(data: bytes) -> None:
    for kind in KINDS:
        with pytest.raises(DamageError, match=NAME):
            decode_record(kind, data, NAME)


@given(st.binary(max_size=200))
def test_hostile_bytes_survive(data: bytes) -> None:
    for kind in KINDS:
        with pytest.raises(DamageError):
            decode_record(kind, data, NAME)


@given(snapshots, st.integers(0, 10_000), st.integers(1, 255))
def test_changed_bytes_are_a_record_or_damage(snapshot: Snapshot, place: int, change: int) -> None:
    data = bytearray(encode_record(snapshot))
    data[place % len(data)] ^= change
    try:
        assert isinstance(decode_record(Snapshot, bytes(data), NAME), Snapshot)
    except DamageError as error:
        assert NAME in str(error)
