"""What a profile says about its repository's backend, in every command that opens that repository; and its secrets."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start

from yester.engine.places import Places
from yester.plugins.backends.registry import PREFIXES, SCHEMES
from yester.plugins.found import folder_of

DOOR = Path(__file__).parents[2] / "door.py"
SECRET = "hunter2marked"


@pytest.fixture
def door(home: Path, tmp_path: Path, yester: Yester, docs: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a repository behind a door, whose side only the profile says; the key is in a file."""
    folder = folder_of(Places.default(), "backends")
    folder.mkdir(parents=True)
    (folder / "door.py").write_text(DOOR.read_text())
    (folder / "door.py").chmod(0o600)
    key = tmp_path / "key"
    key.write_text(f"{SECRET}\n")
    url = f"door://{tmp_path}/behind"
    assert yester("profile", "add", "docs", docs, "--repo", url).code == 0
    assert yester("profile", "edit", "docs", "--set", "backends.door.side=back").code == 0
    assert yester("profile", "edit", "docs", "--set", f"backends.door.key_file={key}").code == 0
    assert yester("init", url, "--no-encryption").code == 0
    assert yester("snap", "docs").code == 0
    return url


def writings(home: Path, but: Path) -> list[Path]:
    """Every file that holds the secret."""
    paths = [path for path in home.parent.rglob("*") if path.is_file() and not path.is_symlink() and path != but]
    return [path for path in paths if SECRET.encode() in path.read_bytes()]


def test_without_the_profile_the_door_is_locked(door: str, yester: Yester) -> None:
    said = yester("list", "--repo", door.replace("behind", "other"))
    assert said.code == 6
    assert "the front door is locked" in said.err
    assert is_one_complaint(said.err)


COMMANDS = (
    "list --repo URL",
    "show latest --repo URL",
    "find *.txt --repo URL",
    "versions HOME/docs/b.txt --repo URL",
    "du --repo URL",
    "check --repo URL",
    "check --repo URL --read-data",
    "diff latest latest --repo URL",
    "verify latest --repo URL",
    "restore latest --repo URL --target HOME/back",
    "export latest --repo URL",
    "tag latest --add blue --repo URL",
    "pin latest --repo URL",
    "rename latest new --repo URL",
    "prune --repo URL",
    "repair --repo URL --yes",
    "key list --repo URL",
    "forget docs --keep-last 1 --repo URL --yes",
    "copy --all --from URL --to HOME/copies",
    "snap docs",
    "snap docs --dry-run",
    "profile check docs",
    "status",
)


def test_every_command_says_it(door: str, yester: Yester, home: Path) -> None:
    assert yester("init", home / "copies", "--no-encryption").code == 0
    for words in COMMANDS:
        said = yester(*(word.replace("URL", door).replace("HOME", str(home)) for word in words.split()))
        assert (said.code, said.err) == (0, ""), words
    assert list((Places.default().cache / "spool").iterdir()) == []


def test_the_process_in_the_background_too(door: str, yester: Yester, monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []
    really = os.posix_spawn

    def spawn(*given: Any, **more: Any) -> int:
        pids.append(really(*given, **more))
        return pids[-1]

    monkeypatch.setenv("YESTER_BACKGROUND", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3] / "src"))
    monkeypatch.setattr("yester.tui.cli.cataloguing.os.posix_spawn", spawn)
    assert yester("snap", "docs").code == 0
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0]


@pytest.mark.usefixtures("fuse")
def test_and_a_mount(door: str, docs: Path, home: Path, tmp_path: Path) -> None:
    mountpoint = home / "mount"
    mountpoint.mkdir()
    assert finish(start("mount", mountpoint, "--repo", door)).code == 0
    assert (mountpoint / "latest" / docs.relative_to("/") / "b.txt").read_text() == "b\n"
    assert finish(start("umount", mountpoint)).code == 0
    assert SECRET.encode() not in (tmp_path / "behind.seen").read_bytes()


def test_the_secret_is_written_nowhere_and_seen_by_nobody(
    door: str, yester: Yester, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one in a file first, then in a variable; also when the backend fails and repeats it."""
    assert writings(home, tmp_path / "key") == []
    monkeypatch.setenv("YESTER_DOOR_KEY", SECRET)
    for words in (["snap", "docs"], ["check", "--repo", door], ["profile", "show", "docs"], ["log"], ["runs"]):
        said = yester(*words)
        assert SECRET not in said.out + said.err
    (tmp_path / "behind" / "config").unlink()
    said = yester("snap", "docs")
    assert said.code != 0
    assert SECRET not in said.out + said.err
    assert (tmp_path / "behind.seen").stat().st_size > 0
    assert writings(home, tmp_path / "key") == []


SHAPES = [f"{scheme}://me:{SECRET}@host/x" for scheme in [*SCHEMES, "duplicity+ftp", "door", "nobody"]]
SHAPES += [f"{prefix}+webdav://me:{SECRET}@host/x" for prefix in PREFIXES]
SHAPES += [f"s3://bucket/x?secret_key={SECRET}", f"multi:///x.json?token={SECRET}"]


REFUSED = ("A secret stands in", "takes a URL without secrets")


@pytest.mark.parametrize("url", SHAPES)
def test_a_secret_in_a_url_is_refused(
    yester: Yester, home: Path, docs: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [yester("init", url)]
    monkeypatch.setenv("YESTER_REPOSITORY", url)
    said += [yester("list")]
    assert [each.code for each in said] == [2, 2]
    assert all(each.err.startswith(f"yester: {REFUSED[0]}") and SECRET not in each.out + each.err for each in said)
    assert writings(home, home) == []


def test_a_secret_in_a_url_is_kept_nowhere(
    yester: Yester, home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed, in the variable, and in a profile that somebody wrote by hand."""
    url = f"door://me:{SECRET}@host/x"
    assert yester("init", home / "other", "--no-encryption").code == 0
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("profile", "edit", "docs", "--set", "schedule.when=daily").code == 0
    (home / "m").mkdir()
    said = [yester("copy", "--all", "--from", home / "other", "--to", url)]
    said += [yester("profile", "add", "other", docs, "--repo", url)]
    with monkeypatch.context() as patch:
        patch.setenv("YESTER_REPOSITORY", url)
        for words in (["check"], ["snap", "docs"], ["schedule", "enable", "docs"], ["mount", str(home / "m")]):
            said += [yester(*words)]
    path = Places.default().config / "profiles" / "docs.toml"
    path.write_text(f'repository = "{url}"\n' + path.read_text())
    for words in (["snap", "docs"], ["profile", "check", "docs"], ["schedule", "enable", "docs"]):
        said += [yester(*words)]
    assert [each.code for each in said] == [2] * len(said), said
    assert [each for each in said if not any(words in each.err for words in REFUSED)] == []
    said += [yester("status"), yester("runs"), yester("messages"), yester("log")]
    assert all(SECRET not in each.out + each.err for each in said)
    assert writings(home, path) == []


def test_a_backend_is_listed_and_switched_as_a_plugin_and_no_run_calls_it(
    door: str, yester: Yester, home: Path
) -> None:
    assert ["door", "backends", "on"] in [line.split()[:3] for line in yester("plugin", "list").out.splitlines()]
    said = yester("plugin", "options", "door")
    assert (said.code, is_one_complaint(said.err)) == (2, True)
    assert "backends.toml" in said.err
    assert yester("plugin", "disable", "door").code == 0
    refused = yester("snap", "docs")
    assert (refused.code, "yester plugin enable door" in refused.err) == (2, True)
    assert yester("plugin", "enable", "door").code == 0
    assert yester("snap", "docs").err == ""
