"""How names are written for systemd and cron, held against those who read them."""

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.schedule.escaping import (
    cron_command,
    device_unit,
    environment_line,
    exec_line,
    unit_escape,
    unit_stem,
)

names = st.from_regex(r"\w[\w.+ -]{0,63}", fullmatch=True)
words = st.binary(min_size=1, max_size=40).filter(lambda word: b"\0" not in word)


@settings(max_examples=30)
@given(names)
def test_units_are_named_as_systemd_does(name: str) -> None:
    theirs = (
        subprocess.run(["systemd-escape", "--", name], capture_output=True, check=True).stdout.decode().rstrip("\n")
    )
    assert unit_escape(name) == theirs


def test_the_unit_of_a_drive() -> None:
    said = subprocess.run(
        ["systemd-escape", "--path", "--suffix=device", "/dev/disk/by-uuid/1f2e-AB"], capture_output=True, check=True
    )
    assert device_unit("1f2e-AB") == said.stdout.decode().rstrip("\n")


def test_a_name_too_long_for_systemd_becomes_a_digest() -> None:
    first, second = unit_stem("ä" * 64), unit_stem("ä" * 63 + "ö")
    assert len(first) < 60
    assert first != second
    assert unit_stem("my docs") == "yester-my\\x20docs"


def test_a_plain_program_stands_as_it_is() -> None:
    assert exec_line([b"/usr/bin/yester", b"snap", b"my docs"]) == '/usr/bin/yester "snap" "my docs"'


def test_what_systemd_would_replace_is_doubled() -> None:
    assert exec_line([b"/opt/100%/yester", b"a$HOME%h"]) == '/usr/bin/env "/opt/100%%/yester" "a$$HOME%%h"'
    assert environment_line("PATH", b'/a "b"/%h:$X\\') == '"PATH=/a \\"b\\"/%%h:$X\\\\"'


def as_cron_runs(line: bytes) -> bytes:
    """Return what vixie's cron hands to the shell: up to the first percent sign that no backslash precedes."""
    command, escaped = bytearray(), False
    for byte in line:
        if escaped and byte == ord("%"):
            command[-1:] = b"%"
        elif byte == ord("%") and not escaped:
            break
        else:
            command.append(byte)
        escaped = byte == ord("\\") and not escaped
    return bytes(command)


@given(st.lists(words, min_size=1, max_size=4), st.dictionaries(st.sampled_from(("PATH", "HOME")), words))
def test_cron_and_the_shell_give_each_word_back(command: list[bytes], environment: dict[str, bytes]) -> None:
    if any(b"\n" in word for word in (*command, *environment.values())):
        with pytest.raises(UsageError):
            cron_command(command, environment.items())
        return
    line = as_cron_runs(cron_command(command, environment.items())).decode("utf-8", "surrogateescape")
    expected = [f"{name}=".encode() + value for name, value in environment.items()] + command
    assert [word.encode("utf-8", "surrogateescape") for word in shlex.split(line)] == expected


def test_a_line_too_long_for_cron_is_refused() -> None:
    with pytest.raises(UsageError, match="1023 characters"):
        cron_command([b"yester", b"x" * 1016])
