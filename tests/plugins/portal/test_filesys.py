"""The archive `filesys`: a folder."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yester.engine.archive.port import FileSet
from yester.plugins.portal.naming import construct_filename, get_components
from yester.plugins.portal.shipped.filesys import FileSys
from yester.plugins.portal.shipped.results import Failed

Pack = Callable[..., FileSet]


@pytest.fixture
def filesys(shelf: Path) -> FileSys:
    plugin = FileSys()
    plugin.options = {"folder": str(shelf), "only_mounted": False, "volume": ""}
    return plugin


def reasons(result: Any) -> list[str]:
    return [*result[3].get("reasons", {}).values()]


def taken(filesys: FileSys, *file_sets: FileSet) -> list[FileSet]:
    done, failed, words, _ = filesys.archive([*file_sets], "filesys", "1")
    assert not failed and not words
    return done


def test_the_naming_rule() -> None:
    file_set = FileSet(["/a/test_file_0.txt"], "VX-0", "b2c3")
    assert construct_filename(file_set.files[0], file_set, "/tmp") == "/tmp/test_file_0_VX-0_b2c3.txt"
    assert construct_filename("data.aa", file_set, "/tmp/") == "/tmp/data_VX-0_b2c3.aa"


def test_components_of_a_shape() -> None:
    shape = {"id": "VX-1", "containerComponent": {"id": "VX-2"}, "audioComponent": [{"id": "VX-3"}, {"id": "VX-4"}]}
    assert [each["component_id"] for each in get_components(shape)] == ["VX-2", "VX-3", "VX-4"]


def test_there_and_back_and_gone(filesys: FileSys, pack: Pack, shelf: Path) -> None:
    one, two = taken(filesys, pack("data.aa", b"one"), pack("data.bb", b""))
    assert one.external_ids == [str(shelf / f"data_data.aa_{one.sha1}.aa")]
    assert sorted(os.listdir(shelf)) == sorted(Path(each.external_ids[0]).name for each in (one, two))
    for each in (one, two):
        Path(each.files[0]).unlink()
    Path(one.files[0]).parent.rmdir()
    assert filesys.verify([one, two], "filesys")[:2] == ([one, two], [])
    assert filesys.restore([one, two], "filesys") == ([one, two], [], "", {})
    assert [Path(each.files[0]).read_bytes() for each in (one, two)] == [b"one", b""]
    for _ in range(2):  # what is gone is deleted
        assert filesys.delete([one, two], "filesys") == ([one, two], [], "", {})
    assert os.listdir(shelf) == []


def test_it_may_be_asked_again_and_mends_what_is_damaged(filesys: FileSys, pack: Pack) -> None:
    file_set = pack("data.aa", b"one")
    copy = Path(taken(filesys, file_set)[0].external_ids[0])
    before = copy.stat()
    assert taken(filesys, file_set)[0].external_ids == [str(copy)]
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    copy.write_bytes(b"on")
    assert taken(filesys, file_set) and copy.read_bytes() == b"one"


def test_any_path_that_has_it_whole_is_read(filesys: FileSys, pack: Pack, shelf: Path) -> None:
    file_set = pack("data.aa", b"one", "here", "there", "elsewhere")
    Path(file_set.files[0]).unlink()
    Path(file_set.files[1]).write_bytes(b"other")
    assert Path(taken(filesys, file_set)[0].external_ids[0]).read_bytes() == b"one"


def test_what_is_damaged_gone_or_not_its_own_is_refused_and_keeps_no_other(
    filesys: FileSys, pack: Pack, shelf: Path, tmp_path: Path
) -> None:
    good, damaged, gone = taken(filesys, *(pack(f"data.{name}", name.encode()) for name in ("a", "b", "c")))
    Path(damaged.external_ids[0]).write_bytes(b"B")
    Path(gone.external_ids[0]).unlink()
    foreign = good._replace(item_id="data.d", external_ids=[str(tmp_path / "precious")])
    (tmp_path / "precious").write_text("x")
    for each in (good, damaged, gone):
        Path(each.files[0]).unlink()
    result = filesys.restore([damaged, gone, foreign, good], "filesys")
    assert result[:3] == ([good], [damaged, gone, foreign], "3 of 4 failed")
    assert "is not what it was" in reasons(result)[0]
    assert reasons(result)[1] == f"There is no copy at {gone.external_ids[0]}: is the right disk or tape there?"
    assert reasons(result)[2] == f"{tmp_path / 'precious'} is no name that this archive gives"
    assert [Path(each.files[0]).exists() for each in (good, damaged, gone)] == [True, False, False]
    assert filesys.verify([damaged, gone], "filesys")[0] == []
    assert filesys.delete([foreign], "filesys")[0] == [] and (tmp_path / "precious").exists()
    assert filesys.archive([damaged], "filesys", "1")[0] == []
    assert not [name for name in os.listdir(shelf) if name.startswith(".")]


def test_the_folder_may_move(filesys: FileSys, pack: Pack, shelf: Path) -> None:
    (file_set,) = taken(filesys, pack("data.aa"))
    shelf.rename(shelf.with_name("moved"))
    filesys.options = {**filesys.options, "folder": str(shelf.with_name("moved"))}
    Path(file_set.files[0]).unlink()
    assert filesys.restore([file_set], "filesys")[0] == [file_set]
    assert filesys.delete([file_set], "filesys")[0] and os.listdir(shelf.with_name("moved")) == []


def test_a_write_that_fails_leaves_nothing(
    filesys: FileSys, pack: Pack, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(shelf))

    monkeypatch.setattr(os, "replace", full)
    result = filesys.archive([pack("data.aa")], "filesys", "1")
    assert reasons(result) == [f"{shelf}: No space left on device"] and os.listdir(shelf) == []


def test_a_file_system_that_knows_no_sync_of_folders(
    filesys: FileSys, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = OSError(errno.EINVAL, "Invalid argument")

    def no_folder(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise problem

    monkeypatch.setattr(os, "fsync", no_folder)
    assert taken(filesys, pack("data.aa"))
    problem = OSError(errno.EIO, "Input/output error")
    assert reasons(filesys.archive([pack("data.bb")], "filesys", "1")) == ["Input/output error"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folder": ""}, "It has no folder; to say which: yester plugin options filesys --set folder=/path"),
        ({"folder": "/nowhere"}, "There is no folder /nowhere: connect its disk, load its tape, or mount its share"),
        ({"only_mounted": True}, "Nothing is mounted at .*, or above it"),
    ],
)
def test_what_cannot_be_used_is_said(
    filesys: FileSys, pack: Pack, options: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yester.plugins.portal.shipped.filesys.os.path.ismount", lambda path: str(path) == "/")
    assert filesys.is_ready()
    filesys.options = {**filesys.options, **options}
    for ask in (filesys.is_ready, lambda: filesys.archive([pack("data.aa")], "filesys", "1")):
        with pytest.raises(Failed, match=f"^{words}$"):
            ask()


def test_something_is_mounted_above(filesys: FileSys, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filesys.options = {**filesys.options, "only_mounted": True}
    monkeypatch.setattr("yester.plugins.portal.shipped.filesys.os.path.ismount", lambda path: path == shelf.parent)
    assert filesys.is_ready()


def test_what_the_tape_is_called(filesys: FileSys, pack: Pack, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filesys.archive([pack("data.aa")], "filesys", "1")[3] == {}

    def getxattr(path: Path, name: str) -> bytes:
        assert (path, name) == (shelf, "user.ltfs.volumeName")
        return b"A00001L8"

    monkeypatch.setattr(os, "getxattr", getxattr)
    assert filesys.archive([pack("data.aa")], "filesys", "1")[3] == {"volumes": ["A00001L8"]}
    filesys.options = {**filesys.options, "volume": "The blue disk"}
    assert filesys.archive([pack("data.aa")], "filesys", "1")[3] == {"volumes": ["The blue disk"]}
