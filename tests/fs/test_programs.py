"""Things that people use where they are: a program, a virtual environment, a git repository, a database."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

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
