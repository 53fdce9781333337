import importlib
import inspect
from typing import Literal

import msgspec
import pytest

from yester.tui.cli.program import COMMANDS
from yester.tui.serve.methods.files import Restore, restore
from yester.tui.serve.methods.kinds import Change, Look
from yester.tui.serve.methods.params import Params
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.methods.words import as_typed
from yester.tui.serve.reference import sample


@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_what_it_needs(name: str) -> None:
    method = METHODS[name]
    assert msgspec.json.decode(msgspec.json.encode(sample(method.takes)), type=method.takes) == sample(method.takes)
    if isinstance(method, Look):
        module, _, function = method.answered_by.partition(":")
        assert inspect.isgeneratorfunction(getattr(importlib.import_module(f"yester.tui.serve.{module}"), function))
    else:
        words = method.words(sample(method.takes))
        assert words[0] in COMMANDS
        importlib.import_module(COMMANDS[words[0]][0])


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if isinstance(method, Change)])
def test_nothing_that_a_client_sends_is_an_option(name: str) -> None:
    method = METHODS[name]
    assert isinstance(method, Change)
    texts = {each.name: "--x" for each in msgspec.structs.fields(method.takes) if each.type is str}
    words = method.words(msgspec.structs.replace(sample(method.takes), **texts))
    before = words[: words.index("--")] if "--" in words else words
    assert "--x" not in before


def test_a_command_is_shown_as_a_person_types_it() -> None:
    assert as_typed(["cancel", "--json", "--", "ab12"]) == "yester cancel ab12"
    assert as_typed(["snap", "--", "my docs"]) == "yester snap 'my docs'"
    assert as_typed(["snap", "--", "-v"]) == "yester snap -- -v"


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"x":1}', type=Params)


@pytest.mark.parametrize(("owner", "words"), [("as-stored", []), ("me", ["--owner=me"])])
def test_a_restore_says_whose_the_files_are_where_that_is_not_as_stored(
    owner: Literal["as-stored", "me"], words: list[str]
) -> None:
    said = restore(Restore(snapshot="7b51ea3a", owner=owner))
    assert [word for word in said if word.startswith("--owner")] == words
