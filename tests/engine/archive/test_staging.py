"""Packs as files for archives: in place where they are files, else fetched, and never more than agreed."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from tests.plugins.backends.multi.conftest import listing

from yester.engine.archive.depot import Lent
from yester.engine.archive.staging import Staging, staging_folder
from yester.engine.errors import UsageError, YesterError
from yester.engine.ids import PackId
from yester.engine.places import Places
from yester.engine.profiles.profile import ArchiveSpec
from yester.engine.store import Store
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.registry import open_store

CONTENTS = [os.urandom(1000), os.urandom(2000)]
PACKS = [PackId(blake3(content).digest()) for content in CONTENTS]
NAMES = [f"data.{pack.hex()}" for pack in PACKS]


def filled(store: Store) -> Store:
    for name, content in zip(NAMES, CONTENTS, strict=True):
        store.put(name, [content])
    return store


@pytest.fixture
def mirror(home: Path, tmp_path: Path) -> Iterator[Store]:
    file = listing(tmp_path / "stores.json", *(f"{tmp_path.as_uri()}/{name}" for name in ("one", "two")))
    store = open_store(f"multi://{file}?mode=mirror&onfail=abort", create=True)
    yield filled(store)
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "staging"


def below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def files_of(lent: Lent | str) -> tuple[Path, ...]:
    assert isinstance(lent, Lent)
    return tuple(map(Path, lent.files))


def test_a_remote_store_is_fetched_for_as_long_as_it_is_needed(folder: Path) -> None:
    staging = Staging(filled(MemoryStore()), folder, 1 << 20)
    with staging.lent(PACKS) as lent:
        for pack, content, name in zip(PACKS, CONTENTS, NAMES, strict=True):
            (path,) = files_of(lent[pack])
            assert (path.read_bytes(), path.name) == (content, name)
            assert lent[pack] == Lent((str(path),), hashlib.sha1(content, usedforsecurity=False).hexdigest())
        assert below(folder) == sorted(NAMES)
    assert below(folder) == []


def test_every_local_mirror_is_named_in_place(mirror: Store, folder: Path, tmp_path: Path) -> None:
    with Staging(mirror, folder, 1).lent(PACKS) as lent:
        for pack, content in zip(PACKS, CONTENTS, strict=True):
            paths = files_of(lent[pack])
            assert [path.relative_to(tmp_path).parts[0] for path in paths] == ["one", "two"]
            assert {path.read_bytes() for path in paths} == {content}
        assert below(folder) == []


def test_a_mirror_without_the_pack_or_with_another_one_is_not_named(
    mirror: Store, folder: Path, tmp_path: Path
) -> None:
    copies = {name: sorted(tmp_path.rglob(name)) for name in NAMES}
    copies[NAMES[0]][0].unlink()
    copies[NAMES[1]][1].write_bytes(CONTENTS[0])
    with Staging(mirror, folder, 1).lent(PACKS) as lent:
        assert [files_of(lent[pack]) for pack in PACKS] == [(copies[NAMES[0]][1],), (copies[NAMES[1]][0],)]


def test_what_comes_back_goes_on_all_mirrors(mirror: Store, folder: Path, tmp_path: Path) -> None:
    for path in tmp_path.rglob(NAMES[0]):
        path.unlink()
    with Staging(mirror, folder, 1).room() as room:
        (room / NAMES[0]).write_bytes(CONTENTS[0])
        mirror.put(NAMES[0], [(room / NAMES[0]).read_bytes()])
    found = sorted(tmp_path.rglob(NAMES[0]))
    assert [path.relative_to(tmp_path).parts[0] for path in found] == ["one", "two"]
    assert {path.read_bytes() for path in found} == {CONTENTS[0]}


def test_a_pack_that_is_damaged_or_gone_is_said_and_keeps_no_other(folder: Path) -> None:
    store = filled(MemoryStore())
    store.put(NAMES[0], [CONTENTS[1]])
    gone = PackId(bytes(32))
    with Staging(store, folder, 1 << 20).lent([PACKS[0], gone, PACKS[1]]) as lent:
        assert "is not what was written" in str(lent[PACKS[0]])
        assert str(lent[gone]).startswith(f"There is no data.{'0' * 64} in ")
        assert files_of(lent[PACKS[1]])[0].read_bytes() == CONTENTS[1]


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    staging = Staging(filled(MemoryStore()), tmp_path / "file" / "staging", 1 << 20)
    with pytest.raises(YesterError, match="file"), staging.lent(PACKS):
        pass


def test_what_a_killed_process_left_goes_when_it_went_out_and_stays_when_it_came_back(folder: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from yester.engine.archive.staging import Staging
from yester.plugins.backends.memory import MemoryStore
store = MemoryStore()
store.put({NAMES[0]!r}, [{CONTENTS[0]!r}])
staging = Staging(store, Path({str(folder)!r}), 1 << 20)
with staging.lent([{PACKS[0]!r}]), staging.room() as room:
    (room / {NAMES[1]!r}).write_bytes(b"back")
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-P", "-c", script], check=False).returncode == -9
    assert below(folder) == sorted(NAMES)
    staging = Staging(filled(MemoryStore()), folder, 1 << 20)
    with staging.lent([]):
        assert below(folder) == [NAMES[1]]
    with staging.room() as room:
        assert (room / NAMES[1]).read_bytes() == b"back"
    assert below(folder) == []


def test_what_an_error_leaves_is_there_again_unless_it_is_too_much(folder: Path) -> None:
    with pytest.raises(RuntimeError), Staging(MemoryStore(), folder, 5).room() as room:
        (room / "a").write_bytes(b"12345")
        raise RuntimeError
    with Staging(MemoryStore(), folder, 5).room() as room:
        assert [*room.iterdir()] == [room / "a"]
        with Staging(MemoryStore(), folder, 5).room() as another:
            assert another != room and [*another.iterdir()] == []
        assert not another.exists() and (room / "a").exists()
        (room / "b").write_bytes(b"6")
        (room / "c").mkdir()
    assert below(folder) == []
    with pytest.raises(RuntimeError), Staging(MemoryStore(), folder, 5).room() as room:
        (room / "a").write_bytes(b"123456")
        raise RuntimeError
    with Staging(MemoryStore(), folder, 5).room() as room:
        assert [*room.iterdir()] == []


def test_how_much_there_is_room_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = {"size": 1 << 40}
    monkeypatch.setattr(
        "yester.engine.archive.staging.shutil.disk_usage", lambda path: type("Usage", (), {"free": free["size"]})
    )
    staging = Staging(MemoryStore(), folder, 1 << 30)
    assert staging.room_size == 1 << 30
    free["size"] = (256 << 20) + 7
    assert staging.room_size == 7
    free["size"] = 0
    assert staging.room_size == 1


def test_where_it_is(home: Path, tmp_path: Path) -> None:
    places = Places.default()
    assert staging_folder(places, ArchiveSpec(), b"\1" * 32) == places.cache / "archive" / f"yester-{'01' * 8}"
    stated = ArchiveSpec(staging_folder="~/staging")
    assert staging_folder(places, stated, b"\1" * 32) == home / "staging" / f"yester-{'01' * 8}"
    with pytest.raises(UsageError, match="takes an absolute path, not staging"):
        staging_folder(places, ArchiveSpec(staging_folder="staging"), b"\1" * 32)
