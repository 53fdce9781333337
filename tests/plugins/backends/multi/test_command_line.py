"""The whole program over several stores, of which one dies in the middle and comes back."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.living import environment, fill, live, same, wait_for, words, yester
from tests.plugins.backends.multi.conftest import listing
from tests.sshd import Sshd, running

pytestmark = pytest.mark.servers


@pytest.fixture
def server(home: Path, tmp_path: Path) -> Iterator[Sshd]:
    (tmp_path / "sshd").mkdir()
    with running(tmp_path / "sshd") as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    return path


def objects(place: Path) -> set[str]:
    """Return the objects in a folder; but a store that died keeps the last sign of life of the run then."""
    found = {path.name for path in place.rglob("*.*") if path.is_file()}
    return {name for name in found if not name.startswith((".put-", "session."))}


def test_a_mirror_dies_in_the_middle_and_comes_back(
    server: Sshd, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, file = tmp_path / "one", tmp_path / "two", tmp_path / "stores.json"
    url = f"multi://{file}?mode=mirror"

    def describe() -> None:
        far = {"url": server.url(two), "env": [{"name": "YESTER_SSH_COMMAND", "value": server.ssh}]}
        file.write_text(json.dumps([{"url": one.as_uri()}, far]))

    describe()
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    fill(folder, 1, files=5)
    yester("snap", "docs")
    assert objects(one) == objects(two)
    fill(folder, 2)
    slow = {**environment(), "YESTER_UPLOAD_LIMIT": "4M"}
    pipe, silent = subprocess.PIPE, subprocess.DEVNULL
    run = subprocess.Popen(words("snap", "docs"), env=slow, stdin=silent, stdout=silent, stderr=pipe, text=True)
    wait_for(lambda: list(two.glob("session/session.*")) or run.poll() is not None)
    server.stop()
    said = run.communicate()[1]
    assert run.returncode == 0, said
    assert f"{server.url(two)} does not answer" in said
    assert len(objects(two)) < len(objects(one))
    # Without it everything goes on.
    assert "does not answer" in yester("snap", "docs")
    assert "does not answer" in yester("check", "--repo", url, "--read-data")
    yester("restore", "--repo", url, "latest", "--target", tmp_path / "early")
    assert same(folder, Path(f"{tmp_path}/early{folder}"))
    # It is back: noticed, said, and made the same.
    server.start()
    describe()
    assert "lacks" in yester("list", "--repo", url)
    assert "and has them now" in yester("prune", "--repo", url)
    assert objects(one) == objects(two)
    # The other one is lost.
    shutil.rmtree(one)
    assert "does not answer" in yester("restore", "--repo", url, "latest", "--target", tmp_path / "late")
    assert same(folder, Path(f"{tmp_path}/late{folder}"))
    # And replaced by an empty disk.
    monkeypatch.setenv("YESTER_MULTI_FILL", "yes")
    yester("prune", "--repo", url)
    assert objects(one) == objects(two)
    yester("check", "--repo", one, "--read-data")


@pytest.mark.parametrize("mode", ["mirror", "stripe"])
def test_a_repository_lives_there(folder: Path, tmp_path: Path, fuse: None, mode: str) -> None:
    places = [tmp_path / name for name in ("one", "two", "three")]
    file = listing(tmp_path / "stores.json", *(place.as_uri() for place in places))

    def packs() -> set[str]:
        return {str(path) for place in places for path in place.glob("data/*/data.*")}

    live(f"multi://{file}?mode={mode}&onfail=continue", folder, tmp_path, packs)


def test_damage_in_one_mirror_is_mended_from_the_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / name for name in ("one", "two")]
    file = listing(tmp_path / "stores.json", *(place.as_uri() for place in places))
    url = f"multi://{file}?mode=mirror"
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    fill(folder, 1)
    yester("snap", "docs")
    for number, path in enumerate(sorted(path for path in places[0].rglob("*.*") if path.is_file())):
        other = places[1] / path.relative_to(places[0])
        data = (path if number % 2 else other).read_bytes()
        (path if number % 2 else other).write_bytes(data[:-20] + bytes(20))
    said = yester("restore", "--repo", url, "latest", "--target", tmp_path / "restored")
    assert "is mended from another store" in said
    assert same(folder, Path(f"{tmp_path}/restored{folder}"))
    # What no reader met.
    monkeypatch.setenv("YESTER_MULTI_COMPARE", "yes")
    yester("check", "--repo", url, "--read-data")
    for place in places:
        yester("check", "--repo", place, "--read-data")


def test_nothing_is_given_up_that_a_mirror_which_is_away_may_have(folder: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    url = f"multi://{listing(tmp_path / 'stores.json', one.as_uri(), two.as_uri())}?mode=mirror"
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    fill(folder, 1)
    yester("snap", "docs")
    # A run was killed when the second one had come back and not got all of what it had missed.
    for path in (*two.glob("data/*/data.*"), *two.glob("meta/*/meta.*"), *two.glob("index/index.*")):
        path.unlink()
    one.rename(tmp_path / "away")
    for command in (["check"], ["check", "--read-data"], ["repair", "--dry-run"], ["repair", "--yes"]):
        said = yester(*command, "--repo", url, code=1)
        assert "one store does not answer" in said
    (tmp_path / "away").rename(one)
    yester("repair", "--repo", url, "--yes")
    yester("prune", "--repo", url)
    for place in (url, str(one), str(two)):
        yester("check", "--repo", place, "--read-data")
    yester("restore", "--repo", url, "latest", "--target", tmp_path / "restored")
    assert same(folder, Path(f"{tmp_path}/restored{folder}"))
