import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.profiles.changing import Change, changed
from yester.engine.profiles.kinds import TEXT, Kind, WrongValue
from yester.plugins.options.kinds import KINDS, Maker
from yester.plugins.options.layers import Layer, from_environment, from_table, unchecked, variable_of
from yester.plugins.options.reporting import rows, unchecked_rows
from yester.plugins.options.resolving import Slot, resolve
from yester.plugins.options.spec import Option, slots_of, spec_problems

SPEC = {
    "url": Option("string", "", "Where to ping."),
    "tries": Option("integer", 3),
    "limit-size": Option("bytes", "1M"),
    "key": Option("string", None, is_secret=True),
}
SLOTS = slots_of("my-ping", SPEC)
FILE = "/c/plugins.toml"
PROFILE = "/c/profiles/docs.toml"


def layers(
    environment: Mapping[str, str] | None = None,
    profile: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
) -> list[Layer]:
    return [
        from_environment("my-ping", environment or {}),
        from_table("profile", PROFILE, profile or {}),
        from_table("file", FILE, file or {}),
    ]


def test_defaults_are_typed() -> None:
    resolved = resolve(SLOTS, layers())
    assert {name: value.meant for name, value in resolved.values.items()} == {
        "url": "",
        "tries": 3,
        "limit-size": 1 << 20,
        "key": None,
    }
    assert all(value.layer is None for value in resolved.values.values())


VARIABLE = {"YESTER_MY_PING_TRIES": "1", "YESTER_PING_TRIES": "7", "HOME": "/"}


@pytest.mark.parametrize(
    ("environment", "profile", "file", "tries", "source"),
    [
        (VARIABLE, {"tries": 2}, {"tries": 4}, 1, "environment"),
        ({"YESTER_MY_PING_TRIES": ""}, {"tries": 2}, {"tries": 4}, 2, "profile"),
        ({}, {"enabled": True}, {"tries": 4}, 4, "file"),
        ({}, {}, {}, 3, "default"),
    ],
)
def test_the_order_of_layers(
    environment: dict[str, str], profile: dict[str, Any], file: dict[str, Any], tries: int, source: str
) -> None:
    resolved = resolve(SLOTS, layers(environment, profile, file))
    assert resolved.values["tries"].meant == tries
    assert resolved.problems == ()
    assert resolved.warnings == ()
    [row] = [row for row in rows(SLOTS, resolved) if row["name"] == "tries"]
    assert (row["value"], row["source"], row["variable"]) == (tries, source, "YESTER_MY_PING_TRIES")


@pytest.mark.parametrize(
    ("environment", "profile", "file", "words"),
    [
        (
            {"YESTER_MY_PING_TRIES": "x"},
            {},
            {"tries": 4},
            'the variable YESTER_MY_PING_TRIES takes a whole number, not "x"',
        ),
        ({}, {"tries": "x"}, {"tries": 4}, f'the option tries in {PROFILE} takes a whole number, not "x"'),
        ({}, {}, {"tries": []}, f"the option tries in {FILE} takes a whole number, not a list"),
        (
            {"YESTER_MY_PING_LIMIT_SIZE": "x"},
            {},
            {},
            "the variable YESTER_MY_PING_LIMIT_SIZE is wrong: 'x' is no size. "
            "Write a number of bytes or, for example, 500K, 20M or 1.5G.",
        ),
        ({}, {}, {"key": 5}, f"the option key in {FILE} takes text"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    environment: dict[str, str], profile: dict[str, Any], file: dict[str, Any], words: str
) -> None:
    [problem] = resolve(SLOTS, layers(environment, profile, file)).problems
    assert str(problem) == words


def test_what_is_wrong_and_does_not_count_is_not_told() -> None:
    resolved = resolve(SLOTS, layers({"YESTER_MY_PING_TRIES": "1"}, {}, {"tries": "x"}))
    assert resolved.problems == ()


def test_an_option_that_there_is_not_is_a_warning() -> None:
    resolved = resolve(SLOTS, layers({"YESTER_MY_PING_TRY": "1"}, {"trys": 1}, {"enabled": True}))
    assert resolved.problems == ()
    assert resolved.warnings == (f"the option trys in {PROFILE} is none that there is. Did you mean tries?",)


def test_old_names_count_and_are_told() -> None:
    slot = Slot("new", TEXT, "d", ("A_NEW", "A_OLD"), frozenset({"A_OLD"}), ("old",))
    old = Layer("environment", "", {"A_OLD": "x"})
    resolved = resolve([slot], [old])
    assert resolved.values["new"].meant == "x"
    assert resolved.warnings == ("the variable A_OLD is deprecated: it is called A_NEW now",)
    resolved = resolve([slot], [Layer("file", "/f", {"old": "y", "new": "z"})])
    assert resolved.values["new"].meant == "y"
    assert resolved.warnings == ("the option old in /f is deprecated: it is called new now",)
    resolved = resolve([slot], [Layer("environment", "", {"A_OLD": "x", "A_NEW": "n"})])
    assert (resolved.values["new"].meant, resolved.warnings) == ("n", ())


def test_a_world_may_have_kinds_and_words_of_its_own() -> None:
    def read(raw: object) -> str:
        raise WrongValue(f'the value "{raw}" is unacceptable.')

    kinds: Mapping[str, Maker] = {**KINDS, "url_prefix": lambda choices: Kind("a prefix", read)}
    slot = Slot("PREFIX", kinds["url_prefix"](()))
    [problem] = resolve([slot], [Layer("file", "/o", {"PREFIX": "x"})]).problems
    assert (problem.layer.place, problem.key, problem.what) == ("/o", "PREFIX", 'the value "x" is unacceptable.')


def test_a_secret_is_in_no_row_unless_it_is_being_typed() -> None:
    told = rows(SLOTS, resolve(SLOTS, layers({"YESTER_MY_PING_KEY": "s3cret"})))
    assert "s3cret" not in str(told)
    assert [row["is_set"] for row in told] == [False, False, False, True]
    typed = rows(SLOTS, resolve(SLOTS, [Layer("typed", "", {"key": "s3cret"})]))
    assert [row["said"] for row in typed if row["name"] == "key"] == ["s3cret"]


def test_names_that_are_no_text_come_as_they_are() -> None:
    slots = slots_of("p", {"folder": Option("path")})
    resolved = resolve(slots, [from_environment("p", {"YESTER_P_FOLDER": "/\udcff"})])
    assert resolved.values["folder"].meant == "/\udcff"
    assert rows(slots, resolved)[0]["value"] == "/\\xff"


def test_without_a_spec_all_is_taken_as_it_is_said() -> None:
    said = layers({"YESTER_MY_PING_A_URL": "e", "YESTER_MY_PING_B": "1"}, {"a-url": "p", "c": 2}, {"c": 3, "d": [4]})
    assert {name: value for name, value, _ in unchecked("my-ping", said)} == {"a-url": "e", "b": "1", "c": 2, "d": [4]}
    assert [(row["name"], row["source"]) for row in unchecked_rows("my-ping", said)] == [
        ("a-url", "environment"),
        ("b", "environment"),
        ("c", "profile"),
        ("d", "file"),
    ]


def test_variables() -> None:
    assert variable_of("my-ping", "a-b_c") == "YESTER_MY_PING_A_B_C"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ([], "option_spec must be a table"),
        ({"Url": Option()}, "option_spec: 'Url' cannot be the name of an option"),
        ({"enabled": Option()}, "option_spec: 'enabled' cannot be the name of an option"),
        ({5: Option()}, "option_spec: 5 cannot be the name of an option"),
        ({"a-b": Option(), "a_b": Option()}, "option_spec: a-b and a_b have one variable"),
        ({"url": "string"}, "option_spec: url: it must be an Option"),
        ({"url": Option("strin")}, "option_spec: url: there is no kind strin. Did you mean string or option?"),
        ({"way": Option("option")}, 'option_spec: way: choices are for the kind "option", which must have some'),
        ({"way": Option("string", choices=("a",))}, 'option_spec: way: choices are for the kind "option"'),
        ({"way": Option("option", choices="ab")}, "option_spec: way: choices must be a list of texts"),
        ({"way": Option([])}, "option_spec: way: there is no kind []"),  # type: ignore[arg-type]
        ({"way": Option("option", choices=5)}, "option_spec: way: choices must be a list"),  # type: ignore[arg-type]
        ({"way": Option("option", choices=(5,))}, "option_spec: way: choices must be a list"),  # type: ignore[arg-type]
        ({"way": Option("string", object())}, "option_spec: way: the default takes text, not"),
        ({"way": Option("option", "c", choices=("a",))}, 'option_spec: way: the default takes one of a, not "c"'),
        ({"n": Option("integer", "5")}, 'option_spec: n: the default takes a whole number, not "5"'),
        ({"n": Option("integer", 5, least=6)}, "option_spec: n: the default takes a whole number from 6, not 5"),
        ({"n": Option("string", "", most=6)}, "option_spec: n: least and most are for the kinds integer, float"),
        ({"n": Option("integer", 5, most="9")}, "option_spec: n: least and most must be numbers"),  # type: ignore[arg-type]
        ({"n": Option("integer", 5, about=5)}, "option_spec: n: about must be text"),  # type: ignore[arg-type]
    ],
)
def test_what_is_wrong_with_a_spec_is_named(spec: object, problem: str) -> None:
    [found] = spec_problems(spec)
    assert found.startswith(problem)


def test_a_good_spec_has_no_problems() -> None:
    assert list(spec_problems(SPEC)) == []


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40), st.booleans())
def test_what_was_typed_and_written_is_what_is_read(kind: str, typed: str, is_there: bool) -> None:
    choices = (typed, "b") if kind == "option" else ()
    slots = slots_of("p", {"o": Option(kind, choices=choices)})
    first = resolve(slots, [Layer("typed", "", {"o": typed})])
    if first.problems:
        return
    before = "# mine\n[options.p] # here\n" + ('# o = "x"\n' if is_there else "") + "z = 1\n"
    after = changed(before, [Change(("options", "p", "o"), first.values["o"].said)])
    table = tomllib.loads(after)["options"]["p"]
    assert table.pop("z") == 1
    second = resolve(slots, [from_table("file", FILE, table)])
    assert second.problems == ()
    assert second.values["o"].meant == first.values["o"].meant


@given(st.lists(st.dictionaries(st.sampled_from(["url", "tries", "limit-size", "other"]), st.integers() | st.text())))
def test_the_first_layer_that_says_something_counts(said: list[dict[str, Any]]) -> None:
    resolved = resolve(SLOTS, [from_table("file", f"/{place}", table) for place, table in enumerate(said)])
    for name in ("url", "tries", "limit-size"):
        first = next((place for place, table in enumerate(said) if name in table), None)
        where = [each.layer.place for each in resolved.problems if each.name == name]
        layer = resolved.values[name].layer
        assert [*where, *([layer.place] if layer else [])] == ([] if first is None else [f"/{first}"])
