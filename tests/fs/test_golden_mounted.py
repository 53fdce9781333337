"""The golden repository in a real mount. It holds what no file system here could: names, links, times at the limits."""

import errno
import os
import shutil
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from tests.format_description import CROWD, sketch
from tests.fs.mounting import World
from tests.test_golden import DESCRIPTIONS, Golden

from yester.engine.entries import Mark
from yester.fs.file_system import LONGEST_TARGET
from yester.fs.inodes import ORDINAL_MASK

READ_WHOLE = 10 << 20
UNREADABLE = Mark.UNREADABLE.value


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda path: path.stem)
def test_every_entry_is_shown_as_the_format_has_it(world: World, description: Path) -> None:
    shutil.rmtree(world.repository)
    golden = Golden(description, world.repository)
    golden.unlock()
    with world.mounted() as mnt:
        for sid, entries in golden.says["entries"].items():
            top = os.fsencode(os.path.realpath(mnt / "ids" / sid))
            for entry in entries:
                if entry["path"] == CROWD:
                    assert not entry["entries"] or len(os.listdir(top + CROWD.encode())) == entry["entries"]
                else:
                    assert_shown(top + unquote_to_bytes(entry["path"]), entry)
            names = sum(len(folders) + len(files) for _, folders, files in os.walk(top))
            assert names == golden.says["snapshots"][sid]["statistics"]["entries"]


def assert_shown(path: bytes, entry: dict[str, Any]) -> None:
    status = os.lstat(path)
    shown = (status.st_mode, status.st_size, status.st_nlink, status.st_blocks, status.st_ino & ORDINAL_MASK)
    told = (int(entry["mode"], 8), entry.get("size", 0), entry["nlink"], entry.get("blocks", 0))
    assert shown == (*told, entry.get("inode", entry["ordinal"])), path
    assert (status.st_uid, status.st_gid) == tuple(entry["owner"][:2])
    assert (status.st_mtime_ns, status.st_ctime_ns) == (entry["mtime"], entry["ctime"]), path
    assert [os.major(status.st_rdev), os.minor(status.st_rdev)] == entry.get("device", [0, 0])
    if entry.get("marks", 0) & UNREADABLE:
        with pytest.raises(OSError, match="Input/output error"):
            os.close(os.open(path, os.O_RDONLY))
    elif S_ISLNK(status.st_mode):
        assert_target(path, unquote_to_bytes(entry["target"]))
    elif S_ISREG(status.st_mode) and status.st_size <= READ_WHOLE:
        assert_content(Path(os.fsdecode(path)).read_bytes(), entry)
    elif S_ISDIR(status.st_mode):
        os.listdir(path)


def assert_target(path: bytes, target: bytes) -> None:
    if len(target) <= LONGEST_TARGET:
        assert os.readlink(path) == target
        return
    with pytest.raises(OSError, match="too long") as caught:
        os.readlink(path)
    assert caught.value.errno == errno.ENAMETOOLONG


def assert_content(content: bytes, entry: dict[str, Any]) -> None:
    assert len(content) == entry.get("size", 0)
    if "content" in entry and "extents" not in entry:
        assert sketch([(0, content)]) == entry["content"]
