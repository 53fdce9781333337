"""Scripts before and after a run, and what is said of those that cannot be run."""

import json
import os
import select
from contextlib import suppress
from pathlib import Path

import pytest
from tests.plugins.shipped.conftest import Configure
from tests.tui.cli.conftest import Yester

from yester.engine.places import Places

PRINTS = """#!/bin/sh
echo "$YESTER_EVENT got $# of $1 in $PWD"
env | grep ^YESTER_ | sort >"$(dirname "$0")/$YESTER_EVENT.env"
"""


def script(path: Path, text: str = PRINTS, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def said(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line.startswith("YESTER_"))


def test_both_with_arguments(yester: Yester, configure: Configure, home: Path) -> None:
    (home / "data" / "a").write_text("a")
    path = script(home / "bin" / "both.sh")
    configure(
        "scripts", f'pre = "{path}"', 'pre_args = ["a b", "$HOME"]', 'post = "~/bin/both.sh"', 'post_args = ["c"]'
    )
    done = yester("snap", "data")
    assert (done.code, done.err) == (0, "")
    log = yester("log").out
    assert f"scripts: stdout: pre got 2 of a b in {path.parent}" in log
    assert f"scripts: stdout: post got 1 of c in {path.parent}" in log
    [run] = json.loads(yester("runs", "--json").out)
    before, after = said(path.with_name("pre.env")), said(path.with_name("post.env"))
    assert before["YESTER_SOURCES"] == str(home / "data")
    assert before["YESTER_REPOSITORY"] == str(home / ".local/share/yester/repository")
    for each in (before, after):
        assert (each["YESTER_PROFILE"], each["YESTER_RUN"]) == ("data", run["run"])
    assert "YESTER_RESULT" not in before
    assert (after["YESTER_RESULT"], after["YESTER_EXIT_CODE"], after["YESTER_FILES"]) == ("complete", "0", "1")
    [snapshot] = json.loads(yester("list", "--json").out)
    assert after["YESTER_SNAPSHOT"] == snapshot["snapshot"]


def test_a_dry_run_runs_none(yester: Yester, configure: Configure, home: Path) -> None:
    path = script(home / "both.sh")
    configure("scripts", f'pre = "{path}"', f'post = "{path}"')
    assert yester("snap", "data", "--dry-run").err == ""
    assert not [*home.glob("*.env")]


def test_names_that_need_no_option(yester: Yester, configure: Configure) -> None:
    folder = Places.default().config / "script-launcher"
    script(folder / "pre_backup")
    script(folder / "post_backup.sh")
    configure("scripts")
    assert yester("snap", "data").err == ""
    assert (folder / "pre.env").exists()
    assert (folder / "post.env").exists()


def test_a_shell_only_when_it_is_said(yester: Yester, configure: Configure, home: Path) -> None:
    path = script(home / "it", "echo read by a shell: $1", 0o600)
    configure("scripts", f'pre = "{path}"', 'pre_args = ["x;y"]', "shell = true")
    assert yester("snap", "data").err == ""
    assert "scripts: stdout: read by a shell: x;y" in yester("log").out


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (None, 0, "the script {} is not there"),
        (PRINTS, 0o600, "{0} has no right to be run: chmod +x {0}, or set shell = true"),
        ("no first line", 0o700, "{} cannot be run: Exec format error (has it a first line such as #!/bin/sh?)"),
        ("#!/no/such/shell\n", 0o700, "{} cannot be run: No such file or directory (has it a first line such as"),
        ("#!/bin/sh\nexit 7", 0o700, "{} ended with exit code 7"),
        ("#!/bin/sh\nkill -9 $$", 0o700, "{} was killed by SIGKILL"),
        ("#!/bin/sh\nsleep 1000", 0o700, "{} took longer than 1 s, and was killed"),
    ],
)
def test_what_cannot_be_run_is_told_and_stops_the_run_only_where_it_shall(
    yester: Yester, configure: Configure, home: Path, text: str | None, mode: int, words: str
) -> None:
    path = home / "pre.sh"
    if text is not None:
        script(path, text, mode)
    configure("scripts", f'pre = "{path}"', "timeout = 1")
    done = yester("snap", "data")
    assert done.code == 0
    assert f"scripts: {words.format(path)}" in done.err
    assert done.err.count("the snapshot is taken all the same") == 1
    assert len(json.loads(yester("list", "--json").out)) == 1
    profile = Places.default().config / "profiles" / "data.toml"
    profile.write_text(f'{profile.read_text()}on_failure = "stop"\n')
    done = yester("snap", "data")
    assert done.code == 1
    assert f"scripts stops the run: {words.format(path)}" in done.err
    assert len(json.loads(yester("list", "--json").out)) == 1


def test_the_post_script_hears_of_a_failure(yester: Yester, configure: Configure, home: Path) -> None:
    path = script(home / "post.sh")
    configure("scripts", f'post = "{path}"')
    (home / "data").rmdir()
    assert yester("snap", "data").code == 2
    after = said(path.with_name("post.env"))
    assert after["YESTER_RESULT"] == "failed"
    assert after["YESTER_ERROR"].startswith("No source of the profile data exists")


def test_a_script_that_is_not_waited_for_outlives_the_run(yester: Yester, configure: Configure, home: Path) -> None:
    os.mkfifo(home / "go")
    os.mkfifo(home / "gone")
    text = f'#!/bin/sh\nread word <"{home}/go"\necho $$ $word >"{home}/gone"\n'
    configure("scripts", f'post = "{script(home / "post.sh", text)}"', "wait = false")
    assert yester("snap", "data").err == ""
    (home / "go").write_text("on\n")  # nobody would read it, were the script dead
    pid, word = (home / "gone").read_text().split()
    assert word == "on"
    with suppress(ProcessLookupError):
        ended = os.pidfd_open(int(pid))
        select.select([ended], [], [])
        os.close(ended)
