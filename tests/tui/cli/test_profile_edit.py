"""Changing profiles by the command line; the editors are small programs that stand in for a person."""

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, environment, is_one_complaint
from tests.tui.cli.test_profile import file_of

from yester.engine.profiles.editing import editing


@pytest.fixture
def profile(yester: Yester, home: Path, docs: Path) -> Path:
    assert yester("profile", "add", "docs", docs).code == 0
    return file_of(home, "docs")


def editor(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> Path:
    """Let a shell script be the editor; `$1` is the file."""
    program = folder / "an editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"'{program}' ")
    return program


def test_keys_are_set_and_unset(yester: Yester, profile: Path) -> None:
    before = profile.read_text()
    done = yester("profile", "edit", "docs", "--set", "schedule.when=daily", "--set", "limits.nice=10")
    assert done.code == 0
    assert done.out.splitlines() == [
        f"profile docs changed: {profile}",
        '  schedule.when: "off" → "daily"',
        "  limits.nice: - → 10",
        "nothing starts its runs at these times yet: yester schedule enable docs",
    ]
    again = yester("profile", "edit", "docs", "--set", "limits.nice=10")
    assert again.out == "profile docs: nothing changed\n"
    assert yester("profile", "edit", "docs", "--unset", "schedule.when", "--unset", "limits.nice").code == 0
    assert profile.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "schedule.when=drive"], 'when = "drive" needs drive'),
        (["--set", "schedule.wen=daily"], "There is no key schedule.wen"),
        (["--set", "limits.nice=99"], "limits.nice takes a whole number from -20 to 19, not 99"),
        (["--unset", "sources"], "the key sources is missing"),
        (["--set", "schedule.when"], "sets nothing"),
        (["--set", "filters.exclude=\\"], "An exclude pattern cannot be read"),
        (["--set", "filters.exclude_files=/no/such/file"], "/no/such/file cannot be read"),
    ],
)
def test_what_makes_no_sense_changes_nothing(yester: Yester, profile: Path, arguments: list[str], words: str) -> None:
    before = profile.read_text()
    refused = yester("profile", "edit", "docs", *arguments)
    assert refused.code == 2
    assert is_one_complaint(refused.err)
    assert words in refused.err
    assert "  hint: " in refused.err
    assert profile.read_text() == before


def test_a_profile_is_added_with_any_key(yester: Yester, home: Path, docs: Path) -> None:
    done = yester("profile", "add", "x", docs, "--set", "schedule.when=weekly", "--set", "plugins.mail.to=me")
    assert done.code == 0
    assert 'when = "weekly"' in file_of(home, "x").read_text()
    refused = yester("profile", "add", "y", docs, "--set", "schedule.when=custom-hours")
    assert (refused.code, file_of(home, "y").exists()) == (2, False)


def test_an_editor_changes_the_file(
    yester: Yester, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, 'sed -i "s/^# compression = 3/compression = 9/" "$1"; ls -l "$1" >&2')
    done = yester("profile", "edit", "docs")
    assert done.code == 0
    assert "  compression: 3 → 9" in done.out
    assert "-rw-" in done.err
    assert "\ncompression = 9\n" in profile.read_text()


def test_another_id_is_said(yester: Yester, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(monkeypatch, tmp_path, 'sed -i "s/^id = .*/id = \\"00112233445566778899aabbccddeeff\\"/" "$1"')
    done = yester("profile", "edit", "docs")
    assert done.code == 0
    assert "The id is another" in done.err
    old = done.err.rpartition("--set ")[2].strip()
    assert yester("profile", "edit", "docs", "--set", old).code == 0


def test_what_was_written_in_vain_is_kept(
    yester: Yester, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = profile.read_text()
    editor(monkeypatch, tmp_path, 'echo "exlude = 1\n[limits]\nnice = 99" > "$1"')
    refused = yester("profile", "edit", "docs")
    assert refused.code == 2
    assert "line 1: there is no key exlude" in refused.err
    assert "line 3: nice takes a whole number" in refused.err
    assert "Profile docs was not changed" in refused.err
    kept = Path(refused.err.partition("What you wrote is kept: ")[2].splitlines()[0])
    assert kept.read_text().startswith("exlude = 1")
    kept.unlink()
    kept.parent.rmdir()
    assert profile.read_text() == before


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("true", 0, ""),
        ("exit 3", 1, "ended with status 3; nothing was changed"),
        ('rm "$1"', 2, "is no text any more, or is gone"),
        ('printf "\\377" > "$1"', 2, "is no text any more, or is gone"),
    ],
)
def test_editors_that_change_nothing(
    yester: Yester,
    profile: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    code: int,
    words: str,
) -> None:
    before = profile.read_text()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    editor(monkeypatch, tmp_path, script)
    done = yester("profile", "edit", "docs")
    assert done.code == code
    assert words in done.err
    assert profile.read_text() == before


@pytest.mark.parametrize(("value", "words"), [("/no/such/editor", "No such file"), ("'", "No closing quotation")])
def test_no_editor(yester: Yester, profile: Path, monkeypatch: pytest.MonkeyPatch, value: str, words: str) -> None:
    monkeypatch.setenv("EDITOR", value)
    monkeypatch.delenv("VISUAL", raising=False)
    refused = yester("profile", "edit", "docs")
    assert refused.code == 2
    assert words in refused.err
    monkeypatch.delenv("EDITOR")
    assert "No editor is named" in yester("profile", "edit", "docs").err


def test_a_second_editor_waits_its_turn(yester: Yester, profile: Path) -> None:
    with editing(profile.parent, "docs"):
        refused = yester("profile", "edit", "docs", "--set", "compression=9")
    assert refused.code == 4
    assert "docs is being edited elsewhere" in refused.err
    assert yester("profile", "edit", "docs", "--set", "compression=9").code == 0


def test_at_a_terminal_the_mistake_can_be_mended(profile: Path, tmp_path: Path) -> None:
    """The first time the editor makes a mistake, the second time it mends it."""
    script = tmp_path / "editor"
    script.write_text(
        '#!/bin/sh\nif grep -q "^compression = 99" "$1"; then sed -i "s/^compression = 99/compression = 9/" "$1"\n'
        'else sed -i "s/^# compression = 3/compression = 99/" "$1"; fi\n'
    )
    script.chmod(0o755)
    said = at_a_terminal(b"y\n", "profile", "edit", "docs", VISUAL=str(script))
    assert "line 15: compression takes a level from -7 to 19, not 99" in said
    assert "Edit it again? [Y/n]" in said
    assert "compression: 3 → 9" in said
    assert "\ncompression = 9\n" in profile.read_text()


def test_removing_asks_at_a_terminal(profile: Path) -> None:
    said = at_a_terminal(b"n\n", "profile", "remove", "docs")
    assert f"Remove the profile docs, {profile}?" in said
    assert profile.exists()
    assert "its snapshots stay" in at_a_terminal(b"y\n", "profile", "remove", "docs")
    assert not profile.exists()


def at_a_terminal(typed: bytes, *arguments: str, **more: str) -> str:
    """Run a command at a terminal where somebody types, and return all that it showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "yester", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**more),
        start_new_session=True,
    )
    os.close(slave)
    os.write(master, typed)
    said = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break  # Linux says EIO when the last one at the other side has gone
        if not part:
            break
        said += part
    os.close(master)
    process.wait()
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("name", "begins"), [("vi", "+3 "), ("an editor of one's own", "")])
def test_an_editor_begins_at_the_mistake(
    yester: Yester, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, begins: str
) -> None:
    profile.write_text("# one\n# two\nnot = so = toml\n")
    program = editor(monkeypatch, tmp_path, f'echo "$*" > "{tmp_path}/said"').rename(tmp_path / name)
    monkeypatch.setenv("VISUAL", shlex.quote(str(program)))
    assert yester("profile", "edit", "docs").code == 0
    said = (tmp_path / "said").read_text()
    assert said.startswith(f"{begins}/")
    assert said.rstrip().endswith("docs.toml")
