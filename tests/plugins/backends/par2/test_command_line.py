"""The whole program on a disk that rots: bits are flipped in every object, and everything goes on."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.living import fill, live, same, yester

pytestmark = pytest.mark.servers

ENDING = ".par2"


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "repository"


@pytest.fixture
def url(place: Path) -> str:
    return f"par2+{place.as_uri()}"


def objects(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file() and path.suffix != ENDING and path.name[0] != "."]


def rot(place: Path, *prefixes: str) -> int:
    """Flip a bit in the middle and one near the end of each object; return how many there are."""
    rotten = [path for path in objects(place) if not prefixes or path.name.startswith(prefixes)]
    for path in rotten:
        data = bytearray(path.read_bytes())
        for offset in (len(data) // 2, len(data) - 3):
            data[offset] ^= 4
        mode = path.stat().st_mode
        path.chmod(0o600)
        path.write_bytes(data)
        path.chmod(mode)
    assert rotten
    return len(rotten)


def test_everything_goes_on_where_every_object_rots(url: str, folder: Path, place: Path, tmp_path: Path) -> None:
    fill(folder, 1, files=8)
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    yester("snap", "docs")
    count = rot(place)
    said = yester("check", "--repo", url, "--read-data")
    assert said.count("is mended") == count
    # Parts of packs are read here.
    rot(place)
    said = yester("restore", "--repo", url, "latest", "--target", tmp_path / "restored")
    assert "is mended" in said
    assert same(folder, Path(f"{tmp_path}/restored{folder}"))
    rot(place, "snap.", "index.", "meta.", "key.", "config")
    fill(folder, 2, files=3)
    assert "is mended" in yester("snap", "docs")
    found = json.loads(yester("messages", "--json"))
    assert any("is mended" in message["text"] for message in found)


def test_a_mount_and_a_prune_mend_what_they_read(
    url: str, folder: Path, place: Path, tmp_path: Path, fuse: None
) -> None:
    fill(folder, 1)
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    yester("snap", "docs")
    fill(folder, 2, files=3)
    for path in sorted(folder.rglob("1-*"))[::2]:
        path.unlink()
    yester("snap", "docs")
    rot(place)
    mounted, copy = tmp_path / "mounted", tmp_path / "copy"
    mounted.mkdir()
    yester("mount", "--repo", url, mounted)
    try:
        subprocess.run(["cp", "-a", f"{mounted}/latest{folder}", copy], check=True)
    finally:
        yester("umount", mounted)
    assert same(folder, copy)
    assert "is mended" in yester("messages")
    rot(place)
    yester("forget", "docs", "--keep-last", "1", "--yes")
    assert "is mended" in yester("prune", "--repo", url, "--max-unused", "0")
    yester("check", "--repo", url, "--read-data")


def test_a_repository_lives_there(url: str, folder: Path, place: Path, tmp_path: Path, fuse: None) -> None:
    live(url, folder, tmp_path, lambda: {path.name for path in place.glob("data/*/data.*")})
    # The run that was killed may have left an object without any.
    yester("prune", "--repo", url)
    protected = {path.name for path in place.rglob(f"*{ENDING}")}
    assert {path.name + ENDING for path in objects(place)} == protected
