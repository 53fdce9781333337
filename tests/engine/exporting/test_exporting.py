"""What tar makes of an exported snapshot is what was there; what is damaged never looks whole."""

import io
import os
import random
import subprocess
import tarfile
from pathlib import Path

import pytest
from tests import zoo
from tests.comparison import compare
from tests.engine.restoring_rig import committed, flip, objects, restored, taken
from tests.rig import Rig, write

from yester.engine.entries import Entry, Mark, Owner
from yester.engine.errors import CancelledError, UsageError
from yester.engine.exporting.exporting import ExportReport, export_tar
from yester.engine.ids import SnapshotId

TAR = ("tar", "-x", "--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner", "-p")


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    rig = Rig.of(home, folder)
    rig.open()
    return rig


def exported(rig: Rig, sid: SnapshotId, path: Path | bytes = b"/") -> tuple[bytes, ExportReport]:
    out = io.BytesIO()
    report = export_tar(rig.open(), sid, os.fsencode(path), out.writelines)
    return out.getvalue(), report


def extracted(archive: bytes, place: Path) -> "subprocess.CompletedProcess[bytes]":
    place.mkdir()
    return subprocess.run([*TAR, "-C", place], input=archive, capture_output=True, check=False)


def test_tar_makes_of_the_zoo_what_was_there(rig: Rig, folder: Path, tmp_path: Path) -> None:
    """All but what no tar archive holds: sockets and inode flags; and names that this tar cannot set back."""
    zoo.build(folder / "zoo")
    write(folder / "large", random.Random(1).randbytes(20_000_000))
    os.link(folder / "large", folder / "zoo" / "further name of a large file")
    for number in range(300):
        write(folder / "crowd" / str(number), b"%d" % number * number)
    try:
        sid = taken(rig)
        archive, report = exported(rig, sid, folder)
        done = extracted(archive, tmp_path / "tar")
        restored(rig, sid, tmp_path / "restored", folder)
        sockets = {each for each, what in report.left_out if "socket" in what}
        assert report.damaged == 0 and sockets, report.left_out
        found = compare(tmp_path / "restored", tmp_path / "tar", ignore=("flags",), top=False)
        unexpected = [each for each in found if each.path.removeprefix(b"./") not in sockets]
        assert unexpected == [], (done.stderr[:2000], unexpected[:10])
    finally:
        for place in (folder / "zoo", tmp_path / "tar", tmp_path / "restored"):
            zoo.clear(place)


def test_other_programs_read_it_too(rig: Rig, folder: Path) -> None:
    write(folder / "deep" / ("long" * 60) / "file", b"content")
    with open(folder / "sparse", "wb") as file:
        file.seek(10_000_000)
        file.write(b"end")
    archive, _ = exported(rig, taken(rig), folder)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = tar.extractfile(f"source/deep/{'long' * 60}/file")
        assert found is not None and found.read() == b"content"
        sparse = tar.getmember("source/sparse")
        assert sparse.size == 10_000_003
        content = tar.extractfile(sparse)
        assert content is not None and content.read() == bytes(10_000_000) + b"end"
    assert len(archive) < 100_000


def test_a_file_a_folder_or_all(rig: Rig, folder: Path) -> None:
    write(folder / "a" / "b", b"x")
    sid = taken(rig)

    def names(path: Path | bytes) -> list[str]:
        with tarfile.open(fileobj=io.BytesIO(exported(rig, sid, path)[0])) as tar:
            return tar.getnames()

    assert names(folder / "a" / "b") == ["b"]
    assert names(folder / "a") == ["a", "a/b"]
    whole = names(b"/")
    assert whole[0] == "." and whole[-1] == str(folder / "a" / "b").removeprefix("/")
    with pytest.raises(UsageError, match="has no"):
        exported(rig, sid, folder / "nothing")


def test_damage_is_named_the_rest_is_there_and_tar_complains(rig: Rig, folder: Path, tmp_path: Path) -> None:
    noise = random.Random(1)
    write(folder / "a", noise.randbytes(200_000))
    os.link(folder / "a", folder / "linked")
    sid = taken(rig)
    [pack] = objects(rig, "data.")
    write(folder / "b", noise.randbytes(200_000))
    sid = taken(rig)
    flip(rig, pack, 1000)
    archive, report = exported(rig, sid, folder)
    assert [path for path, _ in report.left_out] == [b"source/a", b"source/linked"] and report.damaged == 2
    done = extracted(archive, tmp_path / "tar")
    assert done.returncode != 0 and b"Unexpected EOF" in done.stderr
    assert (tmp_path / "tar/source/b").read_bytes() == (folder / "b").read_bytes()
    assert not (tmp_path / "tar/source/a").exists()


def test_damage_in_a_large_file_ends_the_archive_there(rig: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "large", random.Random(1).randbytes(40_000_000))
    write(folder / "later", b"x")
    sid = taken(rig)
    flip(rig, max(objects(rig, "data."), key=rig.store.query), 8_000_000)
    archive, report = exported(rig, sid, folder)
    assert report.damaged == 1 and len(archive) < 40_000_000
    done = extracted(archive, tmp_path / "tar")
    assert done.returncode != 0 and b"Unexpected EOF" in done.stderr
    assert not (tmp_path / "tar/source/later").exists()


def test_what_could_not_be_read_is_named(rig: Rig, folder: Path) -> None:
    owner = Owner(0, 0)
    unread = Entry(b"closed", 0o100000, owner, 5, 0, 0, marks=Mark.UNREADABLE)
    sid = committed(rig, unread, Entry(b"open", 0o100600, owner, 0, 0, 0))
    archive, report = exported(rig, sid)
    assert report.left_out == [(b"closed", "it could not be read when the snapshot was taken")]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == [".", "open"]


def test_a_cancelled_export_has_no_end(rig: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a", b"x" * 5000)
    sid = taken(rig)
    out = io.BytesIO()
    with pytest.raises(CancelledError, match="cancelled"):
        export_tar(rig.open(), sid, b"/", out.writelines, cancelled=lambda: True)
    assert not out.getvalue().endswith(bytes(1024))
