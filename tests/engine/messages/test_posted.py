import msgspec
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.messages.posted import (
    MAX_TEXT,
    Posted,
    ReadMark,
    at_least,
    decode_mark,
    decode_messages,
    encode_mark,
    encode_message,
)

MESSAGE = Posted(id=3, time_ns=5, level="warning", text="no", hint="do", source="ping", action="again", run="r1")
LINE = b'{"id":3,"time_ns":5,"level":"warning","text":"no","hint":"do","source":"ping","action":"again","run":"r1"}\n'


def test_golden_line() -> None:
    assert encode_message(MESSAGE) == LINE
    assert decode_messages(LINE) == [MESSAGE]
    assert encode_message(Posted(id=1, text="x")) == b'{"id":1,"text":"x"}\n'


@given(st.binary())
def test_no_bytes_are_an_exception(data: bytes) -> None:
    assert isinstance(decode_messages(data), list)
    assert isinstance(decode_mark(data), ReadMark)


@given(st.binary())
def test_what_stands_around_a_line_hides_it_not(data: bytes) -> None:
    assert MESSAGE in decode_messages(data + b"\n" + LINE + data)


def test_torn_lines_are_passed_over() -> None:
    for size in range(1, len(LINE) - 1):
        assert decode_messages(LINE + LINE[:size]) == [MESSAGE]


def test_fields_of_a_newer_version_are_ignored() -> None:
    assert decode_messages(b'{"id":1,"text":"x","colour":"red"}\n') == [Posted(id=1, text="x")]


def test_no_message_is_endless_or_no_text() -> None:
    [message] = decode_messages(encode_message(Posted(id=1, text="x" * 100_000, source="\udcff")))
    assert len(message.text) == MAX_TEXT
    assert message.source == "\\xff"


def test_levels() -> None:
    assert at_least("info") == {"info", "warning", "error"}
    assert at_least("warning") == {"warning", "error"}
    assert at_least("error") == {"error"}


@given(st.lists(st.sets(st.integers(1, 40)), max_size=5))
def test_what_was_read_stays_read_and_nothing_else_is(rounds: list[set[int]]) -> None:
    mark, read = ReadMark(), set()
    known = range(1, 41)
    for ids in rounds:
        mark = mark.with_read(ids, known)
        read |= ids
    assert {id for id in known if mark.has(id)} == read
    assert decode_mark(encode_mark(mark)) == mark


def test_a_mark_is_a_number_once_all_below_are_read() -> None:
    mark = ReadMark().with_read([2, 3], [1, 2, 3, 5])
    assert mark == ReadMark(0, (2, 3))
    assert mark.with_read([1], [1, 2, 3, 5]) == ReadMark(3)
    assert mark.with_read([5], [5]) == ReadMark(5), "what is not kept any more is in nobody's way"
    assert msgspec.json.encode(ReadMark(3)) == b'{"up_to":3}'
