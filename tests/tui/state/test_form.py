import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.options.kinds import KINDS, within
from yester.tui.state.form import (
    Field,
    Form,
    first_wrong,
    of_texts,
    with_default,
    with_refusal,
    with_typed,
)


def field(kind: str, shape: str = "text", least: float | None = None, most: float | None = None) -> Field:
    """Return a field `it` of a native kind."""
    return Field("it", shape, kind=within(KINDS[kind](("a", "b")), least, most))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("it", "good", "bad", "why"),
    [
        (field("string"), ("", "x y", "ü"), ("a\0",), "holds"),
        (field("integer", "number"), ("0", "-7"), ("", "x", "1.5", "1e3"), "takes a whole number, not"),
        (field("integer", "number", 1, 9), ("1", "9"), ("0", "10"), "takes a whole number from 1 to 9, not"),
        (field("integer", "number", 1), ("1", "999"), ("0",), "takes a whole number from 1, not 0"),
        (field("float", "number", None, 0.5), ("0.5", "-1"), ("0.6", "nan"), "takes a number"),
        (field("port", "number"), ("0", "65535"), ("65536", "-1"), "takes a port from 0 to 65535"),
        (field("boolean", "flag"), ("true", "false"), ("maybe",), "takes true or false"),
        (field("option", "choice"), ("a", "b"), ("c", ""), "takes one of a, b"),
        (field("path"), ("", "/x", "~/x"), ("x", "./x"), "takes an absolute path"),
        (field("path_list", "list"), ("", "/a\n/b\n", "/a:b"), ("/a\nb",), "takes an absolute path"),
        (field("list", "list"), ("", "a, b\n[c\n"), ("a\0",), "holds"),
        (field("bytes"), ("500M", "1", "2G"), ("0", "x", "-1"), ""),
        (field("bytes", "text", 1024, 1 << 30), ("1K", "1G"), ("1000", "2G"), "takes a size from 1024 to"),
        (field("seconds"), ("0", "30min", "2h"), ("x", "-1", "1y"), ""),
    ],
)
def test_what_is_typed_is_checked_by_its_kind(it: Field, good: tuple[str, ...], bad: tuple[str, ...], why: str) -> None:
    assert [it.problem(text) for text in good] == [""] * len(good)
    for text in bad:
        assert it.problem(text)
        assert it.problem(text).startswith(why)


def test_a_field_of_no_kind_takes_anything() -> None:
    assert Field("it").problem("\0") == ""


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), min_size=1)))
def test_a_list_of_lines_is_the_list_that_a_command_reads(items: list[str]) -> None:
    wanted = [item.strip() for item in items if item.strip()]
    typed = Field("it", "list").typed("\n".join(items))
    assert tomllib.loads(f"list = {typed}")["list"] == wanted
    assert KINDS["list"](()).typed(typed) == wanted


FORM = Form(
    (
        Field("tries", "number", before="3", default="5", is_set=True, kind=KINDS["integer"](())),
        Field("url", before="", default=""),
        Field("key", "secret"),
        Field("hosts", "list", before="a\nb"),
    )
)


def test_only_what_differs_is_saved() -> None:
    form = with_typed(with_typed(FORM, "tries", "7"), "url", "x=y z")
    assert (form.values, form.secrets, form.defaults) == (("tries=7", "url=x=y z"), (), ())
    assert with_typed(form, "tries", "3").values == ("url=x=y z",)
    assert not with_typed(with_typed(form, "tries", "3"), "url", "").has_changed
    assert with_typed(FORM, "hosts", "a\nb\nc").values == ('hosts=["a", "b", "c"]',)
    assert with_typed(FORM, "url", "") is FORM


def test_a_secret_is_in_no_value() -> None:
    form = with_typed(FORM, "key", "hush")
    assert (form.values, form.secrets) == ((), (("key", "hush"),))


def test_what_is_given_up_has_its_default() -> None:
    form = with_default(with_typed(FORM, "tries", "x"), "tries")
    assert (form.values, form.defaults, form.problems) == ((), ("tries",), ())
    assert form.text_of(form.fields[0]) == "5"
    again = with_typed(form, "tries", "6")
    assert (again.values, again.defaults) == (("tries=6",), ())
    assert with_typed(form, "tries", "5") is form
    assert not with_default(with_typed(FORM, "url", "x"), "url").has_changed


def test_problems_stand_beside_their_fields() -> None:
    form = with_typed(FORM, "tries", "many")
    assert form.problems == ("tries",)
    assert form.problem_of(form.fields[0]) == 'takes a whole number, not "many"'
    assert first_wrong(form, ["tries", "url"]) == 0
    refused = with_refusal(with_typed(FORM, "url", "x"), 'url takes a URL, not "x"', "For example: url=y")
    assert refused.problem_of(refused.fields[1]) == 'takes a URL, not "x". For example: url=y'
    assert first_wrong(refused, ["tries", "url"]) == 1
    assert with_typed(refused, "url", "y").problems == ()
    assert with_refusal(FORM, "The disk is full").refused == {"": "The disk is full"}
    assert with_typed(with_refusal(FORM, "The disk is full"), "url", "y").refused == {}


def test_options_of_an_action_are_texts() -> None:
    form = of_texts({"end": "complete", "way": ""})
    assert [form.text_of(each) for each in form.fields] == ["complete", ""]
    assert with_typed(form, "way", "by hand").values == ("way=by hand",)
