"""Files in a mount that come back from an archive while a program waits: the whole way, with a slow plugin."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester
from tests.tui.cli.test_archive import allow, packs

from yester.engine.packs.packs import OpenPack

FILES, A_PACK, SIZE = 500, 12, 2_000

PLUGIN = '''
import os, shutil, time
from portal.pluginbase.core import Plugin, implements
from portal.generic.plugin_interfaces import IArchivePlugin

FOLDER = {folder!r}

class Counting(Plugin):
    """A library that is slow, and counts how often it is asked."""
    implements(IArchivePlugin)
    name = "Counting"
    plugin_guid = "11111111-2222-3333-4444-555555555555"

    def archive(self, file_sets, policy_uuid, job_id):
        done = []
        for each in file_sets:
            target = os.path.join(FOLDER, each.item_id)
            shutil.copy(each.files[0], target)
            done.append(each._replace(external_ids=[target]))
        return done

    def restore(self, file_sets, policy_uuid):
        with open(os.path.join(FOLDER, "calls"), "a") as calls:
            calls.write("%d\\n" % len(file_sets))
        if os.path.exists(os.path.join(FOLDER, "slow")):
            time.sleep(2)
        for each in file_sets:
            shutil.copy(each.external_ids[0], each.files[0])
        return file_sets

    def delete(self, file_sets, policy_uuid):
        return None

    def get_policies(self):
        return [{{"uuid": "slow", "bulk_support": False}}]

    def is_ready(self):
        return True

Counting()
'''


@pytest.fixture
def library(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    folder = tmp_path / "library"
    folder.mkdir()
    plugins = home / ".local/share/yester/plugins/portal"
    plugins.mkdir(parents=True)
    (plugins / "counting.py").write_text(PLUGIN.format(folder=str(folder)))
    return folder


def fill(yester: Yester, plain: Path, docs: Path, library: Path, files: int) -> None:
    """Archive a folder, so that everything is in the archive, in many packs, and offline."""
    noise = random.Random(1)
    for number in range(files):
        path = docs / f"{number % 7}/{number % 3}/{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(SIZE))
    assert yester("profile", "add", "docs", docs).code == 0
    allow(Path.home(), "purge")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("yester.engine.packs.writing.FRAME_SIZE", A_PACK * SIZE)
        patched.setattr(OpenPack, "fits", lambda *_: False)
        assert yester("snap", "docs").code == 0
    assert len(packs(plain)) >= files // A_PACK
    done = yester("archive", "docs", "--purge", "--yes")
    assert done.code == 0, done
    assert packs(plain) == set()
    (library / "calls").unlink()  # it was read back before the purge


def test_a_copy_of_many_files_asks_the_plugin_twice_at_most(
    yester: Yester, plain: Path, docs: Path, library: Path, tmp_path: Path, fuse: None
) -> None:
    fill(yester, plain, docs, library, FILES)
    (library / "slow").touch()
    assert len([*library.iterdir()]) >= 40
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    assert yester("mount", mounted, "--recall=wait").code == 0
    try:
        source = f"{mounted}/latest{docs}"
        assert os.getxattr(f"{source}/0/0/0", "user.yester.tier") == b"offline"
        subprocess.run(["cp", "-a", source, tmp_path / "copy"], check=True)
        assert os.getxattr(f"{source}/0/0/0", "user.yester.tier") == b"online"
    finally:
        assert yester("umount", mounted).code == 0
    subprocess.run(["diff", "-r", docs, tmp_path / "copy"], check=True)
    assert len((library / "calls").read_text().splitlines()) <= 2
    [recalled, *_] = yester("archive", "jobs").out.splitlines()[1:]
    assert "what is read in a mount" in recalled


def test_without_it_the_file_says_how_it_comes_back(
    yester: Yester, plain: Path, docs: Path, library: Path, tmp_path: Path, fuse: None
) -> None:
    fill(yester, plain, docs, library, 2 * A_PACK)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    assert yester("mount", mounted).code == 0
    try:
        with pytest.raises(OSError, match="Input/output error"):
            Path(f"{mounted}/latest{docs}/0/0/0").read_bytes()
        words = os.getxattr(f"{mounted}/latest{docs}/0/0/0", "user.yester.recall").decode()
    finally:
        assert yester("umount", mounted).code == 0
    command = words.rpartition(": ")[2].split(" ")
    assert words.startswith("it is in the archive Counting: yester recall ")
    assert yester(*command[1:], "--wait").code == 0
    assert yester("restore", command[2].partition(":")[0], docs / "0/0/0", "--target", tmp_path / "back").code == 0
    [back] = (path for path in (tmp_path / "back").rglob("*") if path.is_file())
    assert back.read_bytes() == (docs / "0/0/0").read_bytes()
