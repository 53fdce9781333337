"""The store against OpenSSH's own server."""

import os
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.backend_contract import NAMES, BackendContract
from tests.plugins.backends.sftp.conftest import Connect
from tests.sshd import Sshd
from tests.store_contract import StoreContract

from yester.engine.errors import (
    Broken,
    Denied,
    Exists,
    Full,
    Missing,
    MissingRepository,
    RepositoryError,
    StoreError,
    UsageError,
)
from yester.engine.store import Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.sftp.address import Address
from yester.plugins.backends.sftp.connection import Connection
from yester.plugins.backends.sftp.ssh import COMMAND_VARIABLE
from yester.plugins.backends.sftp.store import SftpStore

PACK = f"data.{'ab' * 32}"


class TestSftpStore(StoreContract):
    @pytest.fixture
    def store(self, server: Sshd, tmp_path: Path) -> Iterator[Store]:
        opened = open_store(server.url(tmp_path / "repository"), create=True)
        yield opened
        opened.close()


class TestServerOnPipes(BackendContract):
    @pytest.fixture
    def store(self, bare: tuple[Address, Connect]) -> Iterator[Store]:
        opened = SftpStore(*bare, create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: Store, bare: tuple[Address, Connect]) -> Iterator[Store]:
        opened = SftpStore(*bare, create=True)
        yield opened
        opened.close()


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


# One layout


def test_a_folder_serves_what_it_stored_and_the_other_way_round(store: Store, tmp_path: Path) -> None:
    folder = FolderStore(tmp_path / "repository", create=True)
    names = ["config", PACK, f"snap.{'01' * 32}", "other"]
    for number, name in enumerate(names):
        (store if number % 2 else folder).put(name, [name.encode() * 1000])
    for each in (store, folder):
        assert sorted(each.list()) == sorted(names)
        assert [each.get(name) for name in names] == [name.encode() * 1000 for name in names]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "repository").rglob("*")}
    assert {modes["snap"], modes["data"], modes["ab"]} == {0o700}
    assert {modes[name] for name in names} == {0o600}
    folder.close()


@pytest.mark.parametrize("size", [0, 1, 32_767, 261_119, 261_120, 261_121, 5_000_000, 20_000_001])
def test_keeps_every_byte(store: Store, size: int) -> None:
    content = os.urandom(size)
    store.put(PACK, [content[: size // 3], content[size // 3 :]])
    assert store.get(PACK) == content
    assert store.query(PACK) == size
    assert store.get_range(PACK, size // 7, size // 2) == content[size // 7 : size // 7 + size // 2]


def test_lists_ten_thousand_names(store: Store, tmp_path: Path) -> None:
    names = {f"snap.{number:064x}" for number in range(10_000)}
    (tmp_path / "repository/snap").mkdir()
    for name in names:
        (tmp_path / "repository/snap" / name).touch()
    found = list(store.list("snap."))
    assert (len(found), set(found)) == (10_000, names)


def test_passes_over_what_is_no_object(store: Store, tmp_path: Path) -> None:
    store.put(PACK, [b"x"])
    top = tmp_path / "repository"
    for foreign in ["lost+found/x", "data/.put-1-2", "data/ab/note", f"data/cd/{PACK}", "snap/SNAP.1", "snap/ä", "R"]:
        (top / foreign).parent.mkdir(exist_ok=True)
        (top / foreign).write_bytes(b"foreign")
    (top / "snap" / "snap.2").symlink_to(top / "R")
    (top / "snap" / "snap.3").mkdir()
    os.mkfifo(top / "snap" / "snap.4")
    (top / "key").write_bytes(b"not a folder")
    assert list(store.list()) == [PACK]
    assert list(store.list("key.")) == []


@pytest.fixture(scope="session")
def held() -> Iterator[list[int]]:
    """Descriptors that stay open until everything has ended."""
    descriptors: list[int] = []
    yield descriptors
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_an_object_that_is_no_file_is_broken(
    store: Store, tmp_path: Path, kind: str, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yester.plugins.backends.sftp.connection._END_S", 0.1)
    place = tmp_path / "repository/snap/snap.1"
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
    if kind == "fifo":
        # The server waits in its open for somebody who writes, though its connection is gone, and would for ever.
        held.append(os.open(place, os.O_RDWR))


# Whole or not at all


def test_nothing_is_left_of_a_put(store: Store, tmp_path: Path) -> None:
    store.put("config", [b"x"], if_absent=True)
    store.put(PACK, [b"x"])
    store.put(PACK, [b"y"])
    with pytest.raises(Exists):
        store.put("config", [b"y"], if_absent=True)
    assert files(tmp_path / "repository") == ["config", f"data/ab/{PACK}"]


def test_of_writers_that_race_over_stores_of_their_own_one_wins(server: Sshd, tmp_path: Path) -> None:
    """Each has connections of its own, as two machines have; thirty times."""
    url = server.url(tmp_path / "repository")
    stores = [open_store(url, create=True) for _ in range(2)]

    def create(store: Store, name: str, mark: bytes) -> bool:
        try:
            store.put(name, [mark * 100_000], if_absent=True)
        except Exists:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for number in range(30):
            won = list(pool.map(create, stores, [f"snap.{number}"] * 2, [b"a", b"b"]))
            assert sorted(won) == [False, True]
            assert stores[0].get(f"snap.{number}") == (b"a" if won[0] else b"b") * 100_000
    for store in stores:
        assert store.capabilities.if_absent
        store.close()


def test_a_reader_sees_one_state_or_the_other(store: Store) -> None:
    states = [bytes([number]) * 300_000 for number in range(2)]
    store.put("config", [states[0]])

    def write() -> None:
        for number in range(20):
            store.put("config", [states[number % 2]])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            assert store.get("config") in states
        writing.result()


def test_a_removed_repository_does_not_come_back(store: Store, tmp_path: Path) -> None:
    (tmp_path / "repository").rmdir()
    with pytest.raises(Broken, match=PACK):
        store.put(PACK, [b"x"])
    assert not (tmp_path / "repository").exists()


def test_nothing_is_written_where_the_disk_is_gone(store: Store, server: Sshd, tmp_path: Path) -> None:
    store.put("config", [b"x"])
    again = open_store(server.url(tmp_path / "repository"))
    (tmp_path / "repository/config").unlink()
    with pytest.raises(Broken, match="could not be written"):
        again.put(PACK, [b"x"])
    assert files(tmp_path / "repository") == []
    again.close()


def test_tidying_takes_what_killed_puts_left(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    store.put(PACK, [b"x"])
    store.put("snap.1", [b"x"])
    old = [root / "data/ab/.put-1-old", root / "snap/.put-1-old", root / ".put-1-old"]
    for path in (*old, root / "snap/.put-2-young"):
        path.write_bytes(b"x")
    for path in old:
        os.utime(path, (0, 0))
    store.tidy()
    assert [path.name for path in root.rglob(".put-*")] == [".put-2-young"]
    assert sorted(store.list()) == sorted([PACK, "snap.1"])


def test_folders_made_for_nothing_go_again(bare: tuple[Address, Connect], tmp_path: Path) -> None:
    _, connect = bare
    address = Address("host", bytes(tmp_path / "new/inner"))
    SftpStore(address, connect, create=True).close()
    assert list(tmp_path.iterdir()) == []
    store = SftpStore(address, connect, create=True)
    store.put(NAMES.mark, [b"x"])
    store.delete(NAMES.mark)
    store.close()
    assert list(tmp_path.iterdir()) == []
    store = SftpStore(address, connect, create=True)
    store.put(NAMES.mark, [b"x"])
    (tmp_path / "new/inner" / NAMES.prefix[:-1] / ".put-1-killed").write_bytes(b"half")
    store.delete(NAMES.mark)
    assert list((tmp_path / "new/inner").iterdir()) == []
    store.put(NAMES.mark, [b"x"])
    store.put(NAMES.name("other"), [b"x"])
    store.delete(NAMES.mark)
    store.close()
    assert files(tmp_path) == [f"new/inner/{NAMES.prefix[:-1]}/{NAMES.name('other')}"]


@pytest.mark.passable
@pytest.mark.usefixtures("as_root")
def test_a_read_only_folder_is_denied(bare: tuple[Address, Connect], tmp_path: Path) -> None:
    """As another user than root, whom nothing bars."""
    address, _ = bare
    (tmp_path / "repository").mkdir(mode=0o755)
    (tmp_path / "repository/config").write_bytes(b"x")

    def connect(_: bool) -> Connection:
        pipe = subprocess.PIPE
        command = ["setpriv", "--reuid=65534", "--clear-groups", "/usr/lib/openssh/sftp-server"]
        return Connection(address, subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0))

    store = SftpStore(address, connect)
    with pytest.raises(Denied, match="Permission denied"):
        store.put("snap.1", [b"x"])
    store.close()


@pytest.mark.usefixtures("as_root")
def test_a_full_and_a_read_only_disk_are_said(bare: tuple[Address, Connect], tmp_path: Path) -> None:
    """Version 3 has no words for either."""
    place = tmp_path / "repository"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    try:
        store = SftpStore(*bare, create=True)
        store.put("config", [b"x"])
        with pytest.raises(Full, match="no room is left") as caught:
            store.put(PACK, [bytes(3 << 20)])
        assert caught.value.hint
        assert files(place) == ["config"]
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        with pytest.raises(Denied, match="read-only"):
            store.put("other", [b"x"])
        assert store.get("config") == b"x"
        store.close()
    finally:
        subprocess.run(["umount", place], check=True)


def test_after_close_nothing_is_touched(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.put(PACK, [b"x"])
    with pytest.raises(StoreError):
        store.get(PACK)


# Opening


def refused(url: str, *, create: bool = False) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        open_store(url, create=create)
    return caught.value


def test_opens_again_also_through_a_link(store: Store, server: Sshd, tmp_path: Path) -> None:
    store.put("config", [b"x"])
    (tmp_path / "link").symlink_to(tmp_path / "repository")
    for create in (False, True):
        again = open_store(server.url(tmp_path / "link"), create=create)
        assert again.get("config") == b"x"
        again.close()


def test_a_path_below_home(server: Sshd, tmp_path: Path) -> None:
    home = Path(os.path.expanduser(f"~{os.environ.get('USER', '')}"))
    relative = os.path.relpath(tmp_path / "repository", Path("/root") if os.geteuid() == 0 else home)
    store = open_store(f"sftp://127.0.0.1:{server.port}/~/{relative}", create=True)
    store.put("config", [b"x"])
    assert (tmp_path / "repository/config").read_bytes() == b"x"
    store.close()


def test_strange_folders_are_said(server: Sshd, tmp_path: Path) -> None:
    url = server.url(tmp_path / "a b#")
    missing = refused(server.url(tmp_path / "none"))
    assert isinstance(missing, MissingRepository)
    assert str(missing).endswith("there is no such folder")
    (tmp_path / "file").write_text("x")
    assert str(refused(server.url(tmp_path / "file"))).endswith("/file is not a folder")
    (tmp_path / "a b#").mkdir()
    assert str(refused(url.replace(" ", "%20").replace("#", "%23"))).endswith("the folder is empty")
    (tmp_path / "a b#/letter").write_text("x")
    assert "letter is in it" in str(refused(url.replace(" ", "%20").replace("#", "%23"), create=True))


def test_nothing_is_made_unasked(server: Sshd, tmp_path: Path) -> None:
    refused(server.url(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_another_host_key_is_refused_and_how_to_accept_it_said(server: Sshd, tmp_path: Path) -> None:
    server.know("other")
    problem = refused(server.url(tmp_path / "repository"), create=True)
    assert str(problem) == "The host key of 127.0.0.1 is not the one that known_hosts has"
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in problem.hint
    assert problem.hint.endswith(f"ssh -p {server.port} 127.0.0.1")
    assert not (tmp_path / "repository").exists()


def test_an_unknown_host_key_is_refused_and_how_to_accept_it_said(server: Sshd, tmp_path: Path) -> None:
    (server.folder / "known_hosts").write_text("")
    problem = refused(server.url(tmp_path / "repository"), create=True)
    assert str(problem) == "The host key of 127.0.0.1 is not known here"
    assert "accept it" in problem.hint


def test_a_wrong_key_is_denied(server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (server.folder / "client").read_text()
    (server.folder / "stranger").write_text(text.replace(f"{server.folder}/key", f"{server.folder}/other"))
    monkeypatch.setenv(COMMAND_VARIABLE, f"ssh -F {server.folder}/stranger")
    problem = refused(server.url(tmp_path / "repository"), create=True)
    assert "does not let you in" in str(problem)
    assert "Permission denied (publickey)" in str(problem)
    assert "agent" in problem.hint


def test_a_key_that_only_the_agent_has_opens_it(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with TemporaryDirectory(prefix="yester-") as folder:  # a socket's name may not be long
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", f"{folder}/agent"], stdout=subprocess.DEVNULL)
        request.addfinalizer(agent.wait)
        request.addfinalizer(agent.terminate)
        while not Path(folder, "agent").exists():
            assert agent.poll() is None
        lines = (server.folder / "client").read_text().splitlines()
        keyless = [line for line in lines if not line.startswith("Identit")]
        (server.folder / "keyless").write_text("\n".join([*keyless, "IdentityFile none", ""]))
        monkeypatch.setenv(COMMAND_VARIABLE, f"ssh -F {server.folder}/keyless")
        monkeypatch.setenv("SSH_AUTH_SOCK", f"{folder}/agent")
        assert "does not let you in" in str(refused(server.url(tmp_path / "repository"), create=True))
        subprocess.run(["ssh-add", "-q", str(server.folder / "key")], check=True)
        store = open_store(server.url(tmp_path / "repository"), create=True)
        store.put("config", [b"x"])
        assert (tmp_path / "repository/config").read_bytes() == b"x"
        store.close()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program-here", "No such file or directory"),
        ("ssh -F /nonexistent", "/nonexistent"),
        ("ssh -o Nonsense=1", "option: nonsense"),
        ("echo hello", "does not talk SFTP"),
        ("false", "ended without a word"),
    ],
)
def test_what_is_wrong_with_ssh_is_said(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, command)
    problem = refused(server.url(tmp_path / "repository"))
    assert said in str(problem)
    assert problem.hint


def test_a_command_that_is_none_is_said(server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, "ssh 'x")
    with pytest.raises(UsageError, match=COMMAND_VARIABLE):
        open_store(server.url(tmp_path / "repository"))


def test_nobody_there_is_said(server: Sshd, tmp_path: Path) -> None:
    problem = refused(f"sftp://127.0.0.1:1{tmp_path}")
    assert "Connection refused" in str(problem)
    assert refused(f"sftp://no-such-host.invalid{tmp_path}").hint


def test_a_lost_connection_is_made_again(store: Store, server: Sshd) -> None:
    store.put("config", [b"x"])
    server.drop()
    assert store.get("config") == b"x"
    with pytest.raises(Missing):
        store.get(PACK)
