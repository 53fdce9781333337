import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Ended, Yester, finish, is_one_complaint, start


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    return docs


def archive_of(*arguments: str | Path) -> list[str]:
    out, err = start("export", *arguments).communicate()
    assert err == b""
    with tarfile.open(fileobj=io.BytesIO(out)) as tar:
        return tar.getnames()


def test_an_archive(taken: Path) -> None:
    assert archive_of("latest", taken) == ["docs", "docs/b.txt", "docs/letters", "docs/letters/a.txt"]
    assert archive_of("docs@latest")[0] == "."


def test_no_archive_on_a_terminal(taken: Path) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run(
        start_command("export", "latest"), stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2 and b"not for a terminal" in done.stderr


def start_command(*arguments: str) -> list[str]:
    process = start(*arguments)
    finish(process)
    assert isinstance(process.args, list)
    return [str(argument) for argument in process.args]


def test_damage(yester: Yester, taken: Path, plain: Path) -> None:
    [pack] = plain.glob("data/*/data.*")
    data = bytearray(pack.read_bytes())
    data[50] ^= 1
    pack.write_bytes(data)
    process = start("export", "latest")
    out, err = process.communicate()
    assert process.returncode == 5 and b"breaks off" in err and b"a.txt" in err
    listed = subprocess.run(["tar", "t"], input=out, capture_output=True, check=False)
    assert listed.returncode != 0


def test_a_full_disk_is_said(taken: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(start_command("export", "latest"), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and is_one_complaint(done.stderr.decode()) and b"No space" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        ([], "Missing argument 'SNAPSHOT'", 2),
        (["lastest"], "There is no snapshot lastest", 2),
        (["latest", "/no/such/path"], "The snapshot has no /no/such/path", 2),
        (["latest", "--format", "zip"], "Invalid value for '--format'", 2),
        (["latest", "--repo", "/no/such/place"], "/no/such/place", 6),
    ],
)
def test_bad_input(taken: Path, arguments: list[str], words: str, code: int) -> None:
    refused: Ended = finish(start("export", *arguments))
    assert refused.code == code
    assert words in refused.err and is_one_complaint(refused.err) and refused.out == ""
