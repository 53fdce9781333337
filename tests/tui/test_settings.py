from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.tui.keys import KEYS, all_keys, clash, key_id, keymap
from yester.tui.settings import Settings, read_settings


def read(folder: Path, text: str) -> Settings:
    """Return what a file says."""
    (folder / "tui.toml").write_text(text)
    return read_settings(folder)


def wrong(folder: Path, text: str) -> str:
    """Return what is said of a file that is wrong."""
    with pytest.raises(UsageError) as problem:
        read(folder, text)
    assert problem.value.what.startswith(f"{folder}/tui.toml is wrong: ")
    assert problem.value.hint
    return problem.value.what.removeprefix(f"{folder}/tui.toml is wrong: ")


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read_settings(tmp_path).preset == "default"


def test_commands_of_ones_own(tmp_path: Path) -> None:
    text = '[[commands]]\nkey = "ctrl+t"\nplace = "browse"\nrun = "meld {path}"\nwords = "meld"\nin = "background"\n'
    [command] = read(tmp_path, text).commands
    assert (command.title, command.where, command.asks) == ("meld", "background", True)
    assert [place for place in KEYS if command.works_in(place)] == ["browse"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[keys]\n"home.snap" = "s"', "s would be both home.snap and home.snapshots"),
        ('[keys]\n"home.snap" = "?"', "? would be both app.help and home.snap"),
        ('[keys]\n"runs.cancel" = "3"', "3 would be both place Browse and runs.cancel"),
        ('[keys]\n"runs.cancel" = "K,k"', "k would be both list.up and runs.cancel"),
        ('[keys]\n"runs.cancel" = "ctrl-x"', "'ctrl-x' of runs.cancel is no name of a key"),
        ('[keys]\n"runs.cancel" = ""', "'' of runs.cancel is no name of a key"),
        ('[keys]\n"runs.cancle" = "K"', "there is no key runs.cancle"),
        ('preset = "emacs"', "Invalid enum value 'emacs'"),
        ('[[commands]]\nkey = "y"\nrun = "x"', "y would be both "),
        ('[[commands]]\nkey = "K"\nrun = "x {path}"', "{path} is not known everywhere"),
        ('[[commands]]\nkey = "K"', "Object missing required field `run`"),
        ('[[commands]]\nkey = "K"\nrun = "x"\n[[commands]]\nkey = "K"\nplace = "runs"\nrun = "z"', "K would be both"),
        ("keys = 3", "Expected `object`"),
        ("[keys", "Expected"),
    ],
)
def test_what_is_wrong_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    assert wrong(tmp_path, text).startswith(words)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tui.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(tmp_path)


@pytest.mark.parametrize("preset", ["default", "vim", "mc"])
def test_no_preset_clashes(preset: str) -> None:
    assert clash(keymap(preset)) == ""  # type: ignore[arg-type]  # one of the three


def test_a_key_that_is_given_away_is_free(tmp_path: Path) -> None:
    assert read(tmp_path, '[keys]\n"home.snapshots" = "S"\n"home.snap" = "s"').keys["home.snap"] == "s"


def test_signs_are_the_keys_that_textual_knows() -> None:
    from textual.keys import _character_to_key

    for sign in "?/:@[]{}<>-+_\\~!'\"*.,;=&%$#|^`()":
        assert key_id(sign) == _character_to_key(sign)
    assert {key_id(each) for _, key in all_keys() for each in key.keys.split(",")} >= {"question_mark", "ctrl+r", "G"}
