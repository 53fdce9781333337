"""yester import backintime, from configuration to mountable snapshots."""

import json
import os
from pathlib import Path

import pytest
from tests.engine.importing.foreign import Foreign, config_of
from tests.rig import write
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start

from yester.engine.places import Places
from yester.engine.profiles.numbers import known_numbers


@pytest.fixture
def theirs(tmp_path: Path, home: Path) -> tuple[Foreign, Foreign]:
    """Two profiles: one with two snapshots, one whose target is not there."""
    source = home / "docs"
    write(source / "a", b"first")
    write(source / "b", b"same")
    one = Foreign(tmp_path / "target", source, number="1")
    one.take("20250130-120000-123")
    write(source / "a", b"second, longer")
    one.take("20250131-120000-123", name="named")
    return one, Foreign(tmp_path / "not-there", source, number="4")


@pytest.fixture
def config(theirs: tuple[Foreign, Foreign], home: Path) -> Path:
    text = config_of(*theirs, schedule__mode="25", snapshots__copy_links="true", qt__x="1")
    return write(home / ".config/backintime/config", text.encode())


def test_profiles_and_snapshots(yester: Yester, plain: Path, config: Path, home: Path) -> None:
    done = yester("import", "backintime")
    assert done.code == 0, done.err
    for words in (
        "Profile 1: becomes the profile Profile 1",
        "2 snapshots in ",
        "its snapshots are not within reach",
        "lost     snapshots.copy_links=true",
        "yester schedule enable 'Profile 1'",
        "imported 2 snapshots of Profile 1",
        "added the profile Profile 4",
    ):
        assert words in done.out
    listed = json.loads(yester("list", "--json").out)
    assert len(listed) == 2
    assert yester("profile", "check").code == 0
    source = home / "docs"
    out = home / "out"
    assert yester("restore", "Profile 1@latest", source / "a", "--target", out).code == 0
    assert (out / "a").read_bytes() == b"second, longer"
    again = yester("import", "backintime")
    assert "imported before, as the profile Profile 1" in again.out
    assert "imported 0 snapshots of Profile 1; 2 were there already" in again.out
    assert json.loads(yester("runs", "--json").out)[0]["action"] == "import"
    # In a process of its own: it steps back for other programs, as the profile says, and there is no way back.
    assert finish(start("snap", "Profile 1")).code == 0
    assert yester("check", "--read-data").code == 0


def test_json(yester: Yester, plain: Path, config: Path) -> None:
    said = json.loads(yester("import", "backintime", config, "--profile", "Profile 1", "--json").out)
    assert said["version"] == 6
    (profile,) = said["profiles"]
    assert (profile["number"], profile["new"], profile["found"]) == (
        "1",
        True,
        ["20250130-120000-123", "20250131-120000-123"],
    )
    assert [each["new"] for each in profile["imported"]] == [True, True]
    verdicts = {each["key"]: each["verdict"] for each in profile["keys"]}
    assert verdicts["schedule.mode"] == "taken"
    assert verdicts["snapshots.copy_links"] == "lost"


def test_nothing_is_written_by_a_dry_run(yester: Yester, config: Path, home: Path) -> None:
    done = yester("import", "backintime", "--dry-run")
    assert done.code == 0
    assert done.out.endswith("\nnothing was written\n")
    assert "no profiles yet" in yester("profile", "list").out


def test_a_name_that_is_taken(yester: Yester, config: Path, docs: Path) -> None:
    yester("profile", "add", "Profile 1", docs)
    done = yester("import", "backintime", "--no-snapshots")
    assert done.code == 0
    assert "Profile 1: becomes the profile Profile 1-2" in done.out


def test_without_a_repository_the_profiles_are_there_and_it_goes_on_later(
    yester: Yester, config: Path, home: Path
) -> None:
    refused = yester("import", "backintime")
    assert refused.code == 6
    assert is_one_complaint(refused.err)
    yester("init", "--no-encryption")
    assert "imported 2 snapshots of Profile 1" in yester("import", "backintime").out


def test_from_where_it_is_mounted(yester: Yester, plain: Path, config: Path, theirs: tuple[Foreign, Foreign]) -> None:
    os.rename(theirs[0].target, theirs[0].target.with_name("moved"))
    assert "its snapshots are not within reach" in yester("import", "backintime", "--profile", "1").out
    done = yester("import", "backintime", "--profile", "1", "--snapshots-from", theirs[0].target.with_name("moved"))
    assert "imported 2 snapshots of Profile 1" in done.out


@pytest.mark.parametrize("version", [4, 5, None])
def test_other_versions(
    yester: Yester, plain: Path, theirs: tuple[Foreign, Foreign], tmp_path: Path, version: int | None
) -> None:
    config = write(tmp_path / "config", config_of(theirs[0], version=version).encode())
    done = yester("import", "backintime", config)
    assert done.code == 0, done.err
    assert "imported 2 snapshots of Profile 1" in done.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"config.version=2\nprofile1.name=x\n", "of version 2"),
        (b"\x00\x01\xff", "no configuration of Back In Time"),
        (b"config.version=6\nprofiles=1\nprofile1.name=x\n", "includes no folder"),
    ],
)
def test_what_cannot_be_imported(yester: Yester, tmp_path: Path, content: bytes, words: str) -> None:
    refused = yester("import", "backintime", write(tmp_path / "config", content))
    assert refused.code == 2
    assert words in refused.err
    assert is_one_complaint(refused.err)


def test_no_such_file_or_profile(yester: Yester, config: Path, tmp_path: Path) -> None:
    missing = yester("import", "backintime", tmp_path / "no-such")
    assert missing.code == 2
    assert is_one_complaint(missing.err)
    unknown = yester("import", "backintime", "--profile", "9")
    assert unknown.code == 2
    assert "1 (Profile 1), 4 (Profile 4)" in unknown.err


def test_one_profile_that_cannot_be_imported_keeps_no_other_back(yester: Yester, plain: Path, tmp_path: Path) -> None:
    config = (
        b"config.version=6\nprofiles=1:2\nprofile1.name=empty\nprofile2.name=good\n"
        b"profile2.snapshots.include.size=1\nprofile2.snapshots.include.1.value=/etc\n"
        b"profile2.snapshots.remove_old_snapshots.value=-3\nprofile2.schedule.mode=often\n"
    )
    done = yester("import", "backintime", write(tmp_path / "config", config))
    assert done.code == 0
    assert "The profile empty of Back In Time includes no folder: it was left out" in done.err
    assert "added the profile good" in done.out
    for key in ("snapshots.remove_old_snapshots.value=-3", "schedule.mode=often"):
        assert f"ignored  {key}" in done.out


def test_profiles_keep_their_numbers_for_plugins(yester: Yester, plain: Path, config: Path) -> None:
    config.write_text(config.read_text() + "profile4.snapshots.tag=777\n")
    assert yester("import", "backintime", "--no-snapshots").code == 0
    given = {each.name: each for each in known_numbers(Places.default())}
    assert [given[f"Profile {number}"].number for number in (1, 4)] == [1, 4]
    assert given["Profile 4"].tag == "777"
