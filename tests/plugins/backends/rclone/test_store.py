"""The store on rclone's local remote, and on remotes behind real servers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.backend_contract import BackendContract
from tests.living import SOURCE_ROOT, live, wait_for, yester
from tests.plugins.backends.rclone.conftest import encrypt
from tests.store_contract import StoreContract

from yester.engine.errors import Broken, Exists, Missing, RepositoryError, Retry, StoreError
from yester.engine.store import Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.rclone.child import PARTIAL, Child
from yester.plugins.backends.rclone.store import RcloneStore
from yester.plugins.backends.registry import open_store

PACK = f"data.{'ab' * 32}"


@pytest.mark.servers
class TestRcloneStore(BackendContract):
    CANNOT = frozenset({"one creator"})

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: Store, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()


@pytest.mark.servers
@pytest.mark.parametrize("remote_url", ["webdav", "s3"], indirect=True)
class TestRemotes(StoreContract):
    @pytest.fixture
    def store(self, remote_url: str) -> Iterator[Store]:
        opened = open_store(remote_url, create=True)
        yield opened
        opened.close()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url, create=True)
    yield opened
    opened.close()


@pytest.mark.servers
@pytest.mark.parametrize("remote_url", ["sftp", "webdav", "s3"], indirect=True)
def test_remotes_keep_what_is_put(remote_url: str) -> None:
    store = open_store(remote_url, create=True)
    content = os.urandom(6_000_000)
    store.put("config", [b"x"], if_absent=True)
    store.put(PACK, [content])
    store.put(PACK, [content[::-1]])
    with pytest.raises(Exists):
        store.put("config", [b"y"], if_absent=True)
    assert store.get(PACK) == content[::-1]
    assert store.get_range(PACK, 5_000_000, 1000) == content[::-1][5_000_000:5_001_000]
    assert sorted(store.list()) == ["config", PACK]
    store.delete(PACK)
    with pytest.raises(Missing):
        store.query(PACK)
    store.close()
    again = open_store(remote_url)
    assert list(again.list()) == ["config"]
    again.close()


@pytest.mark.servers
@pytest.mark.parametrize(("remote_url", "asks"), [("s3", 1), ("sftp", 7)], indirect=["remote_url"])
def test_a_remote_that_can_lists_all_folders_at_once(
    remote_url: str, asks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(remote_url, create=True)
    names = {f"data.{number:02x}{'0' * 62}" for number in range(6)}
    for name in names:
        store.put(name, [b"x"])
    looks = []
    inside = RcloneStore._inside

    def counted(store: RcloneStore, folder: str, *, recurse: bool = False) -> object:
        looks.append(folder)
        return inside(store, folder, recurse=recurse)

    monkeypatch.setattr(RcloneStore, "_inside", counted)
    assert set(store.list("data.")) == names
    assert len(looks) == asks
    store.close()


def test_a_folder_serves_what_it_stored_and_the_other_way_round(store: Store, tmp_path: Path) -> None:
    folder = FolderStore(tmp_path / "repository", create=True)
    names = ["config", PACK, f"snap.{'01' * 32}", "other"]
    for number, name in enumerate(names):
        (store if number % 2 else folder).put(name, [name.encode() * 1000])
    for each in (store, folder):
        assert sorted(each.list()) == sorted(names)
        assert [each.get(name) for name in names] == [name.encode() * 1000 for name in names]
    folder.close()


def test_a_replacement_of_the_same_size_and_time_is_stored(store: Store) -> None:
    for content in (b"one", b"two", b"six"):
        store.put("config", [content])
        assert store.get("config") == content


def test_what_a_killed_upload_leaves_is_no_object_and_removed(store: Store, tmp_path: Path) -> None:
    store.put("snap.1", [b"x"])
    left = [tmp_path / f"repository/snap/snap.{number}.0123abcd{PARTIAL}" for number in range(2)]
    for path in left:
        path.write_bytes(b"half")
    os.utime(left[0], (0, 0))
    assert list(store.list()) == ["snap.1"]
    store.tidy()
    assert [path.exists() for path in left] == [False, True]


def test_an_object_that_is_no_file_is_broken(store: Store, tmp_path: Path) -> None:
    (tmp_path / "repository/snap/snap.1").mkdir(parents=True)
    for ask in (store.get, store.query):
        with pytest.raises(Broken, match=r"snap\.1"):
            ask("snap.1")


def test_a_path_is_quoted(config: Path, tmp_path: Path) -> None:
    url = f"rclone://disk/{tmp_path}/a%20b%23%3F%25%5B"
    store = open_store(url, create=True)
    store.put(PACK, [b"x" * 1000])
    assert store.get_range(PACK, 1, 5) == b"x" * 5
    assert (tmp_path / "a b#?%[").is_dir()
    store.close()


# The child


def children(folder: Path) -> list[Path]:
    return list(folder.glob("yester-rclone-*"))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for temporary files whose name is short enough for a socket."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_its_socket_has_a_name_that_sockets_can_have(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / ("long" * 30)
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    store = open_store(url, create=True)
    store.put("snap.1", [b"x"])
    store.close()
    assert children(place) == []


def test_it_ends_with_its_store(url: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(place))
    store = open_store(url, create=True)
    [folder] = children(place)
    assert folder.stat().st_mode & 0o777 == 0o700
    store.close()
    store.close()
    assert children(place) == []
    with pytest.raises(StoreError):
        store.get("config")


def test_it_ends_with_a_process_that_is_killed(url: str, place: Path) -> None:
    program = (
        "import signal\n"
        "from yester.plugins.backends.registry import open_store\n"
        f"store = open_store({url!r}, create=True)\n"
        "print('open', flush=True)\n"
        "signal.pause()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT), "TMPDIR": str(place)}
    parent = subprocess.Popen([sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"open\n"
    assert rclones(place)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not rclones(place) and not children(place))


def rclones(place: Path) -> list[str]:
    """Return the processes that mention a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:
            continue
        if bytes(place) in words and b"rcd" in words:
            found.append(process.parent.name)
    return found


def test_its_password_is_in_no_command_line(url: str, tmp_path: Path) -> None:
    store = open_store(url, create=True)
    child = store._store._store._child  # type: ignore[attr-defined]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert child.password.encode() not in process.read_bytes()
        except OSError:
            continue
    store.close()


def test_one_that_dies_is_started_again(store: Store) -> None:
    store.put("config", [b"x"])
    bare = store._store._store  # type: ignore[attr-defined]
    first = bare._child
    for process in rclones(first.folder):
        if (Path("/proc") / process / "comm").read_text().startswith("rclone"):
            os.kill(int(process), signal.SIGKILL)
    first._process.wait()
    assert store.get("config") == b"x"
    assert bare._child is not first
    assert not first.folder.exists()


def test_one_that_cannot_be_started_again_is_said(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(url, create=True)._store._store  # type: ignore[attr-defined]
    store._child._process.stdin.close()
    store._child._process.wait()
    store._start = lambda: Child("/bin/false", {})
    with pytest.raises(Retry, match="another does not start"):
        store.get("config")
    store.close()


# Opening


def refused(url: str) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        open_store(url)
    return caught.value


def test_what_is_wrong_is_said(url: str, tmp_path: Path) -> None:
    assert "no repository" in str(refused(url))
    assert not (tmp_path / "repository").exists()
    problem = refused("rclone://nosuch/backup")
    assert "nosuch" in str(problem)
    assert "listremotes" in problem.hint
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/letter").write_text("x")
    with pytest.raises(RepositoryError, match="letter is in it"):
        open_store(url, create=True)


@pytest.mark.parametrize(
    ("program", "said"),
    [("/bin/false", "without a word"), ("/bin/ls", "rclone does not start"), ("/none", "not found")],
)
def test_a_program_that_is_not_rclone_is_said(
    url: str, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setenv("YESTER_RCLONE_PROGRAM", program)
    assert said in str(refused(url))


def test_no_rclone_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    problem = refused(url)
    assert str(problem) == "rclone is not installed"
    assert "rclone.org" in problem.hint


def test_an_encrypted_configuration_is_opened_or_refused_and_nobody_asked(
    url: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(config, "hush")
    assert b"local" not in config.read_bytes()
    problem = refused(url)
    assert "password" in str(problem)
    monkeypatch.setenv("RCLONE_CONFIG_PASS", "wrong")
    assert "hush" not in str(refused(url))
    monkeypatch.setenv("RCLONE_CONFIG_PASS", "hush")
    open_store(url, create=True).close()


def test_a_configuration_may_be_relative(url: str, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config.parent)
    monkeypatch.setenv("RCLONE_CONFIG", config.name)
    open_store(url, create=True).close()


def test_what_is_set_for_another_rcd_does_not_count(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCLONE_RC_ADDR", "127.0.0.1:1")
    monkeypatch.setenv("RCLONE_RC_HTPASSWD", "/nonexistent")
    monkeypatch.setenv("RCLONE_LOG_LEVEL", "DEBUG")
    open_store(url, create=True).close()


# The whole program


@pytest.mark.servers
def test_a_repository_lives_there(url: str, folder: Path, tmp_path: Path, fuse: None) -> None:
    place = tmp_path / "repository"
    live(url, folder, tmp_path, lambda: {path.name for path in place.glob("data/*/data.*")})
    yester("check", "--repo", place, "--read-data")
