"""What backends use of duplicity besides its backend module: files, levels, small functions."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.duplicity.conftest import Import

from yester.plugins.duplicity.files import STAND_IN


@pytest.fixture
def path(duplicity: Import) -> Any:
    return duplicity("duplicity.path").Path


def test_a_path_knows_its_names(path: Any, tmp_path: Path) -> None:
    one = path(str(tmp_path)).append("a").append(b"\xe4")
    assert one.name == bytes(tmp_path) + b"/a/\xe4"
    assert one.uc_name == f"{tmp_path}/a/\udce4"
    assert one.base == bytes(tmp_path)
    assert one.index == (b"a", b"\xe4")
    assert one.get_filename() == b"\xe4"
    assert one.get_parent_dir().name == bytes(tmp_path) + b"/a"
    assert path(b"/a//b/../c/").get_canonical() == b"/a/c"
    assert path(b"//a").get_canonical() == b"/a"
    assert path(b"/a/b/").get_filename() == b"b"


def test_a_path_keeps_what_it_saw(path: Any, tmp_path: Path) -> None:
    one = path(str(tmp_path / "x"))
    assert (one.exists(), one.getsize()) == (False, 0)
    (tmp_path / "x").write_bytes(b"123")
    assert not one.exists()
    one.setdata()
    assert (one.exists(), one.isreg(), one.isdir(), one.getsize()) == (True, True, False, 3)
    one.delete()
    assert not one.exists()


def test_a_path_writes_and_copies(path: Any, tmp_path: Path) -> None:
    folder = path(str(tmp_path / "folder"))
    folder.mkdir()
    source, opened = folder.append("x"), io.BytesIO(b"content" * 50_000)
    source.writefileobj(opened)
    assert opened.closed
    assert source.getsize() == 350_000
    other = folder.append("y")
    source.copy(other)
    assert source.compare_data(other)
    folder.append("z").touch()
    assert not source.compare_data(folder.append("z"))
    other.rename(folder.append("w"))
    assert sorted(folder.listdir()) == [b"w", b"x", b"z"]
    near = source.get_temp_in_same_dir()
    assert near.get_parent_dir().name == folder.name
    assert not near.exists()
    folder.deltree()
    assert not (tmp_path / "folder").exists()


def test_levels_run_the_other_way(duplicity: Import, caplog: pytest.LogCaptureFixture) -> None:
    log = duplicity("duplicity.log")
    log.setverbosity(log.INFO)
    assert log.getverbosity() == 5
    assert log._logger.getEffectiveLevel() == 5
    assert log.LevelName(log.NOTICE) == "NOTICE"
    with caplog.at_level(logging.NOTSET, logger="duplicity"):
        log.setverbosity(log.NOTICE)
        for say in (log.Debug, log.Info, log.Notice, log.Warn, log.Error):
            say(say.__name__)
        log.Log(b"\xff bytes", log.ERROR)
    assert [record.message for record in caplog.records] == ["Notice", "Warn", "Error", "\ufffd bytes"]
    with pytest.raises(SystemExit) as caught:
        log.FatalError("over", 43)
    assert caught.value.code == 43


def test_small_functions(duplicity: Import, tmp_path: Path) -> None:
    util = duplicity("duplicity.util")
    assert util.uexc(Exception("ä")) == "ä"
    assert util.uexc(Exception(b"\xe4")) == "\udce4"
    assert util.which("sh")
    assert util.which("no-such-program-here") is None
    util.ignore_missing(Path.unlink, tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        util.ignore_missing(Path.read_bytes, tmp_path)
    assert util.merge_dicts({1: 1, 2: 2}, {2: 3}) == {1: 1, 2: 3}
    assert util.csv_args_to_dict("a,1,b,2") == {"a": "1", "b": "2"}
    assert util.csv_args_to_dict("'a,b','1'") == {"a,b": "1"}
    with pytest.raises(IndexError):
        util.csv_args_to_dict("a,1,b")
    with pytest.raises(SyntaxError):
        util.csv_args_to_dict("'a,1")


def test_temporary_files_go(duplicity: Import) -> None:
    tempdir = duplicity("duplicity.tempdir")
    folder = tempdir.default()
    assert tempdir.default() is folder
    file, name = folder.mkstemp_file()
    print("text", file=file)
    file.close()
    assert Path(name).read_text() == "text\n"
    assert not Path(folder.mktemp()).exists()
    folder.forget(name)
    folder.cleanup()
    assert not Path(name).exists()
    assert tempdir.default() is not folder
    tempdir.default().cleanup()


MAKES_ONE = """
import sys
sys.path.insert(0, sys.argv[1])
from duplicity import tempdir
tempdir.default().mkstemp()
"""


def test_temporary_files_go_with_the_process(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-P", "-c", MAKES_ONE, STAND_IN], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_a_file_is_a_file(duplicity: Import, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    with duplicity("duplicity.filechunkio").FileChunkIO(str(tmp_path / "x"), "r", offset=3, bytes=4) as part:
        assert part.read(2) == b"34"
        assert part.tell() == 2
        assert part.read() == b"56"
        assert part.seek(-1, 2) == 3
        assert part.readall() == b"6"


def test_knows_duplicitys_own_files(duplicity: Import) -> None:
    names = duplicity("duplicity.file_naming")
    assert names.full_manifest_re.match(b"duplicity-full.20261121T060000Z.manifest.gpg")
    assert names.inc_manifest_re.match(b"duplicity-inc.20261121T060000Z.to.20261122T060000Z.manifest")
    assert names.full_sig_re.match(b"duplicity-full-signatures.20261121T060000Z.sigtar.gz")
    assert names.new_sig_re.match(b"duplicity-new-signatures.20261121T060000Z.to.20261122T060000Z.sigtar.gpg")
    assert not names.full_manifest_re.match(b"duplicity-full.20261121T060000Z.vol1.difftar.gpg")
