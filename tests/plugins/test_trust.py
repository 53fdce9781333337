import os
from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.plugins.trust import check_trust

STRANGER = 65534


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A plugin that is a folder."""
    folder = tmp_path / "plugins" / "ping"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("")
    return folder


def test_what_is_ours_is_trusted(place: Path) -> None:
    check_trust(place)
    check_trust(place / "part.py")


@pytest.mark.parametrize("part", ["..", ".", "part.py", "__init__.py"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_not(place: Path, part: str, mode: int) -> None:
    path = Path(os.path.normpath(place / part))
    path.chmod(path.stat().st_mode | mode)
    with pytest.raises(UsageError, match=f"{path} can be written by others") as refused:
        check_trust(place)
    assert refused.value.hint == f"To forbid it: chmod go-w {path}"
    path.chmod(0o755)
    check_trust(place)


def test_a_folder_in_which_nobody_touches_what_is_not_his_is_fine(place: Path) -> None:
    place.parent.chmod(0o1777)
    check_trust(place)


def test_both_sides_of_a_link_count(place: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "ping"
    link.parent.mkdir()
    link.symlink_to(place)
    check_trust(link)
    for folder in (link.parent, place.parent):
        folder.chmod(0o777)
        with pytest.raises(UsageError, match=f"{folder} can be written"):
            check_trust(link)
        folder.chmod(0o755)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("part", ["..", ".", "part.py"])
def test_what_belongs_to_others_is_not_trusted(place: Path, part: str) -> None:
    path = Path(os.path.normpath(place / part))
    os.chown(path, STRANGER, -1)
    with pytest.raises(UsageError, match="belongs to another user"):
        check_trust(place)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        check_trust(tmp_path / "gone")


@pytest.mark.parametrize("part", ["one.py", "several", "several/one.py"])
def test_what_links_in_the_folder_lead_to_counts(place: Path, tmp_path: Path, part: str) -> None:
    """It is imported as what lies in the folder itself."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "several").mkdir(parents=True)
    for file in ("one.py", "several/one.py"):
        (elsewhere / file).write_text("")
    (place / "one.py").symlink_to(elsewhere / "one.py")
    (place / "several").symlink_to(elsewhere / "several")
    (elsewhere / "several" / "again").symlink_to(elsewhere / "several")
    (place / "gone").symlink_to(tmp_path / "gone")
    check_trust(place)
    path = elsewhere / part
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(UsageError, match="can be written by others"):
        check_trust(place)


def test_what_cannot_be_read_to_its_end_is_no_plugin(tmp_path: Path) -> None:
    """Python would wait for somebody who writes to it."""
    os.mkfifo(tmp_path / "ping.py", 0o600)
    with pytest.raises(UsageError, match="is neither a file nor a folder"):
        check_trust(tmp_path / "ping.py")
