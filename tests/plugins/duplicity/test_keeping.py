"""duplicity's files in a store, as its backend file asks for them."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from yester.engine.errors import Denied, Retry
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.registry import open_store
from yester.plugins.duplicity.keeping import Keeper, open_keeper, serve

NAMES = ("duplicity-full.20261121T060000Z.vol1.difftar.gpg", "x" * 100, "wörds\udcff and blanks")


def asked(keeper: Keeper, **question: Any) -> dict[str, Any]:
    answers = io.StringIO()
    serve(lambda: keeper, io.StringIO(json.dumps(question) + "\n"), answers)
    answer: dict[str, Any] = json.loads(answers.getvalue())
    return answer


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [0, 5, (8 << 20) + 1])
def test_keeps_a_file(tmp_path: Path, name: str, size: int) -> None:
    content = os.urandom(16) * (size // 16) + bytes(size % 16)
    (tmp_path / "in").write_bytes(content)
    keeper = Keeper(MemoryStore())
    assert asked(keeper, do="query", name=name) == {"value": -1}
    assert asked(keeper, do="put", name=name, path=str(tmp_path / "in")) == {"value": None}
    assert asked(keeper, do="query", name=name) == {"value": size}
    assert asked(keeper, do="list") == {"value": [name]}
    assert asked(keeper, do="get", name=name, path=str(tmp_path / "out")) == {"value": None}
    assert (tmp_path / "out").read_bytes() == content
    assert asked(keeper, do="delete", name=name) == {"value": None}
    assert asked(keeper, do="list") == {"value": []}


def test_says_what_failed_with_duplicitys_codes(tmp_path: Path) -> None:
    class Shut(MemoryStore):
        def delete(self, name: str) -> None:
            raise Denied("no", hint="Ask there.")

    keeper = Keeper(Shut())
    assert asked(keeper, do="get", name="x", path=str(tmp_path / "x"))["code"] == 52
    assert asked(keeper, do="delete", name="x") == {"failed": "no. Ask there", "code": 51, "fatal": True}
    assert asked(keeper, do="put", name="x", path=str(tmp_path / "nothing"))["code"] == 50


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "7",
        "[]",
        "{}",
        '{"do": []}',
        '{"do": "serve"}',
        '{"do": "__init__"}',
        '{"do": "query"}',
        '{"do": "query", "name": 7}',
        '{"do": "list", "name": "x"}',
    ],
)
def test_what_is_no_question_is_refused(line: str) -> None:
    answers = io.StringIO()
    serve(lambda: Keeper(MemoryStore()), io.StringIO(f"{line}\n"), answers)
    answer = json.loads(answers.getvalue())
    assert answer["failed"].startswith("That is no question")
    assert answer["fatal"]


def test_what_cannot_be_opened_is_the_answer_until_it_can() -> None:
    problems = [Denied("The host key is not known", hint="Compare it."), Retry("Nobody answers")]

    def opening() -> Keeper:
        if problems:
            raise problems.pop(0)
        return Keeper(MemoryStore())

    answers = io.StringIO()
    serve(opening, io.StringIO('{"do": "list"}\n' * 3), answers)
    assert [json.loads(line) for line in answers.getvalue().splitlines()] == [
        {"failed": "The host key is not known. Compare it", "code": 51, "fatal": True},
        {"failed": "Nobody answers", "code": 50, "fatal": False},
        {"value": []},
    ]


def test_knows_a_long_name_before_anybody_has_listed_it(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x")
    store = MemoryStore()
    Keeper(store).put(NAMES[1], str(tmp_path / "in"))
    assert Keeper(store).list() == [NAMES[1]]


def test_makes_its_folder_once_and_finds_it_again(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x")
    place = str(tmp_path / "new" / "folder")
    for number, name in enumerate(NAMES):
        keeper = open_keeper(place, open_store)
        assert len(keeper.list()) == number
        keeper.put(name, str(tmp_path / "in"))
