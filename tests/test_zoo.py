"""The zoo holds what it says, and the comparison sees every difference: what other tests stand on."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import zoo
from tests.comparison import compare


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for each in tmp_path.iterdir():
        zoo.clear(each)


def test_every_kind_is_there(place: Path) -> None:
    built = zoo.build(place / "zoo")
    assert {os.fsencode(name) for name in os.listdir(place / "zoo")} == {name.encode() for name in zoo.KINDS}
    if os.geteuid() == 0:
        refused = {animal for animal in built.refused if not animal.startswith(("an attribute of", "name"))}
        assert refused <= {"a hundred attributes", "a sparse terabyte"}


def test_a_tree_equals_itself_and_is_cleared(place: Path) -> None:
    zoo.build(place / "zoo")
    assert compare(place / "zoo", place / "zoo") == []
    zoo.clear(place / "zoo")
    assert not (place / "zoo").exists()


def test_cp_is_faithful_but_for_flags(place: Path) -> None:
    zoo.build(place / "zoo")
    command = ["cp", "-a", "--sparse=auto", str(place / "zoo"), str(place / "copy")]
    copied = subprocess.run(command, check=False, capture_output=True)
    assert copied.returncode == 0 or os.geteuid() != 0, copied.stderr
    aspects = {each.aspect for each in compare(place / "zoo", place / "copy", ignore=("flags", "holes", "owner"))}
    assert aspects <= ({"mtime"} if os.geteuid() == 0 else {"mtime", "mode", "presence", "attributes"})


def _rewrite(path: Path) -> None:
    stat = path.stat()
    path.write_bytes(b"B" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _punch(path: Path) -> None:
    stat = path.stat()
    size = stat.st_size
    path.write_bytes(b"")
    os.truncate(path, size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _unlink_again(path: Path) -> None:
    content, stat = path.read_bytes(), path.stat()
    path.unlink()
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _become_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _point_elsewhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


MUTATIONS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "mode": ("file", lambda path: path.chmod(0o600)),
    "mtime": ("file", lambda path: os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))),
    "content": ("file", _rewrite),
    "size": ("file", lambda path: path.write_bytes(b"AA")),
    "holes": ("zeros", _punch),
    "attributes": ("file", lambda path: os.setxattr(path, "user.new", b"1")),
    "links": ("linked", _unlink_again),
    "presence": ("file", Path.unlink),
    "type": ("file", _become_a_directory),
    "target": ("link", _point_elsewhere),
    "flags": ("file", lambda path: zoo.set_flags(os.fsencode(path), zoo.NODUMP)),
}


@pytest.mark.parametrize("aspect", MUTATIONS)
def test_every_difference_is_seen(tmp_path: Path, aspect: str) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.mkdir()
    (source / "file").write_bytes(b"A" * 10)
    (source / "zeros").write_bytes(bytes(100_000))
    (source / "linked").write_bytes(b"A")
    os.link(source / "linked", source / "linked-too")
    (source / "link").symlink_to("there")
    subprocess.run(["cp", "-a", "--sparse=never", source, copy], check=True)
    assert compare(source, copy) == []
    name, mutate = MUTATIONS[aspect]
    mutate(copy / name)
    found = {(each.path, each.aspect) for each in compare(source, copy)}
    assert (b"./" + name.encode(), aspect) in found
    shutil.rmtree(copy)


def test_an_ignored_aspect_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "b").write_bytes(b"same")
    os.utime(tmp_path / "a", ns=(0, 0))
    assert compare(tmp_path / "a", tmp_path / "b", ignore=("mtime",)) == []
    (found,) = compare(tmp_path / "a", tmp_path / "b")
    assert str(found).startswith("b'.': mtime: 0 -> ")
