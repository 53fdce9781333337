"""Things that people use where they are: a program, a virtual environment, a git repository, a database."""

import io
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.fs.mounting import World

pytestmark = pytest.mark.usefixtures("fuse")

GIT = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_OPTIONAL_LOCKS": "0",
}


def said(*command: str | Path, **environment: str) -> str:
    """Run a program and return what it prints; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_program_runs_from_the_mount(world: World) -> None:
    program = shutil.which("ls")
    assert program is not None
    shutil.copy2(program, world.source / "list")
    (world.source / "script").write_text("#!/bin/sh\necho from $0\n")
    (world.source / "script").chmod(0o755)
    world.take()
    with world.mounted():
        assert said(world.latest / "list", world.latest).split() == ["list", "script"]
        assert said(world.latest / "script") == f"from {world.latest}/script\n"


def test_a_virtual_environment_works_from_the_mount(world: World) -> None:
    said(sys.executable, "-m", "venv", "--without-pip", world.source / "env")
    packages = next((world.source / "env/lib").glob("python*/site-packages"))
    (packages / "kept.py").write_text("ANSWER = 42\n")
    world.take()
    with world.mounted():
        python = world.latest / "env/bin/python"
        ask = "import kept, sys; print(kept.ANSWER, kept.__file__, sys.prefix)"
        answer, file, prefix = said(python, "-c", ask, PYTHONPATH="", PYTHONDONTWRITEBYTECODE="").split()
        assert (answer, prefix) == ("42", str(world.latest / "env"))
        assert Path(file).is_relative_to(world.latest / "env")


def test_a_git_repository_is_sound_in_the_mount(world: World) -> None:
    folder = world.source / "project"
    said("git", "init", "-q", folder, **GIT)
    for row in range(30):
        (folder / f"file{row}").write_text(f"{row}\n" * 500)
    said("git", "-C", folder, "add", ".", **GIT)
    said("git", "-C", folder, "commit", "-q", "-m", "first", **GIT)
    said("git", "-C", folder, "gc", "-q", **GIT)
    (folder / "file1").write_text("changed\n")
    said("git", "-C", folder, "commit", "-q", "-a", "-m", "second", **GIT)
    (folder / "file2").write_text("not committed\n")
    world.take()
    with world.mounted():
        there = world.latest / "project"
        git = ("git", "-c", f"safe.directory={there}", "-C", there)
        said(*git, "fsck", "--full", "--strict", **GIT)
        assert said(*git, "log", "--format=%s", **GIT).split() == ["second", "first"]
        assert said(*git, "status", "--porcelain", **GIT) == " M file2\n"
        assert said(*git, "show", "HEAD:file1", **GIT) == "changed\n"
        said("git", "-c", f"safe.directory={there}/.git", "clone", "-q", there, world.root / "clone", **GIT)
    assert (world.root / "clone/file1").read_text() == "changed\n"


def test_a_database_answers_from_the_mount(world: World) -> None:
    with sqlite3.connect(world.source / "db") as database:
        database.execute("create table t (n integer primary key, word text)")
        database.executemany("insert into t (word) values (?)", ((f"word {row}",) for row in range(20_000)))
    database.close()
    world.take()
    with world.mounted():
        database = sqlite3.connect(f"file:{world.latest / 'db'}?mode=ro", uri=True)
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        assert database.execute("select word from t where n = 12345").fetchone() == ("word 12344",)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            database.execute("delete from t")
        database.close()


def fill(world: World) -> None:
    """Some folders of files of many ages and sizes, with links and holes."""
    for row in range(40):
        folder = world.source / f"f{row % 7}" / f"g{row % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row}.py").write_text(f"VALUE = {row}\n" * (1 + row * 10))
        os.utime(folder / f"{row}.py", (1_000_000_000 + row * 86_400,) * 2)
    (world.source / "link").symlink_to("f1/g1/1.py")
    os.link(world.source / "f1/g1/1.py", world.source / "f2" / "second")
    with open(world.source / "sparse", "wb") as file:
        file.truncate(5 << 20)
        file.seek(3 << 20)
        file.write(b"x" * 10_000)
    (world.source / "f0" / "g0" / "0.py").chmod(0o604)
    for top, _, _ in os.walk(world.source, topdown=False):
        os.utime(top, (1_100_000_000,) * 2)


COMMANDS = {
    "ls -laR": ("ls", "-laR", "--time-style=full-iso"),
    "find by age": ("find", ".", "-newer", "f6/g0/6.py", "-printf", "%p %y %s %m %n %l %T@\n"),
    "find by size": ("find", ".", "-type", "f", "-size", "+4k", "-links", "1", "-printf", "%p %b\n"),
    "du": ("du", "-a", "--apparent-size", "--block-size=1"),
    "du of files": ("find", ".", "-type", "f", "-exec", "du", "--block-size=1", "{}", "+"),
    "checksums": ("find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"),
    "grep": ("grep", "-rc", "VALUE = 7", "."),
    "stat": ("find", ".", "!", "-type", "d", "-exec", "stat", "-c", "%n %f %u %g %s %b %h %Y", "{}", "+"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_program_says_of_the_mount_what_it_says_of_the_source(world: World, name: str) -> None:
    fill(world)
    world.take()

    def lines(top: Path) -> list[str]:
        done = subprocess.run(COMMANDS[name], cwd=top, capture_output=True, text=True, check=False)
        # Sizes of folders and what is above the source are the file system's own.
        is_own = ("total ", "d") if name.startswith("ls") else ()
        told = [line for line in done.stdout.splitlines() if not line.startswith(is_own)]
        return told if name.startswith("ls") else sorted(told)

    with world.mounted():
        there, here = lines(world.source), lines(world.latest)
    if name == "du":
        there, here = ([line for line in side if "." in line.rpartition("/")[2]] for side in (there, here))
    assert len(there) > 5 or name == "find by size"
    assert here == there


def test_diff_finds_nothing_and_compileall_writes_elsewhere(world: World) -> None:
    fill(world)
    world.take()
    with world.mounted():
        assert said("diff", "-r", "--no-dereference", world.source, world.latest) == ""
        cache = world.root / "cache"
        said(sys.executable, "-m", "compileall", "-q", world.latest, PYTHONPYCACHEPREFIX=str(cache))
        # Those of Python itself may lie there too.
        made = [path for path in cache.rglob("*.pyc") if str(path).startswith(f"{cache}{world.mountpoint}/")]
        assert len(made) == 40


def test_thumbnails_are_made_as_from_the_source(world: World) -> None:
    """As file managers do it: the beginning, the end and small pieces at chance places of many files, some at once."""
    chance = random.Random(4)
    for row in range(60):
        (world.source / f"{row}.jpg").write_bytes(chance.randbytes(chance.randrange(1, 300_000)))
    world.take()
    reads = [
        (row, chance.randrange(-100, 310_000), chance.randrange(1, 70_000)) for row in range(60) for _ in range(20)
    ]
    chance.shuffle(reads)

    def piece(top: Path, row: int, offset: int, size: int) -> bytes:
        with open(top / f"{row}.jpg", "rb", buffering=0) as file:
            end = os.fstat(file.fileno()).st_size
            return os.pread(file.fileno(), size, offset if offset >= 0 else max(0, end + offset))

    with world.mounted(), ThreadPoolExecutor(4) as pool:
        there = [piece(world.source, *each) for each in reads]
        assert list(pool.map(lambda each: piece(world.latest, *each), reads)) == there


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: disks take a minute for so many files."""
    with TemporaryDirectory(
        prefix="yester-test-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    ) as folder:
        yield Path(folder)


@pytest.mark.parametrize("entries", [20_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_a_folder_of_many_entries(world: World, memory: Path, entries: int) -> None:
    world.source = memory
    many = world.source / "many"
    many.mkdir()
    for row in range(entries):
        os.close(os.open(many / f"{row:x}", os.O_CREAT | os.O_WRONLY))
    world.take()
    with world.mounted():
        shown = world.latest / "many"
        assert set(os.listdir(shown)) == {f"{row:x}" for row in range(entries)}
        with os.scandir(shown) as found:
            assert len({entry.inode() for entry in found}) == entries
        assert (shown / f"{entries - 1:x}").is_file() and not (shown / f"{entries:x}").exists()


LINKS = 20_000


def test_many_links_to_one_inode(world: World, memory: Path) -> None:
    world.source = memory
    many = world.source / "many"
    many.mkdir()
    (many / "0").write_text("one inode")
    for row in range(1, LINKS):
        os.link(many / "0", many / f"{row}")
    world.take()
    with world.mounted():
        shown = world.latest / "many"
        with os.scandir(shown) as entries:
            assert {(entry.inode(), entry.stat().st_nlink) for entry in entries} == {(shown.lstat().st_ino + 1, LINKS)}
        assert len(os.listdir(shown)) == LINKS
        assert (shown / f"{LINKS - 1}").read_text() == "one inode"


DEEP = 30
NAME = "d" * 200


def test_a_path_that_no_call_takes_in_one_piece(world: World) -> None:
    """Programs go there step by step, `rm` and `find` too."""
    at = os.open(world.source, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir(NAME, dir_fd=at)
        before, at = at, os.open(NAME, os.O_RDONLY, dir_fd=at)
        os.close(before)
    with open(os.open("end", os.O_CREAT | os.O_WRONLY, dir_fd=at), "w") as file:
        file.write("the end")
    os.close(at)
    world.take()
    with world.mounted():
        end = "/".join([".", *[NAME] * DEEP, "end"])
        assert len(end) > 4096
        for top in (world.latest, world.mountpoint / "versions" / "docs" / str(world.source).lstrip("/")):
            assert end in subprocess.run(
                ["find", "."], cwd=top, capture_output=True, text=True, check=True
            ).stdout.split("\n")
        packed = subprocess.run(["tar", "c", "."], cwd=world.latest, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            found = archive.extractfile(end)
            assert found is not None and found.read() == b"the end"
