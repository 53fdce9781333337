"""A mount that several people may enter: each of four finds what he found in the source, and nothing else."""

import errno
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fs.mounting import World
from tests.fs.test_contract import set_acl

pytestmark = [pytest.mark.usefixtures("as_root"), pytest.mark.passable]

PEOPLE = {40001: (50001, 50010), 40002: (50002, 50010, 50011), 40003: (50003, 50011), 40004: (50004,)}
"""User → groups, the first being his own."""
GROUPS = (50001, 50002, 50010, 50011)
MODES = (0o700, 0o750, 0o755, 0o711, 0o770, 0o2775, 0o1777, 0o070, 0o007, 0o500, 0o000)
READ, LIST, ENTER = "read", "list", "enter"


@pytest.fixture
def world(tmp_path: Path, fuse: None) -> World:
    world = World(tmp_path)
    world.source.chmod(0o755)
    os.chmod("/dev/fuse", 0o666)
    return world


def fill(top: Path, chance: random.Random, depth: int = 3) -> None:
    """Files and folders of chance owners and modes, some with an ACL."""
    for number in range(6):
        path = top / f"{number}"
        if depth and number < 3:
            path.mkdir()
            fill(path, chance, depth - 1)
        else:
            path.write_text(f"{path} is nobody's business")
        os.chown(path, chance.choice([0, *PEOPLE]), chance.choice([0, *GROUPS]))
        path.chmod(chance.choice(MODES))
        if chance.random() < 0.25:
            set_acl(path, {chance.choice([*PEOPLE]): chance.choice([0, 1, 4, 5])}, others=chance.choice([0, 5]))


def as_person(uid: int, ask: Callable[[], object]) -> object:
    """Return what `ask` returns in a process of that person's, as JSON has it."""
    end, begin = os.pipe()
    if not (child := os.fork()):
        os.setgroups(PEOPLE[uid])
        os.setgid(PEOPLE[uid][0])
        os.setuid(uid)
        with open(begin, "w") as answer:
            json.dump(ask(), answer)
        os._exit(0)
    os.close(begin)
    with open(end) as answer:
        said = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(said)


def try_all(top: Path, paths: list[str]) -> Mapping[str, object]:
    """What comes of everything that can be asked of each path."""
    return {path: [_result(ask, top / path) for ask in ASKED] for path in paths}


def _result(ask: Callable[[Path], object], path: Path) -> object:
    try:
        return ask(path)
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def _status(path: Path) -> list[int]:
    status = path.lstat()
    return [status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns]


ASKED: list[Callable[[Path], object]] = [
    _status,
    lambda path: path.read_text(),
    lambda path: sorted(os.listdir(path)),
    lambda path: [os.access(path, way) for way in (os.R_OK, os.X_OK, os.R_OK | os.X_OK)],
    lambda path: os.getxattr(path, "system.posix_acl_access").hex(),
    lambda path: sorted(os.listxattr(path)),
    lambda path: sorted(entry.name for entry in os.scandir(path) if entry.is_file()),
]


@contextmanager
def taken(world: World) -> Iterator[list[str]]:
    """A mount for all; the paths of the source."""
    fill(world.source, random.Random(11))
    world.take()
    paths = [str(path.relative_to(world.source)) for path in sorted(world.source.rglob("*"))]
    assert len(paths) > 100
    with world.mounted(others=True):
        yield paths


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "after root has read all"])
def test_everybody_finds_what_he_found_in_the_source(world: World, warm: bool) -> None:
    with taken(world) as paths:
        if warm:
            try_all(world.latest, paths)
        differing = []
        granted = 0
        for uid in PEOPLE:
            there = as_person(uid, lambda: try_all(world.source, paths))
            here = as_person(uid, lambda: try_all(world.latest, paths))
            assert isinstance(there, dict) and isinstance(here, dict)
            differing += [(uid, path, there[path], here[path]) for path in paths if there[path] != here[path]]
            granted += sum(result[1] not in ("EACCES", "EISDIR") for result in there.values())
        assert differing == []
        assert 20 < granted < len(paths) * len(PEOPLE) - 20, "there is something to grant and something to refuse"


def test_what_one_may_see_another_does_not_see_after_him(world: World) -> None:
    (world.source / "mine").write_text("secret")
    os.chown(world.source / "mine", 40001, 50001)
    (world.source / "mine").chmod(0o600)
    world.take()
    with world.mounted(others=True):
        mine = world.latest / "mine"
        for uid, expected in ((40001, "secret"), (40002, "EACCES"), (40001, "secret"), (40003, "EACCES")):
            assert as_person(uid, lambda: _result(lambda path: path.read_text(), mine)) == expected


def test_the_folders_above_a_source_let_pass_whom_they_let_pass(world: World, tmp_path: Path) -> None:
    """They are shown as they were: whoever came to the source comes to it, whoever did not does not."""
    inner = world.source / "closed" / "open"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    (world.source / "closed").chmod(0o711)
    os.chown(world.source / "closed", 40001, 50001)
    world.source = inner
    world.take()
    with world.mounted(others=True) as mnt:
        above = world.latest.parent
        assert as_person(40002, lambda: _result(lambda path: path.read_text(), world.latest / "file")) == "x"
        assert as_person(40002, lambda: _result(lambda path: os.listdir(path), above)) == "EACCES"
        assert as_person(40001, lambda: os.listdir(above)) == ["open"], "nothing beside the way is there to be leaked"
        assert as_person(40003, lambda: sorted(os.listdir(mnt / "snapshots"))) == ["docs"]
