"""The types of contract 4.4, with the words that Kolibri's tests look for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.profiles.kinds import WrongValue
from yester.plugins.kolibri.core_options import CORE
from yester.plugins.kolibri.kinds import LazyImportFunction, kinds_in

KINDS = kinds_in("/home")


def read(kind: str, value: Any, *choices: str) -> Any:
    return KINDS[kind](choices).read(value)


@pytest.mark.parametrize(
    ("kind", "said", "meant"),
    [
        ("boolean", "Yes", True),
        ("boolean", "off", False),
        ("boolean", True, True),
        ("integer", "42", 42),
        ("integer", "-1", -1),
        ("float", "0.5", 0.5),
        ("string", "", ""),
        ("string", 5, "5"),
        ("ip_addr", " 127.0.0.1 ", "127.0.0.1"),
        ("ip_addr", "127.1", "127.1"),
        ("list", ["a"], ["a"]),
        ("force_list", "a", ["a"]),
        ("tuple", ["a"], ("a",)),
        ("int_list", ["1", "2"], [1, 2]),
        ("bool_list", ["1", "no"], [True, False]),
        ("path", "content", "/home/content"),
        ("path", "/srv", "/srv"),
        ("path", "", ""),
        ("path_list", "a;/b", ["/home/a", "/b"]),
        ("path_list", ["a", "b"], ["/home/a", "/home/b"]),
        ("path_list", "", [""]),
        ("port", "0", 0),
        ("port", "65535", 65535),
        ("bytes", "500MB", 500_000_000),
        ("bytes", "1.5gb", 1_500_000_000),
        ("bytes", "12B", 12),
        ("bytes", "12", 12),
        ("url_prefix", "/a/", "a/"),
        ("url_prefix", "", "/"),
        ("origin_or_port", "", ""),
        ("origin_or_port", "8080", 8080),
        ("origin_or_port", "https://a.org/path?x=1", "https://a.org"),
        ("language_list", "en,de", ["de", "en"]),
        ("language_list", ["en"], ["en"]),
        ("multiprocess_bool", "false", False),
        ("cache_option", "memory", "memory"),
        ("csp_source_list", "https://a.org, https://b.org", ["https://a.org", "https://b.org"]),
        ("csp_source_list", "", []),
        ("lazy_import_callback_list", "", []),
    ],
)
def test_what_is_meant(kind: str, said: Any, meant: Any) -> None:
    found = read(kind, said)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("kind", "said", "shown"),
    [
        ("boolean", "maybe", "maybe"),
        ("integer", "abba", "abba"),
        ("integer", ["1", "2"], "['1', '2']"),
        ("float", "x", "x"),
        ("string", ["a", "b"], "['a', 'b']"),
        ("option", ["a"], "['a']"),
        ("list", "a", "a"),
        ("int_list", ["1", "x"], "x"),
        ("port", "abba", "abba"),
    ],
)
def test_of_the_wrong_type(kind: str, said: Any, shown: str) -> None:
    with pytest.raises(WrongValue) as problem:
        read(kind, said, "a")
    assert problem.value.what == f'the value "{shown}" is of the wrong type.'


@pytest.mark.parametrize(
    ("kind", "said", "shown"),
    [
        ("option", "c", "c"),
        ("ip_addr", "1.2.3.400", "1.2.3.400"),
        ("ip_addr", "\0", "\0"),
        ("path", ["a"], "['a']"),
        ("port", "70000", "70000"),
        ("port", "-1", "-1"),
        ("bytes", "much", "much"),
        ("bytes", "500MBit", "500MBit"),
        ("url_prefix", ["a"], "['a']"),
        ("origin_or_port", "a.org", "a.org"),
        ("origin_or_port", "70000", "70000"),
        ("language_list", "en,tlh", "['tlh']"),
        ("language_list", "", "[]"),
        ("cache_option", "disk", "disk"),
        ("storage_option", "c", "c"),
        ("csp_source_list", "https://b.org,a.org,c", "a.org"),
        ("lazy_import_callback_list", "c.d,a b", "a b"),
    ],
)
def test_unacceptable(kind: str, said: Any, shown: str) -> None:
    with pytest.raises(WrongValue) as problem:
        read(kind, said, "a", "b")
    assert problem.value.what == f'the value "{shown}" is unacceptable.'


def test_choices() -> None:
    assert read("option", "b", "a", "b") == "b"


def test_a_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/me")
    assert read("path", "~/x") == "/me/x"


def test_languages_by_their_short_names() -> None:
    supported = read("language_list", "kolibri-supported")
    assert {"en", "es-es"} <= {*supported}
    assert {*supported} < {*read("language_list", "kolibri-all")}


def test_a_choice_that_needs_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.plugins.kolibri.kinds.find_spec", lambda name: None)
    for kind, choice in (("cache_option", "redis"), ("storage_option", "gcs")):
        with pytest.raises(WrongValue, match="is unacceptable"):
            read(kind, choice, "gcs")


def test_callbacks_are_imported_when_called() -> None:
    (found,) = read("lazy_import_callback_list", "os.path.basename")
    assert str(found) == "os.path.basename"
    assert found("/a/b") == "b"
    with pytest.raises(ImportError, match="not callable"):
        LazyImportFunction("os.sep")()


def test_none_is_the_word() -> None:
    assert read("string", None) == "None"


@given(st.sampled_from(sorted(KINDS)), st.one_of(st.text(), st.lists(st.text())))
def test_a_value_or_a_wrong_value(kind: str, said: Any) -> None:
    try:
        read(kind, said, "a")
    except WrongValue as problem:
        assert str(problem).startswith('the value "')


def test_all_defaults_of_kolibri_are_right() -> None:
    for options in CORE.values():
        for attributes in options.values():
            read(attributes["type"], attributes["default"], *attributes.get("options", ()))
