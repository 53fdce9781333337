from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.tui.keys import KEYS, all_keys, clash, key_id, keymap
from yester.tui.settings import CHANGEABLE, Settings, change_settings, read_settings
from yester.tui.state.looks import TITLES


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


def test_what_may_be_chosen_is_said_where_it_was_not(tmp_path: Path) -> None:
    for text, hint in (
        ('preset = "emacs"', "preset is one of default, vim, mc."),
        ('glyphs = "runes"', "glyphs is one of unicode, ascii."),
        ("motion = 3", "motion is one of full, none."),
    ):
        (tmp_path / "tui.toml").write_text(text)
        with pytest.raises(UsageError) as problem:
            read_settings(tmp_path)
        assert problem.value.hint == hint


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tui.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(tmp_path)


def test_a_change_keeps_all_else(tmp_path: Path) -> None:
    assert {*TITLES} == {*CHANGEABLE}
    text = '# mine\npreset = "vim"  # for fingers\n\n[keys]\n"runs.cancel" = "K"\n'
    read(tmp_path, text)
    (tmp_path / "tui.toml").chmod(0o640)
    settings = change_settings(tmp_path, {"preset": "mc", "theme": "nord"})
    assert (settings.preset, settings.theme, settings.keys) == ("mc", "nord", {"runs.cancel": "K"})
    assert settings == read_settings(tmp_path)
    said = (tmp_path / "tui.toml").read_text()
    assert "# mine\n" in said
    assert "# for fingers" in said
    assert (tmp_path / "tui.toml").stat().st_mode & 0o777 == 0o640
    assert change_settings(tmp_path / "new", {"motion": "none"}).motion == "none"


@pytest.mark.parametrize(
    ("before", "changes", "words"),
    [
        ("", {"motion": "wild"}, "Invalid enum value 'wild'"),
        ("", {"keys": "x"}, "There is no setting keys"),
        ('[keys]\n"snapshots.forget" = "insert"', {"preset": "mc"}, "insert would be both"),
        ("[keys", {"preset": "mc"}, "tui.toml is wrong"),
    ],
)
def test_a_change_that_would_be_wrong_is_not_made(
    tmp_path: Path, before: str, changes: dict[str, str], words: str
) -> None:
    (tmp_path / "tui.toml").write_text(before)
    with pytest.raises(UsageError) as problem:
        change_settings(tmp_path, changes)
    assert words in problem.value.what
    assert (tmp_path / "tui.toml").read_text() == before


def test_signs_are_those_of_the_locale_unless_the_file_says_which(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("TERM", "linux")
        assert read_settings(tmp_path).glyphs == "ascii"
        patch.setenv("TERM", "xterm")
        assert read_settings(tmp_path).glyphs == "unicode"
        patch.setenv("LC_ALL", "C")
        assert read_settings(tmp_path).glyphs == "ascii"
        assert read(tmp_path, 'preset = "vim"').glyphs == "ascii"
        assert read(tmp_path, 'glyphs = "unicode"').glyphs == "unicode"


@pytest.mark.parametrize("preset", ["default", "vim", "mc"])
def test_no_preset_clashes(preset: str) -> None:
    assert clash(keymap(preset)) == ""  # type: ignore[arg-type]  # one of the three


def test_a_key_that_is_given_away_is_free(tmp_path: Path) -> None:
    assert read(tmp_path, '[keys]\n"home.snapshots" = "W"\n"home.snap" = "s"').keys["home.snap"] == "s"


def test_signs_are_the_keys_that_textual_knows() -> None:
    from textual.keys import _character_to_key

    for sign in "?/:@[]{}<>-+_\\~!'\"*.,;=&%$#|^`()":
        assert key_id(sign) == _character_to_key(sign)
    assert {key_id(each) for _, key in all_keys() for each in key.keys.split(",")} >= {"question_mark", "ctrl+r", "G"}
