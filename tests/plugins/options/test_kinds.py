import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.profiles.kinds import WrongValue
from yester.plugins.options.kinds import KINDS, plain

CHOICES = ("a", "b")


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        ("string", "5", "5"),
        ("integer", "-5", -5),
        ("float", "5", 5.0),
        ("float", "0.5", 0.5),
        ("boolean", "Yes", True),
        ("boolean", "off", False),
        ("option", "b", "b"),
        ("path", "/a/b", "/a/b"),
        ("path", "~/b", "/home/me/b"),
        ("path", "", ""),
        ("path_list", "/a:~/b", ("/a", "/home/me/b")),
        ("path_list", '["/a:b"]', ("/a:b",)),
        ("list", "a, b,,c", ("a", "b", "c")),
        ("list", '["a,b"]', ("a,b",)),
        ("list", "", ()),
        ("bytes", "500MB", 500 << 20),
        ("bytes", "4096", 4096),
        ("seconds", "2h", 7200),
        ("seconds", "0", 0),
        ("port", "8080", 8080),
    ],
)
def test_what_is_typed(kind: str, typed: str, meant: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    made = KINDS[kind](CHOICES)
    said = made.typed(typed)
    assert made.read(said) == meant
    assert made.read(plain(made.raw(meant))) == meant


@pytest.mark.parametrize(
    ("kind", "raw", "complaint"),
    [
        ("string", 5, "takes text, not 5"),
        ("string", "a\0", "holds \\u0000"),
        ("integer", "many", 'takes a whole number, not "many"'),
        ("integer", True, "takes a whole number, not true"),
        ("integer", 1.0, "takes a whole number, not 1.0"),
        ("integer", 1 << 70, "takes a whole number, not a number so large"),
        ("float", float("nan"), "takes a number, not nan"),
        ("boolean", "yes", 'takes true or false, not "yes"'),
        ("option", "c", 'takes one of a, b, not "c"'),
        ("path", "b", 'takes an absolute path, or one that begins with ~/, not "b"'),
        ("path", 5, "takes a path, not 5"),
        ("path_list", "/a", 'takes a list of paths, not "/a"'),
        ("path_list", ["b"], "takes an absolute path"),
        ("list", "a", 'takes a list of texts, not "a"'),
        ("list", [1], "takes a list of texts, and one of these is no text"),
        ("bytes", "many", "is wrong: 'many' is no size"),
        ("seconds", -1, "takes a number of seconds"),
        ("port", 65536, "takes a port from 0 to 65535, not 65536"),
    ],
)
def test_what_is_wrong_is_named(kind: str, raw: object, complaint: str) -> None:
    with pytest.raises(WrongValue) as caught:
        KINDS[kind](CHOICES).read(raw)
    assert caught.value.what.startswith(complaint)


TOML: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.datetimes(), st.dates(), st.times()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(KINDS)), TOML | st.text())
def test_anything_is_read_or_refused_in_a_sentence(kind: str, raw: object) -> None:
    made = KINDS[kind](CHOICES)
    try:
        meant = made.read(made.typed(raw) if isinstance(raw, str) else raw)
    except WrongValue as problem:
        assert problem.what
    else:
        assert made.read(plain(made.raw(meant))) == meant


@given(st.dictionaries(st.text(), TOML))
def test_all_that_toml_holds_can_be_sent(values: Mapping[str, Any]) -> None:
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(plain(values)))
    assert sent.keys() == values.keys()
    json.dumps(sent).encode()


def test_text_that_is_none_can_be_shown() -> None:
    assert plain(["\udcff"]) == ["\\xff"]
