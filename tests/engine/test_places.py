import os
from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.engine.places import Places, ensured, remember


def test_follows_the_variables_of_the_platform(home: Path) -> None:
    places = Places.default()
    assert places.config == home / ".config" / "yester"
    assert places.data == home / ".local" / "share" / "yester"
    assert places.state == home / ".local" / "state" / "yester"
    assert places.cache == home / ".cache" / "yester"
    assert places.runtime == home / ".run" / "yester"


def test_without_variables_lies_in_the_home_for_root_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME")
    places = Places.default()
    for place in (places.config, places.data, places.state, places.cache):
        assert place.is_relative_to(home)


def test_a_session_that_is_gone_or_another_persons_is_none(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert Places.default().runtime == Places.default().state / "runtime"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert Places.default().runtime == tmp_path / "yester"
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert Places.default().runtime == Places.default().state / "runtime"


def test_can_all_lie_in_one_folder(tmp_path: Path) -> None:
    places = Places.under(tmp_path)
    assert (places.config, places.runtime) == (tmp_path / "config", tmp_path / "runtime")


def test_folders_are_made_private(tmp_path: Path) -> None:
    folder = ensured(tmp_path / "a" / "b")
    assert ensured(folder) == folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "state" / "file"
    remember(path, b"one")
    remember(path, b"two")
    remember(path, b"three", first=True)
    assert path.read_bytes() == b"two"
    assert [found.name for found in path.parent.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    remember(path, b"one")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(YesterError, match="No space left"):
        remember(path, b"two")
    assert path.read_bytes() == b"one"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_place_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for act in (lambda: ensured(tmp_path / "file" / "below"), lambda: remember(tmp_path / "file" / "x" / "y", b"")):
        with pytest.raises(YesterError, match="cannot be written") as caught:
            act()
        assert "XDG_STATE_HOME" in caught.value.hint
