"""The whole program over a bucket, and what it says to somebody who has got something wrong."""

import re
from pathlib import Path

import pytest
from tests.living import live, yester
from tests.moto_server import Moto


def test_a_repository_lives_there(moto: Moto, url: str, folder: Path, tmp_path: Path, fuse: None) -> None:
    bucket = url.split("/")[3]

    def packs() -> set[str]:
        listed = moto.request("GET", f"/{bucket}?list-type=2&prefix=some/prefix/data/").decode()
        return set(re.findall(r"<Key>([^<]*)</Key>", listed))

    live(url, folder, tmp_path, packs)


def test_two_repositories_in_one_bucket(moto: Moto, url: str, folder: Path) -> None:
    other = url.replace("/prefix", "/other")
    (folder / "a").write_bytes(b"x")
    for place in (url, other):
        yester("init", "--no-encryption", place)
        yester("profile", "add", place.rpartition("/")[2], folder, "--repo", place)
    yester("snap", "other")
    assert "no snapshots" in yester("list", "--repo", url)
    yester("check", "--repo", other)
    said = yester("init", "--no-encryption", url, code=6)
    assert "already" in said


def test_without_credentials_it_says_what_to_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = yester("init", "s3://bucket/prefix", code=6).splitlines()
    assert said[0] == "yester: There are no credentials for s3://bucket/prefix"
    assert "AWS_ACCESS_KEY_ID" in said[1]


def test_no_secret_is_kept_or_shown(home: Path, folder: Path) -> None:
    url = "s3://AKIA:hushhush@bucket/prefix"
    said = yester("init", "--no-encryption", url, code=2)
    assert "AWS_SECRET_ACCESS_KEY" in said
    said += yester("list", "--repo", url, code=2)
    said += yester("profile", "add", "docs", folder, "--repo", url, code=2)
    assert "hushhush" not in said
    assert [path for path in home.rglob("*") if path.is_file() and b"hushhush" in path.read_bytes()] == []
