import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.tui.cli.conftest import Yester, environment, finish, is_one_complaint, start

from yester import __version__
from yester.tui.cli.program import COMMANDS, GROUPS

LATE = {"trio", "textual", "pyfuse3", "cryptography", "msgspec", "rich", "keyring", "zstandard"}
"""What `yester --help` must not wait for."""


def loaded_by(code: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in shown.stderr.split()}


def test_help_loads_nothing_heavy() -> None:
    assert not LATE & loaded_by("from yester.tui.cli.program import run\nassert run(['--help']) == 0")


def test_the_engine_knows_no_terminal_and_no_kernel() -> None:
    folder = Path(__file__).parents[3] / "engine"
    names = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    code = "import importlib\n" + "\n".join(f"importlib.import_module('yester.engine.{name}')" for name in names)
    assert not {"textual", "pyfuse3", "rich", "click"} & loaded_by(code)


def test_the_table_of_commands_is_true() -> None:
    for name, (module, line) in COMMANDS.items():
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        assert (command.name, command.short_help) == (name, line)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(yester: Yester, name: str) -> None:
    ended = yester(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: yester {name}")


def test_alone_it_shows_its_help(yester: Yester) -> None:
    assert yester() == yester("--help") == yester("-h")
    assert all(name in yester().out for name in COMMANDS)


def test_commands_stand_under_headings(yester: Yester) -> None:
    lines = yester("--help").out.splitlines()
    headings = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Options", *GROUPS]
    shown = [line for line in lines[lines.index(f"{headings[1]}:") :] if line.startswith("  ")][:-1]
    assert [line.split()[0] for line in shown] == list(COMMANDS)
    assert len({line.index(COMMANDS[line.split()[0]][1]) for line in shown}) == 1, "the columns are in line"


@pytest.mark.parametrize("name", ["profile", "key", "schedule", "import"])
def test_a_command_of_several_shows_its_help_when_alone(yester: Yester, name: str) -> None:
    ended = yester(name)
    assert (ended.code, ended.err) == (0, "")
    assert ended == yester(name, "--help")


def test_version(yester: Yester) -> None:
    assert yester("--version").out == f"yester {__version__}\n"
    assert yester("version").out.startswith(f"yester {__version__}\nrepository format 1\nPython ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lsit"], "There is no command lsit"),
        (["--verbos"], "No such option"),
        (["list", "--profle"], "No such option"),
        (["snap"], "Missing argument"),
        (["profile", "lsit"], "There is no command profile lsit"),
        (["version", "x"], "unexpected extra argument"),
        (["profile", "add", "x", "/", "--compression", "40"], "Invalid value for '--compression'"),
    ],
)
def test_wrong_usage(yester: Yester, arguments: list[str], words: str) -> None:
    ended = yester(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert is_one_complaint(ended.err)
    assert "  hint: " in ended.err


def test_a_mistyped_command_gets_the_nearest(yester: Yester) -> None:
    assert yester("lst").err.endswith("hint: Did you mean list?\n")
    assert yester("key", "rotat").err.endswith("hint: Did you mean rotate?\n")


def test_a_closed_pipe_is_no_error(home: Path) -> None:
    process = start("--help")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_a_full_disk_behind_standard_output(home: Path) -> None:
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "yester", "version"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        )
    assert process.returncode == 1
    assert process.stderr.startswith("yester: No space left on device\n  hint: ")


def test_a_defect_is_one_line_and_with_debug_a_traceback(home: Path) -> None:
    (home / ".config/yester").mkdir(parents=True)
    code = (
        "import yester.tui.cli.version as v, sys\nfrom yester.tui.cli.program import run\n"
        "v.command.callback = lambda: 1 / 0\nsys.exit(run(['version']))"
    )
    for debug in ("0", "1"):
        ended = subprocess.run(
            [sys.executable, "-c", code], env=environment(YESTER_DEBUG=debug), capture_output=True, text=True
        )
        assert ended.returncode == 1
        assert "yester: A defect in yester itself: ZeroDivisionError" in ended.stderr
        assert ("Traceback" in ended.stderr) == (debug == "1")


def test_names_that_the_terminal_cannot_show(home: Path) -> None:
    odd = os.fsdecode(b"caf\xe9-\xc3\xa9")
    ended = finish(start("profile", "show", odd, PYTHONIOENCODING="ascii"))
    assert ended.code == 2
    assert is_one_complaint(ended.err)


def test_an_interrupt_before_the_work_begins_is_one_sentence(home: Path) -> None:
    """Not before a line end that click would print of its own accord."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", INTERRUPTED_EARLY, "list"], env=environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, b"yester: Cancelled\n")


INTERRUPTED_EARLY = """
import sys
from yester.tui.cli import program
import yester.tui.cli.list as command
def interrupted(*_):
    raise KeyboardInterrupt
command.visited = interrupted
sys.exit(program.run(sys.argv[1:]))
"""


def test_how_the_terminal_program_looks_is_set_without_opening_it(yester: Yester, home: Path) -> None:
    assert yester("tui", "--set", "theme=nord", "--set", "preset=mc").code == 0
    assert (home / ".config/yester/tui.toml").read_text() == 'theme = "nord"\npreset = "mc"\n'
    for wrong in ("theme", "preset=emacs", "keys=x"):
        refused = yester("tui", "--set", wrong)
        assert refused.code == 2
        assert is_one_complaint(refused.err)
