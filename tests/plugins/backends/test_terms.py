from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.terms import Terms
from yester.plugins.options.spec import Option

SPEC = {"redundancy": Option("integer", 10, "Percent."), "secret-key": Option("string", is_secret=True)}


def _terms(stated: dict[str, dict[str, object]], **environment: str) -> Terms:
    return Terms(lambda url, terms: MemoryStore(), stated=stated, environment=environment)


def test_an_option_is_said_by_the_environment_the_profile_or_nobody() -> None:
    stated: dict[str, dict[str, object]] = {"par2": {"redundancy": 20}, "other": {"x": 1}}
    assert _terms(stated, YESTER_PAR2_REDUNDANCY="30").options("par2", SPEC)["redundancy"] == 30
    assert _terms(stated).options("par2", SPEC)["redundancy"] == 20
    assert _terms({}).options("par2", SPEC) == {"redundancy": 10, "secret-key": None}
    assert _terms({}, YESTER_PAR2_SECRET_KEY="k").options("par2", SPEC)["secret-key"] == "k"


@pytest.mark.parametrize("table", [{"redundancy": "many"}, {"redundncy": 10}])
def test_a_wrong_option_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"par2.*\[backends\.par2\]"):
        _terms({"par2": table}).options("par2", SPEC)


def test_a_secret_comes_from_a_variable_a_file_or_a_command(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from a file\n")

    def found(stated: dict[str, object], **environment: str) -> object:
        return _terms({"par2": stated}, **environment).options("par2", SPEC)["secret-key"]

    assert found({"secret-key_file": str(file)}) == "from a file"
    assert found({"secret-key_command": "echo printed"}) == "printed"
    assert found({"secret-key_file": str(file)}, YESTER_PAR2_SECRET_KEY="said") == "said"
    assert found({"secret-key_file": str(file)}, YESTER_PAR2_SECRET_KEY_COMMAND="echo first") == "first"


@pytest.mark.parametrize(
    "table",
    [
        {"secret-key": "hunter2"},
        {"secret-key_file": "/nowhere"},
        {"secret-key_command": "false"},
        {"secret-key_command": "true"},
        {"secret-key_command": "/nowhere"},
    ],
)
def test_a_secret_that_cannot_be_had_is_refused_and_not_shown(home: Path, table: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="secret-key") as caught:
        _terms({"par2": table}).options("par2", SPEC)
    assert "hunter2" not in f"{caught.value.what} {caught.value.hint}"


def test_backends_toml_counts_where_the_profile_says_nothing(home: Path) -> None:
    path = Places.default().config / "backends.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[par2]\nredundancy = 40\n")
    assert _terms({}).options("par2", SPEC)["redundancy"] == 40
    assert _terms({"par2": {"redundancy": 20}}).options("par2", SPEC)["redundancy"] == 20
    assert _terms({}, YESTER_PAR2_REDUNDANCY="30").options("par2", SPEC)["redundancy"] == 30


@pytest.mark.parametrize("text", ["par2 = 3", "[par2", "[par2]\nredundncy = 1", "[par2]\nredundancy = 'x'"])
def test_a_wrong_backends_toml_is_refused(home: Path, text: str) -> None:
    path = Places.default().config / "backends.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(UsageError, match=r"backends\.toml"):
        _terms({}).options("par2", SPEC)
