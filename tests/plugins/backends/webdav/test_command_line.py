"""The whole program over a WebDAV server."""

from pathlib import Path

import pytest
from tests.apache import PASSWORD, USER, Apache
from tests.living import live, yester
from tests.wsgidav_server import WebdavServer


def test_a_repository_lives_there(folder: Path, server: WebdavServer, tmp_path: Path, fuse: None) -> None:
    place = server.folder / "repository"
    live(server.url(), folder, tmp_path, lambda: {path.name for path in place.glob("data/*/data.*")})
    # The same files, as a folder on the machine where they lie.
    yester("check", "--repo", place, "--read-data")


@pytest.mark.servers
@pytest.mark.usefixtures("home")
def test_a_repository_lives_in_apache(
    folder: Path, apache: Apache, tmp_path: Path, fuse: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", PASSWORD)
    place = apache.top / "digest" / tmp_path.name
    url = apache.url(f"digest/{tmp_path.name}", user=USER)
    live(url, folder, tmp_path, lambda: {path.name for path in place.glob("data/*/data.*")})


def test_nothing_of_a_password_is_kept_or_shown(home: Path, folder: Path, server: WebdavServer) -> None:
    said = yester("init", "--no-encryption", "webdavs://me:hunter2@127.0.0.1/srv", code=2)
    said += yester("profile", "add", "docs", folder, "--repo", "webdavs://me:hunter2@127.0.0.1/srv", code=2)
    assert "hunter2" not in said
    kept = [path for path in home.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


def test_a_server_that_is_not_there_ends_with_a_hint(home: Path) -> None:
    said = yester("list", "--repo", "webdav://127.0.0.1:1/x", code=6).splitlines()
    assert said[0].startswith("yester: The connection to webdav://127.0.0.1:1/x is lost")
    assert said[1].startswith("  hint: ")
    assert len(said) == 2
