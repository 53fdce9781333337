import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.tui.keys import EVERYWHERE, KEYS
from yester.tui.state.own_commands import KNOWN, OwnCommand, line_of, missing, names_in, shown_line, variables


def ran(folder: Path, template: str, **values: bytes) -> bytes:
    """Return what the shell says to a template."""
    more = variables(template, values)
    line = ["/bin/sh", "-c", line_of(template)]
    done = subprocess.run(line, env={**os.environb, **more}, stdout=subprocess.PIPE, check=True, cwd=folder)
    return done.stdout


def test_what_is_known_is_known_of_places_that_are() -> None:
    assert KNOWN.keys() <= KEYS.keys() - {*EVERYWHERE}


@pytest.mark.parametrize(
    "name",
    [b"$(touch made)", b"`id`", b"a b;c", b"'", b'"', b"\\", b"-n", b"caf\xe9", b"a\nb", b"{name}", b"*", b"$HOME"],
)
@pytest.mark.parametrize("template", ["printf %s {path}", 'printf %s "{path}"', "cat <<END\n{path}\nEND\n"])
def test_no_name_is_a_part_of_the_line(tmp_path: Path, name: bytes, template: str) -> None:
    """However the template is quoted: in quotes of one's own words may be split, but nothing of it is ever run."""
    found = ran(tmp_path, template, path=name)
    if template == "printf %s {path}":
        assert found == name
    elif "<<" in template:
        assert found.rstrip(b"\n").strip(b'"') == name.strip(b'"')
    else:
        assert b"uid=" not in found
    assert not [*tmp_path.iterdir()]


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_what_is_run_is_what_is_under_the_cursor(name: bytes) -> None:
    values = {"path": name}
    assert variables("x {path}", values) == {b"YESTER_ROW_PATH": name}
    assert line_of("x {path}") == 'x "$YESTER_ROW_PATH"'
    assert shown_line("x {path}", values).isprintable()


def test_signs_of_the_shell_stay() -> None:
    assert line_of("awk '{{print $1}}' {path} ${HOME} {{}}") == "awk '{print $1}' \"$YESTER_ROW_PATH\" ${HOME} {}"
    assert names_in("{path} {path} {name} {{run}} ${snapshot}") == ("path", "name")
    assert shown_line("meld {path}", {"path": b"a b"}) == "meld 'a b'"


def test_what_is_not_under_the_cursor_is_missing() -> None:
    assert missing("{path} {run}", {"path": b"/x", "run": b""}) == ("run",)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (OwnCommand(key="K", run="x {path}"), "{path} is not known everywhere: profile, repository"),
        (OwnCommand(key="K", run="x {pat}", place="browse"), "{pat} is not known in browse"),
        (OwnCommand(key="K", run="x {}", place="browse"), "{} is not known in browse"),
        (OwnCommand(key="K", run="x", place="brwse"), "there is no place brwse: home"),
        (OwnCommand(key="K", run="  "), "the command of key K is empty"),
    ],
)
def test_what_is_wrong_is_a_sentence(command: OwnCommand, words: str) -> None:
    assert command.problem().startswith(words)


def test_what_is_right() -> None:
    for place, known in KNOWN.items():
        template = " ".join(f"{{{name}}}" for name in ("profile", "repository", *known))
        assert OwnCommand(key="K", run=f"x {template}", place=place).problem() == ""
