"""Contract 4.3: plugins.json, the variables, what switching does to the sets."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.kolibri import state

STATE = {
    "INSTALLED_PLUGINS": {"a", "b"},
    "DISABLED_PLUGINS": {"b", "c"},
    "UPDATED_PLUGINS": {"a"},
    "PLUGIN_VERSIONS": {},
}


@pytest.mark.parametrize(
    ("variables", "active"),
    [
        ({}, ["a"]),
        ({"ENABLE": "c, d,"}, ["a", "c", "d"]),
        ({"DISABLE": "a"}, []),
        ({"ENABLE": "d,e", "DISABLE": "d"}, ["a", "e"]),
        ({"APPLY": "z,b", "ENABLE": "d", "DISABLE": "z"}, ["z", "b"]),
        ({"APPLY": " , "}, ["a"]),
    ],
)
def test_what_is_on(variables: dict[str, str], active: list[str]) -> None:
    assert state.active(STATE, {f"KOLIBRI_PLUGIN_{name}": text for name, text in variables.items()}) == active


def sets(found: state.State) -> list[str]:
    return ["".join(sorted(found[key])) for key in state.SETS]


def test_switching() -> None:
    assert sets(STATE) == ["ab", "bc", "a"]
    assert sets(state.enabled(STATE, "c")) == ["abc", "b", "ac"]
    assert sets(state.disabled(STATE, "a")) == ["b", "abc", ""]
    assert sets(state.cleared(STATE, "b")) == ["a", "c", "a"]
    assert sets(state.updated(STATE, "a", "2")) == ["ab", "bc", ""]
    assert state.updated(STATE, "a", "2")["PLUGIN_VERSIONS"] == {"a": "2"}
    assert sets(STATE) == ["ab", "bc", "a"]


def test_plugins_of_the_folder_are_on_unless_switched_off() -> None:
    assert sets(state.with_folder(STATE, ["c", "d"])) == ["abd", "bc", "a"]


@given(st.dictionaries(st.sampled_from(state.SETS), st.sets(st.text())))
def test_written_and_read(given: dict[str, Any]) -> None:
    said = {**state.empty(), **given, "OTHER": [1]}
    text = state.written(said)
    assert state._taken(json.loads(text)) == said
    assert all(isinstance(json.loads(text)[key], list) for key in state.SETS)


def test_none_is_empty(tmp_path: Path) -> None:
    assert state.read(tmp_path) == (state.empty(), "")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "is no JSON"),
        ("[]", "it is no table"),
        ('{"INSTALLED_PLUGINS": "a"}', "INSTALLED_PLUGINS is no list of names"),
        ('{"DISABLED_PLUGINS": [1]}', "DISABLED_PLUGINS is no list of names"),
        ('{"PLUGIN_VERSIONS": []}', "PLUGIN_VERSIONS is no table"),
        ("[" * 100_000, "is no JSON"),
        ("\xff", "is no JSON"),
    ],
)
def test_what_cannot_be_read_counts_as_empty(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "plugins.json").write_bytes(text.encode("latin-1"))
    found, problem = state.read(tmp_path)
    assert found == state.empty()
    assert what in problem
    assert "counts as empty" in problem
