"""Folders of copies: whose they are, and where they may lie."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.plugins.shipped.rig import BEGIN, made

from yester.plugins.quiescing.copying import FolderCopy
from yester.plugins.quiescing.failing import Failed
from yester.plugins.shipped.mariadb import Mariadb
from yester.plugins.shipped.postgresql import Postgresql


def test_a_folder_of_copies_is_one_plugins_and_one_profiles(tmp_path: Path) -> None:
    """Each removes what is not its own, and would take the other's copies away before they are read."""
    folder = tmp_path / "copies"
    for _ in range(2):
        plugin, _ = made(Mariadb, folder=str(folder), keep=True)
        assert plugin.copy_folder(BEGIN) == folder
    with pytest.raises(Failed, match="are those of mariadb of another profile"):
        plugin.copy_folder(replace(BEGIN, profile_id="11"))
    other, _ = made(Postgresql, folder=str(folder), keep=True)
    with pytest.raises(Failed, match=r"copies in .*/copies are those of mariadb \(folder\); give a folder of its own"):
        other.copy_folder(BEGIN)


def test_a_copy_within_what_is_copied_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data" / "copy").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for source, target in (("data", "data/copy/data"), ("link", "data/copy"), ("data", "link/copy")):
        with pytest.raises(Failed, match="lies within what it is a copy of"):
            FolderCopy(tmp_path / source, tmp_path / target).update()
