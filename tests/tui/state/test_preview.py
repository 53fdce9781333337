from hypothesis import given
from hypothesis import strategies as st

from yester.tui.state.preview import Beginning, Compared, difference, numbers, shown, text_of
from yester.tui.state.text import Line, plain


def words(lines: list[Line]) -> list[str]:
    return [plain(each) for each in lines]


def test_text_is_text_and_what_is_cut_amid_a_character_still_is() -> None:
    data = "grün\tund gut\n".encode()
    assert words(shown(Beginning(len(data), data))) == ["grün    und gut"]
    assert text_of(Beginning(100, data[:3])) == "gr"
    assert text_of(Beginning(3, data[:3])) is None
    assert words(shown(Beginning(100, b"a\n")))[-1] == "… of 100 B"


def test_what_is_no_text_is_numbers() -> None:
    assert words(shown(Beginning(4, b"\0ab\xff"))) == ["000000  00 61 62 ff" + " " * 38 + ".ab."]
    assert words(shown(Beginning(0, b""))) == ["(empty)"]


@given(st.binary(min_size=1, max_size=200), st.integers(25, 200))
def test_numbers_fit_where_they_are_shown(data: bytes, columns: int) -> None:
    rows = words(numbers(Beginning(len(data), data), columns))
    length = 16 if columns >= 73 else 8 if columns >= 41 else 4
    assert [int(row[:6], 16) for row in rows] == [*range(0, len(data), length)]
    assert max(map(len, rows)) <= columns


def test_two_versions_of_a_text() -> None:
    before, after = Beginning(8, b"a\nb\nc\nd\n"), Beginning(6, b"a\nc\nx\n")
    said = words(difference(Compared(before, after, "A", "B")))
    assert said[0] == "2 lines only in A, 1 only in B"
    assert said[2:] == [" a", "-b", " c", "-d", "+x"]
    assert words(difference(Compared(before, before, "A", "B")))[0] == "A and B: the same"
    assert words(difference(Compared(Beginning(1, b"\0"), after, "A", "B"))) == ["no text; A: 1 B, B: 6 B"]
    assert words(difference(Compared(before, None, "A", "B")))[0] == "a"


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_are_lines_without_control_characters(one: bytes, other: bytes) -> None:
    lines = [
        *shown(Beginning(len(one), one)),
        *difference(Compared(Beginning(500, one), Beginning(9, other), "A", "B")),
    ]
    assert all(character.isprintable() for each in words(lines) for character in each)


def test_text_has_the_tones_of_its_syntax() -> None:
    data = b"def f(x):\n\treturn 'a\\nb'  # why\n\n\nclass A: ...\n"
    lines = shown(Beginning(len(data), data), "code.py")
    assert words(lines) == ["def f(x):", "    return 'a\\nb'  # why", "", "", "class A: ..."]
    tones = {span.text: span.tone for each in lines for span in each}
    assert (tones["def"], tones["f"], tones["# why"], tones["A"]) == ("accent", "strong", "dim", "strong")
    assert words(shown(Beginning(4, b"a\nb\n"), "of-no-known.kind")) == ["a", "b"]


@given(st.text(max_size=300), st.sampled_from(["a.py", "a.md", "a.html", "a.json", "a.c", "Makefile", "none"]))
def test_syntax_changes_no_word(text: str, name: str) -> None:
    data = text.encode("utf-8", "replace")
    told = shown(Beginning(len(data), data), name)
    assert all(character.isprintable() for each in words(told) for character in each)
    if data and b"\0" not in data and not {*text} & {*"\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\t"}:
        assert words(told) == words(shown(Beginning(len(data), data)))


def test_long_text_is_cut_and_only_its_beginning_has_a_syntax() -> None:
    data = b"x = 1\n" * 9000
    lines = shown(Beginning(len(data), data), "a.py")
    assert (len(lines), words(lines)[-1]) == (1001, "… of 52.7 KiB")
    minified = b"x=" + b"1+" * 5000
    assert shown(Beginning(len(minified), minified), "a.js") == shown(Beginning(len(minified), minified))
