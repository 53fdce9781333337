import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.backend_contract import BackendContract
from tests.store_contract import StoreContract

from yester.engine.errors import Broken, Denied, Exists, Full, Missing, RepositoryError, Retry, StoreError
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.proving.names import Names

PACK = f"data.{'ab' * 32}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    opened = FolderStore(tmp_path / "repository", create=True)
    yield opened
    opened.close()


class TestFolderStore(BackendContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[FolderStore]:
        opened = FolderStore(tmp_path / "repository", create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: FolderStore, tmp_path: Path) -> Iterator[FolderStore]:
        opened = FolderStore(tmp_path / "repository", create=True)
        yield opened
        opened.close()


class TestStoreWithoutLinks(StoreContract):
    """A file system without hard links creates by looking first, and says that it is not atomic."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderStore]:
        monkeypatch.setattr(os, "link", raising(errno.EPERM))
        opened = FolderStore(tmp_path / "repository", create=True)
        yield opened
        opened.close()

    def test_of_many_that_create_one_wins(self, store: FolderStore) -> None:  # type: ignore[override]
        store.put("config", [b"first"], if_absent=True)
        with pytest.raises(Exists):
            store.put("config", [b"second"], if_absent=True)
        assert store.get("config") == b"first"
        assert not store.capabilities.if_absent


def raising(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


# Layout


def test_lays_objects_out_in_folders(store: FolderStore, tmp_path: Path) -> None:
    for name in ["config", PACK, "meta.00ff", f"snap.{'01' * 32}", "data.xy", "other", "config.old"]:
        store.put(name, [b"x"])
    assert files(tmp_path / "repository") == [
        "config",
        f"data/ab/{PACK}",
        "data/data.xy",
        "meta/00/meta.00ff",
        "misc/config.old",
        "misc/other",
        f"snap/snap.{'01' * 32}",
    ]


def test_everything_is_private(store: FolderStore, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store.put(PACK, [b"x"])
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "repository").rglob("*")}
    assert modes == {"data": 0o700, "ab": 0o700, PACK: 0o600}
    assert stat.S_IMODE((tmp_path / "repository").stat().st_mode) == 0o700


def test_passes_over_what_is_no_object(store: FolderStore, tmp_path: Path) -> None:
    store.put(PACK, [b"x"])
    store.put(f"snap.{'01' * 32}", [b"x"])
    top = tmp_path / "repository"
    for foreign in [
        ".DS_Store",
        "lost+found/x",
        "data/.put-1-2",
        "data/ab/.DS_Store",
        "data/ab/notes.txt",
        f"data/cd/{PACK}",
        f"snap/{PACK}",
        "snap/SNAP.1",
        "snap/sub/snap.1",
        "data/abc/data.abc",
        "README",
        "readme",
    ]:
        (top / foreign).parent.mkdir(exist_ok=True)
        (top / foreign).write_bytes(b"foreign")
    (top / "snap" / "snap.2").symlink_to(top / "readme")
    (top / "snap" / "snap.3").mkdir()
    os.mkfifo(top / "snap" / "snap.4")
    (top / "key").write_bytes(b"not a folder")
    assert sorted(store.list()) == [PACK, f"snap.{'01' * 32}"]
    assert sorted(store.list("snap.")) == [f"snap.{'01' * 32}"]
    assert list(store.list("key.")) == []


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_an_object_that_is_no_file_is_broken(store: FolderStore, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "repository" / "snap" / "snap.1"
    place.parent.mkdir()
    if kind == "link":
        place.symlink_to("/dev/zero")
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    for ask in (store.get, store.query, lambda name: store.get_range(name, 0, 1)):
        with pytest.raises(Broken, match=r"snap\.1"):
            ask("snap.1")


# Whole or not at all


def test_nothing_is_left_of_a_put(store: FolderStore, tmp_path: Path) -> None:
    store.put("config", [b"x"], if_absent=True)
    store.put(PACK, [b"x"])
    store.put(PACK, [b"y"])
    with pytest.raises(Exists):
        store.put("config", [b"y"], if_absent=True)
    assert files(tmp_path / "repository") == ["config", f"data/ab/{PACK}"]


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, Full),
        (errno.EDQUOT, Full),
        (errno.EFBIG, Full),
        (errno.EACCES, Denied),
        (errno.EPERM, Denied),
        (errno.EROFS, Denied),
        (errno.EIO, Broken),
        (errno.ESTALE, Broken),
        (errno.ENOENT, Broken),
        (errno.EXDEV, Broken),
        (errno.ETIMEDOUT, Retry),
        (errno.EMFILE, Retry),
    ],
)
def test_a_failed_put_leaves_what_was_there(
    store: FolderStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: type[StoreError],
) -> None:
    store.put(PACK, [b"before"])
    monkeypatch.setattr(os, call, raising(number))
    with pytest.raises(error, match=PACK) as caught:
        store.put(PACK, [b"after"])
    assert os.strerror(number) in str(caught.value)
    assert caught.value.name == PACK
    assert caught.value.transient is (error is Retry)
    assert bool(caught.value.hint) is (error is not Retry)
    monkeypatch.undo()
    assert store.get(PACK) == b"before"
    assert files(tmp_path / "repository") == [f"data/ab/{PACK}"]


def test_an_interrupted_put_leaves_nothing(store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.put("config", [b"x"])
    monkeypatch.undo()
    assert files(tmp_path / "repository") == []


def test_a_write_that_takes_only_a_part_goes_on(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    content = bytes(range(256))
    store.put(PACK, [content[:100], content[100:]])
    assert store.get(PACK) == content


def test_a_read_that_gives_only_a_part_goes_on(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytes(range(256))
    store.put(PACK, [content])
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda file, size, offset: pread(file, min(size, 7), offset))
    assert store.get(PACK) == content
    assert store.get_range(PACK, 10, 100) == content[10:110]


def test_a_file_that_shrinks_while_it_is_read_is_broken(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(PACK, [b"0123456789"])
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda file, size, offset: pread(file, size, offset) if offset < 5 else b"")
    assert store.get_range(PACK, 0, 10) == b"0123456789"
    with pytest.raises(Broken, match="ends before"):
        store.get_range(PACK, 5, 5)


def test_tidying_looks_into_every_folder(store: FolderStore, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    store.put(PACK, [b"x"])
    store.put("snap.1", [b"x"])
    old = [root / "data" / "ab" / ".put-1-old", root / "snap" / ".put-1-old", root / ".put-1-old"]
    for path in (*old, root / "snap" / ".put-2-young"):
        path.write_bytes(b"x")
    for path in old:
        os.utime(path, (0, 0))
    store.tidy()
    assert [path.name for path in root.rglob(".put-*")] == [".put-2-young"]
    assert sorted(store.list()) == sorted([PACK, "snap.1"])


def test_what_a_killed_put_left_goes_when_it_is_old(store: FolderStore, tmp_path: Path) -> None:
    place = tmp_path / "repository" / "data" / "ab"
    place.mkdir(parents=True)
    old, young, other = place / ".put-1-old", place / ".put-2-young", place / ".hidden"
    for path in (old, young, other):
        path.write_bytes(b"x")
    for path in (old, other):
        os.utime(path, (0, 0))
    assert list(store.list()) == []
    store.put(PACK, [b"x"])
    assert sorted(path.name for path in place.iterdir()) == [".hidden", ".put-2-young", PACK]


def test_a_folder_that_cannot_be_synced_is_borne(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def only_files(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(file)

    monkeypatch.setattr(os, "fsync", only_files)
    store.put(PACK, [b"x"])
    assert store.get(PACK) == b"x"


def test_a_file_beyond_any_object_is_not_read(store: FolderStore, tmp_path: Path) -> None:
    store.put(PACK, [b"x"])
    os.truncate(tmp_path / "repository" / "data" / "ab" / PACK, 1 << 40)
    with pytest.raises(Broken, match="larger than any object"):
        store.get(PACK)


def test_a_removed_repository_does_not_come_back(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "repository").rmdir()
    with pytest.raises(Broken, match="No such file"):
        store.put(PACK, [b"x"])
    assert not (tmp_path / "repository").exists()
    with pytest.raises(Missing):
        store.get(PACK)


def test_follows_the_folder_that_was_opened_not_its_name(store: FolderStore, tmp_path: Path) -> None:
    """As when a disk is unmounted and an empty mount point is left."""
    (tmp_path / "repository").rename(tmp_path / "moved")
    (tmp_path / "repository").mkdir()
    store.put(PACK, [b"x"])
    assert files(tmp_path / "repository") == []
    assert files(tmp_path / "moved") == [f"data/ab/{PACK}"]


# Opening


def test_opens_again(store: FolderStore, tmp_path: Path) -> None:
    store.put("config", [b"x"])
    (tmp_path / "link").symlink_to(tmp_path / "repository")
    for path in (tmp_path / "repository", tmp_path / "link"):
        for create in (False, True):
            again = FolderStore(path, create)
            assert again.get("config") == b"x"
            again.close()


def open_fails(path: Path, *, create: bool = False) -> str:
    with pytest.raises(RepositoryError) as caught:
        FolderStore(path, create)
    return str(caught.value)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    assert open_fails(tmp_path / "none").endswith("there is no such folder")


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert open_fails(tmp_path).endswith("the folder is empty")
    (tmp_path / "lost+found").mkdir()
    assert open_fails(tmp_path).endswith("the folder is empty")


def test_a_folder_of_other_files_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    assert open_fails(tmp_path).endswith("the folder holds other files")


@pytest.mark.parametrize("create", [False, True])
def test_a_file_is_said(tmp_path: Path, create: bool) -> None:
    (tmp_path / "file").write_text("x")
    assert open_fails(tmp_path / "file", create=create) == f"{tmp_path}/file is not a folder"
    assert open_fails(tmp_path / "file" / "below", create=create) == f"{tmp_path}/file/below is not a folder"


@pytest.mark.parametrize("create", [False, True])
def test_a_dangling_link_is_said(tmp_path: Path, create: bool) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert open_fails(tmp_path / "link", create=create) == f"{tmp_path}/link is a link to nowhere, which is not there"


def test_a_folder_of_another_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", raising(errno.EACCES))
    assert open_fails(tmp_path) == f"The folder {tmp_path} cannot be used: Permission denied"


def test_a_parent_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "mkdir", raising(errno.EROFS))
    assert open_fails(tmp_path / "new", create=True).endswith("cannot be used: Read-only file system")


def test_makes_the_folder_and_those_above(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "a" / "b", create=True)
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_leaves_the_folders_that_were_there_and_those_with_something_in_them(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    FolderStore(tmp_path / "there", create=True).close()
    store = FolderStore(tmp_path / "used" / "repository", create=True)
    store.put("config", [b"x"])
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "used"]
    assert (tmp_path / "used" / "repository" / "config").exists()


def test_the_folder_of_a_test_goes_with_its_last_object(store: FolderStore, tmp_path: Path) -> None:
    names = Names.new(1, b"abc")
    for name in (names.mark, names.name("other"), "snap.1"):
        store.put(name, [b"x"])
    store.delete(names.name("other"))
    assert files(tmp_path / "repository") == ["snap/snap.1", f"{names.prefix[:-1]}/{names.mark}"]
    store.delete(names.mark)
    store.delete("snap.1")
    assert [path.name for path in (tmp_path / "repository").iterdir()] == ["snap"]
    store.put(names.mark, [b"again"])
    (tmp_path / "repository" / names.prefix[:-1] / ".put-1-killed").write_bytes(b"half")
    store.delete(names.mark)
    assert [path.name for path in (tmp_path / "repository").iterdir()] == ["snap"]


def test_a_folder_of_a_test_that_goes_during_a_put_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path, create=True)
    names = Names.new(1, b"abc")
    store.put(names.mark, [b"x"])
    folder, write = tmp_path / names.prefix[:-1], FolderStore._write

    def late(store: FolderStore, *arguments: Any) -> int:
        monkeypatch.setattr(FolderStore, "_write", write)
        (folder / names.mark).unlink()
        folder.rmdir()
        return write(store, *arguments)

    monkeypatch.setattr(FolderStore, "_write", late)
    store.put(f"{names.prefix}one", [b"y"])
    assert store.get(f"{names.prefix}one") == b"y"
    store.close()


def test_what_a_killed_test_left_is_no_foreign_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, create=True)
    store.put(Names.new(1, b"abc").mark, [b"x"])
    FolderStore(tmp_path, create=True).close()
    (tmp_path / "yester-test-mine").mkdir()
    with pytest.raises(RepositoryError, match="yester-test-mine is in it"):
        FolderStore(tmp_path, create=True)
    store.close()


@pytest.mark.parametrize("left", ["lost+found/", ".DS_Store", "System Volume Information/", ".put-1-2", "key/key.1"])
def test_what_an_interrupted_init_or_a_desktop_leaves_counts_as_empty(tmp_path: Path, left: str) -> None:
    path = tmp_path / left
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if left.endswith("/") else path.write_bytes(b"x")
    FolderStore(tmp_path, create=True).close()


@pytest.mark.parametrize("name", ["letter.txt", "data", ".bashrc"])
def test_does_not_settle_among_other_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert open_fails(tmp_path, create=True) == (
        f"The folder {tmp_path} is not empty and holds no repository: {name} is in it"
    )


def test_the_rest_of_a_repository_opens_so_that_it_can_be_looked_at(store: FolderStore, tmp_path: Path) -> None:
    store.put(PACK, [b"x"])
    again = FolderStore(tmp_path / "repository")
    assert list(again.list()) == [PACK]
    again.close()


def test_after_close_nothing_is_touched(store: FolderStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.put(PACK, [b"x"])
    with pytest.raises(StoreError):
        store.get(PACK)
