"""Mounts that mount(8), a line in fstab and systemd make."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester

from yester.engine.errors import UsageError
from yester.engine.schedule.units import Units
from yester.tui.cli.mount_helper import FLAGS, VALUED, from_mount
from yester.tui.cli.program import COMMANDS


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (["/r", "/m", "-o", "rw"], ["mount", "--repo", "/r", "--", "/m"]),
        (["none", "-m", "-o", "ro,nofail,x-systemd.automount,_netdev"], ["mount", "--", "-m"]),
        (
            ["sftp://h/r", "/m", "-o", "owner=me,allow_other", "-o", "time_format=%Y/%m"],
            ["mount", "--repo", "sftp://h/r", "--owner", "me", "--allow-other", "--time-format", "%Y/%m", "--", "/m"],
        ),
        (["/r", "/m", "-o", r"profile=a\,b\\c,,"], ["mount", "--repo", "/r", "--profile", r"a,b\c", "--", "/m"]),
    ],
)
def test_what_mount_says(said: list[str], meant: list[str]) -> None:
    assert from_mount(said) == meant


@pytest.mark.parametrize("option", ["ownr=me", "owner", "keyring=yes", "passphrase=x"])
def test_an_option_that_nobody_knows(option: str) -> None:
    with pytest.raises(UsageError, match="is no option of a mount of yester"):
        from_mount(["/r", "/m", "-o", option])


def test_all_options_of_the_command_are_there_but_those_that_mean_nothing_in_fstab() -> None:
    from yester.tui.cli.mount import command

    known = {each.opts[0].lstrip("-").replace("-", "_") for each in command.params if each.opts[0].startswith("--")}
    assert known - {"foreground", "print_unit", "repo", "make_folder"} == {*FLAGS, *VALUED}
    assert "mount" in COMMANDS


@pytest.mark.skipif(os.geteuid() != 0, reason="mount(8) is root's")
def test_mount_of_the_system_mounts_and_umounts(
    yester: Yester, plain: Path, docs: Path, home: Path, fuse: None
) -> None:
    yester("profile", "add", "docs", docs)
    assert yester("snap", "docs").code == 0
    (home / "mnt").mkdir()
    program = home / "yester"
    command = shlex.join([sys.executable, "-P", "-m", "yester"])
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(SOURCE_ROOT))} exec {command} "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["mount", "-t", "fuse", f"{program}#{plain}", home / "mnt", "-o", "profile=docs,nofail,noatime"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    try:
        assert {"latest", "versions"} < set(os.listdir(home / "mnt"))
        assert "snapshots" not in os.listdir(home / "mnt")
    finally:
        subprocess.run(["umount", home / "mnt"], check=True)


def test_a_unit_that_systemd_takes(yester: Yester, plain: Path, home: Path) -> None:
    odd = home / "a b%c"
    odd.mkdir()
    (home / "key").write_text("x")
    done = yester(
        "mount", odd, "--repo", plain, "--owner", "by-name", "--passphrase-file", home / "key", "--print-unit"
    )
    assert done.code == 0
    assert list(odd.iterdir()) == []
    assert Units.of_this_user().check({"yester-mount.service": done.out}) == ""
    start = next(line for line in done.out.splitlines() if line.startswith("ExecStart="))
    assert start.endswith(
        f'"mount" "--owner" "by-name" "--repo" "{plain}" "--passphrase-file" "{home}/key" "{home}/a b%%c"'
    )
    assert "LoadCredential" not in done.out
    assert "LoadCredential" in yester("mount", odd, "--repo", plain, "--print-unit").out


def test_a_unit_for_a_far_repository_waits_for_the_network(yester: Yester, home: Path) -> None:
    said = yester("mount", home, "--repo", "sftp://box/backup", "--print-unit").out
    assert "After=network-online.target" in said
    assert f"RequiresMountsFor={home.parent}\n" in said


@pytest.mark.parametrize("name", ["plain", "a b", "it's", 'q"q', "back\\slash", "100%n"])
def test_the_folders_that_a_unit_waits_for_are_those_that_are_meant(
    yester: Yester, plain: Path, tmp_path: Path, name: str
) -> None:
    mountpoint = tmp_path / name / "m"
    said = yester("mount", mountpoint, "--repo", plain, "--print-unit").out
    (tmp_path / "a.service").write_text(said)
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "a.service")]
    done = subprocess.run(command, env={**os.environ, "SYSTEMD_LOG_LEVEL": "debug"}, capture_output=True, text=True)
    waited_for = {line.partition("RequiresMountsFor: ")[2] for line in done.stdout.splitlines()}
    assert f"{mountpoint.parent} (origin-file)" in waited_for
    told = shlex.split(said.splitlines()[0].partition("enable --now ")[2])
    assert len(told) == 1 and f"/{told[0]}, then" in said
