"""The real duplicity, with yester for its backend: volumes in a folder, and on a server that yester reaches."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests import sshd
from tests.living import SOURCE_ROOT, same, yester
from tests.plugins.duplicity.places import FILES, PROGRAMS

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


@dataclass(frozen=True, slots=True)
class Duplicity:
    """The program, with what yester gives it, and a place for what it remembers."""

    program: list[str]
    variables: dict[str, str]
    archive: Path

    def __call__(self, *words: "str | Path", fails: bool = False) -> str:
        """Run it and return what it said."""
        always = ["--no-encryption", "--num-retries", "1", "--archive-dir", str(self.archive)]
        command = [*self.program, *map(str, words), *always]
        done = subprocess.run(
            command,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def forget(self) -> None:
        """Forget all that lies on this machine."""
        shutil.rmtree(self.archive)


@pytest.fixture(params=FILES)
def duplicity(request: pytest.FixtureRequest, home: Path, tmp_path: Path) -> Duplicity:
    """A copy of what is installed, with the file in its folder of backends, as docs/backends.md says."""
    installed = FILES[request.param]()
    if not installed.is_dir():
        pytest.fail(f"there is no duplicity {request.param}: run `make test-servers`", pytrace=False)
    copy = tmp_path / "installed"
    for each in installed.parent.glob("duplicity*"):
        if each.suffix not in (".dist-info", ".egg-info"):
            shutil.copytree(each, copy / each.name)
    shutil.copy(yester("backend", "duplicity-file").strip(), copy / "duplicity" / "backends")
    variables = {
        "PYTHONPATH": str(copy),
        "YESTER": f"env PYTHONPATH={SOURCE_ROOT} {sys.executable} -P -m yester",
    }
    return Duplicity(PROGRAMS[request.param](), variables, tmp_path / "archive")


@pytest.fixture(params=["folder", "sftp"])
def place(request: pytest.FixtureRequest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    kept = tmp_path / "kept"
    if request.param == "folder":
        yield f"file://{kept}"
        return
    (tmp_path / "sshd").mkdir()
    with sshd.running(tmp_path / "sshd") as server:
        monkeypatch.setenv("YESTER_SSH_COMMAND", server.ssh)
        yield server.url(kept)


def fill(folder: Path, seed: int) -> None:
    noise = random.Random(seed)
    for number in range(5):
        (folder / f"{seed}-{number}").write_bytes(noise.randbytes(600_000))


def test_a_backup_goes_there_and_comes_back(place: str, duplicity: Duplicity, tmp_path: Path) -> None:
    source, restored, target = tmp_path / "source", tmp_path / "restored", f"yester+{place}"
    source.mkdir()
    fill(source, 1)
    duplicity("full", "--volsize", "1", source, target)
    fill(source, 2)
    (source / "1-0").unlink()
    duplicity("incremental", "--volsize", "1", source, target)
    duplicity.forget()
    assert "Number of contained backup sets: 2" in duplicity("collection-status", target)
    duplicity("verify", "--compare-data", target, source)
    duplicity("restore", target, restored)
    assert same(source, restored)
    # What is let go is gone there too.
    duplicity("full", source, target)
    duplicity("remove-all-but-n-full", "1", "--force", target)
    duplicity.forget()
    assert "Number of contained backup sets: 1" in duplicity("collection-status", target)
    (source / "2-0").write_bytes(b"changed")
    duplicity("verify", "--compare-data", target, source, fails=True)


def test_what_yester_refuses_is_said_at_once_and_by_duplicity(duplicity: Duplicity, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    said = duplicity("full", tmp_path / "source", "yester+nothing://x/y", fails=True)
    assert "nothing://" in said
    assert "Attempt" not in said
