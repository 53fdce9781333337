from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.worker.output import MAX_LINE_SIZE, MAX_LINES, Lines, Printed, mark

texts = st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=30)


def lines_of(printed: Iterable[Printed]) -> list[str]:
    return [line for _, line in printed]


@given(lines=st.lists(st.tuples(st.sampled_from(["", "a", "b é"]), texts), max_size=20), size=st.integers(1, 9))
def test_lines_come_out_however_the_stream_is_cut(lines: list[tuple[str, str]], size: int) -> None:
    data = b"".join(mark("token", plugin) + line.encode() + b"\n" for plugin, line in lines)
    reader, out = Lines("token"), list[Printed]()
    for at in range(0, len(data), size):
        out += reader.feed(data[at : at + size])
    assert [*out, *reader.end()] == lines


def test_the_last_line_may_have_no_end() -> None:
    reader = Lines("token")
    assert lines_of(reader.feed(mark("token", "p") + b"a\nb")) == ["a"]
    assert list(reader.feed(mark("token", ""))) == [Printed("p", "b")]
    assert list(reader.feed(b"c\n")) == [Printed("", "c")]


def test_a_line_without_end_is_cut_and_its_rest_passed_over() -> None:
    reader, out = Lines("token"), list[Printed]()
    for _ in range(100):
        out += reader.feed(b"x" * 1000)
    out += reader.feed(b"\nnext\n")
    assert lines_of(out) == ["x" * MAX_LINE_SIZE + " …", "next"]


def test_a_mark_after_a_line_without_end_counts() -> None:
    reader = Lines("token")
    assert len(list(reader.feed(b"x" * 20_000))) == 1
    assert list(reader.feed(mark("token", "p") + b"y\n")) == [Printed("p", "y")]


def test_too_many_lines_are_counted() -> None:
    reader = Lines("token")
    assert len(list(reader.feed(b"y\n" * (MAX_LINES + 5)))) == MAX_LINES
    assert lines_of(reader.feed(mark("token", ""))) == ["… and 5 lines more"]
    assert lines_of(reader.feed(b"z\n")) == ["z"]


def test_the_marks_of_another_worker_mean_nothing() -> None:
    assert list(Lines("token").feed(mark("other", "p"))) == [Printed("", "\0other\0p\0")]


def test_bytes_that_are_no_text() -> None:
    assert lines_of(Lines("token").feed(b"\xff\r\n")) == ["\\xff"]
