"""The conversation without a wire: what servers may send, and what none may."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.backends.sftp.packets import (
    Attributes,
    Data,
    Fields,
    Garbled,
    Handle,
    Kind,
    Names,
    Status,
    decode,
    extensions,
    hello,
    number32,
    number64,
    text,
)
from yester.plugins.backends.sftp.session import LARGEST_PACKET, Session

VERSION = struct.pack(">IBI", 5, 2, 3)


def answer(kind: Kind, number: int, body: bytes) -> bytes:
    return struct.pack(">IBI", 5 + len(body), kind, number) + body


def started() -> Session:
    session = Session()
    assert list(session.receive(VERSION)) == []
    assert session.offered == {}
    return session


def test_requests_as_the_draft_has_them() -> None:
    assert hello() == bytes.fromhex("0000000501 00000003")
    assert started().ask(Kind.LSTAT, (text(b"ab"),)) == (1, bytes.fromhex("0000000b 07 00000001"))


def test_extensions_are_known_by_name() -> None:
    assert extensions(Fields(bytes.fromhex("0200000003") + text(b"a@b") + text(b"1"))) == {b"a@b": b"1"}


@pytest.mark.parametrize(
    ("kind", "answer_kind", "body", "reply"),
    [
        (Kind.OPEN, Kind.HANDLE, text(b"h"), Handle(b"h")),
        (Kind.READ, Kind.DATA, text(b"abc"), Data(b"abc")),
        (Kind.READ, Kind.STATUS, number32(1) + text(b"End") + text(b""), Status(1, "End")),
        (Kind.CLOSE, Kind.STATUS, number32(0), Status(0)),
        (Kind.LSTAT, Kind.ATTRS, number32(5) + number64(7) + number32(0o100600), Attributes(7, 0o100600)),
        (Kind.LSTAT, Kind.ATTRS, number32(0x80000008) + bytes(4) + number32(9) + number32(1) + text(b"") * 2,
         Attributes(mtime=9)),
        (Kind.READDIR, Kind.NAME, number32(1) + text(b"n") + text(b"-rw n") + number32(0),
         Names(((b"n", Attributes()),))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_answers_come_whole_however_they_are_cut(
    kind: Kind, answer_kind: Kind, body: bytes, reply: object, step: int
) -> None:
    session = started()
    number, _ = session.ask(kind, ())
    data = answer(answer_kind, number, body)
    found = [each for at in range(0, len(data), step) for each in session.receive(data[at : at + step])]
    assert found == [(number, reply)]
    assert session.waiting == 0


def test_answers_come_in_any_order() -> None:
    session = started()
    numbers = [session.ask(Kind.READ, ())[0] for _ in range(5)]
    data = b"".join(answer(Kind.DATA, number, text(bytes([number]))) for number in reversed(numbers))
    assert [number for number, _ in session.receive(data)] == numbers[::-1]


@pytest.mark.parametrize(
    "data",
    [
        answer(Kind.STATUS, 7, number32(0)),
        answer(Kind.DATA, 1, text(b"x")),
        answer(Kind.STATUS, 1, number32(0)) * 2,
        answer(Kind.HANDLE, 1, number32(1000) + b"x"),
        struct.pack(">IB", 1, 99),
        struct.pack(">IB", 1, 101),
        struct.pack(">I", 0),
        struct.pack(">I", LARGEST_PACKET + 1),
    ],
)
def test_what_no_server_sends_is_garbled(data: bytes) -> None:
    session = started()
    session.ask(Kind.OPEN, ())
    with pytest.raises(Garbled):
        list(session.receive(data))


@pytest.mark.parametrize(
    "first", [answer(Kind.STATUS, 0, number32(0)), struct.pack(">IBI", 5, 2, 6), b"hello, you\r\n"]
)
def test_what_begins_otherwise_is_garbled(first: bytes) -> None:
    with pytest.raises(Garbled):
        list(Session().receive(first))


@given(st.binary(max_size=200))
def test_any_bytes_are_answers_or_garbled(data: bytes) -> None:
    try:
        decode(Fields(data))
    except Garbled as problem:
        assert str(problem)


@given(st.sampled_from([101, 102, 103, 104, 105, 201]), st.binary(max_size=80), st.lists(st.integers(1, 40)))
def test_a_session_bears_any_bytes(kind: int, body: bytes, cuts: list[int]) -> None:
    session = started()
    for asked in (Kind.OPEN, Kind.READ, Kind.READDIR, Kind.LSTAT, Kind.EXTENDED):
        session.ask(asked, ())
    data = struct.pack(">IB", 1 + len(body), kind) + body
    before = session.waiting
    try:
        found = list(session.receive(data))
    except Garbled:
        return
    assert len(found) == before - session.waiting == 1


@given(st.lists(st.binary(max_size=2000), max_size=20), st.integers(1, 700))
def test_what_was_sent_arrives(contents: list[bytes], step: int) -> None:
    session = started()
    numbers = [session.ask(Kind.READ, ())[0] for _ in contents]
    data = b"".join(answer(Kind.DATA, number, text(each)) for number, each in zip(numbers, contents, strict=True))
    found = [each for at in range(0, len(data), step) for each in session.receive(data[at : at + step])]
    assert found == [(number, Data(each)) for number, each in zip(numbers, contents, strict=True)]
