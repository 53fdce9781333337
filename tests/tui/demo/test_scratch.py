import os
from pathlib import Path

import pytest

from yester.tui.demo.scratch import Scratch


@pytest.fixture(autouse=True)
def _temporary_files_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_it_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    with Scratch() as scratch:
        assert scratch.path.parent == tmp_path
        locked = scratch.path / "locked/inside"
        locked.mkdir(parents=True)
        (locked / "file").write_text("kept by no one")
        (scratch.path / "outward").symlink_to(tmp_path)
        locked.chmod(0o500)
        locked.parent.chmod(0o000)
    assert list(tmp_path.iterdir()) == []


def test_it_goes_when_something_fails_inside(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Scratch():
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_the_environment_keeps_yester_inside() -> None:
    inherited = {"XDG_DATA_HOME": "/real", "YESTER_REPOSITORY": "/real", "LANG": "C", "PATH": "/bin"}
    with Scratch() as scratch:
        environment = scratch.environment(inherited)
    assert environment["LANG"] == "C"
    assert environment["PATH"].endswith(os.pathsep + "/bin")
    assert "/real" not in environment.values()
    places = {name: value for name, value in environment.items() if name.startswith("XDG_")}
    assert places
    assert all(value.startswith(str(scratch.path)) for value in places.values())
