"""options.ini as Kolibri writes it."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yester.plugins.kolibri.ini import NoIni, changed, parse, quoted

TEXT = """\
# Kolibri
top = 1

[Paths]
CONTENT_DIR = /srv/content   # where content is
CONTENT_FALLBACK_DIRS = "/a;/b"
 [ Deployment ]  # a heading
HTTP_PORT=8080
LANGUAGES = en, 'de' ,es-es
ONE = en,
NONE = ,
EMPTY =
QUOTED = "a, b # c"
'WITH SPACE' = x = y
LONG = '''two
lines'''
"""


def test_what_it_says() -> None:
    assert parse(TEXT) == {
        "": {"top": "1"},
        "Paths": {"CONTENT_DIR": "/srv/content", "CONTENT_FALLBACK_DIRS": "/a;/b"},
        "Deployment": {
            "HTTP_PORT": "8080",
            "LANGUAGES": ["en", "de", "es-es"],
            "ONE": ["en"],
            "NONE": [],
            "EMPTY": "",
            "QUOTED": "a, b # c",
            "WITH SPACE": "x = y",
            "LONG": "two\nlines",
        },
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[A]\nwords", "line 2: neither a section nor an option"),
        ("[A]\nx = 1\nx = 2", r"line 3: x was set before in \[A\]"),
        ('x = "open', "line 1: the value cannot be read"),
        ("x = '''open\nand open", "line 1: the value cannot be read"),
    ],
)
def test_what_cannot_be_read(text: str, problem: str) -> None:
    with pytest.raises(NoIni, match=problem):
        parse(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[S]\nn = v\n"),
        ("[T]\nn = 1\n", "[T]\nn = 1\n\n[S]\nn = v\n"),
        ("# hi\n[S]\nn = 1 # old\nm = 2\n", "# hi\n[S]\nn = v\nm = 2\n"),
        ("[S]\nm = 2\n\n[T]\nx = 1\n", "[S]\nm = 2\nn = v\n\n[T]\nx = 1\n"),
        ("[S]\n[[U]]\nn = 1\n[T]\n", "[S]\nn = v\n[[U]]\nn = 1\n[T]\n"),
        ("[S]\n[T]\n", "[S]\nn = v\n[T]\n"),
        ("[S]\nn = '''a\nb'''\nm = 1\n", "[S]\nn = v\nm = 1\n"),
    ],
)
def test_one_option_is_set(before: str, after: str) -> None:
    assert changed(before, "S", "n", "v") == after


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))


@given(LINES.filter(lambda text: "'" not in text or '"' not in text))
@example("it's")
@example('"')
@example("a, b # c")
def test_what_is_set_is_read_again(value: str) -> None:
    assert parse(changed(TEXT, "Paths", "NEW", value))["Paths"]["NEW"] == value


def test_several_lines_are_quoted() -> None:
    assert quoted("a\nb") == '"""a\nb"""'


@given(st.lists(LINES.filter(lambda text: "'" not in text or '"' not in text)))
def test_lists_are_read_again(value: list[str]) -> None:
    assert parse(changed("", "S", "n", value))["S"]["n"] == value


@given(st.text("[]=,#'\" \nax"))
def test_nothing_but_ini_or_no_ini(text: str) -> None:
    with suppress(NoIni):
        assert isinstance(parse(text), dict)
