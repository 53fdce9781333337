"""The whole program over a real SSH server: what is stored there comes back, whatever is killed on the way."""

from pathlib import Path

import pytest
from tests.living import fill, live, start, wait_for, yester
from tests.sshd import Sshd

pytestmark = pytest.mark.usefixtures("server")


def test_a_repository_lives_there(folder: Path, sshd: Sshd, tmp_path: Path, fuse: None) -> None:
    place = tmp_path / "there" / "repository"
    live(sshd.url(place), folder, tmp_path, lambda: {path.name for path in place.glob("data/*/data.*")})
    # The same files, as a folder on the machine where they lie.
    yester("check", "--repo", place, "--read-data")
    assert list(place.rglob(".put-*")) == []


def test_a_server_that_drops_connections_harms_no_snapshot(folder: Path, sshd: Sshd, tmp_path: Path) -> None:
    url = sshd.url(tmp_path / "repository")
    fill(folder, 1)
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    run = start("snap", "docs")
    wait_for(lambda: list((tmp_path / "repository").glob("data/*/*")) or run.poll() is not None)
    sshd.drop()
    assert run.wait() == 0
    yester("check", "--repo", url, "--read-data")


def test_nothing_of_a_password_is_kept_or_shown(home: Path, folder: Path, tmp_path: Path) -> None:
    url = "sftp://me:hunter2@127.0.0.1/srv"
    said = yester("init", "--no-encryption", url, code=2)
    said += yester("list", "--repo", url, code=2)
    said += yester("profile", "add", "docs", folder, "--repo", url, code=2)
    assert "hunter2" not in said
    kept = [path for path in home.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


def test_a_changed_host_key_ends_with_a_hint(sshd: Sshd, tmp_path: Path) -> None:
    sshd.know("other")
    said = yester("list", "--repo", sshd.url(tmp_path), code=6).splitlines()
    assert said[0] == "yester: The host key of 127.0.0.1 is not the one that known_hosts has"
    assert said[1].startswith("  hint: Somebody may be between you and it")
    assert len(said) == 2
