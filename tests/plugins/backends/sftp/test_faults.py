"""Connections that die at every request, and servers that stop in the middle, before OpenSSH's server on pipes.

The requests of a clean run are counted; then the run is made again for each of them, with the connection killed there.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partialmethod
from pathlib import Path

import pytest
from tests.plugins.backends.sftp.conftest import Connect, piped
from tests.sshd import SFTP_SERVER

from yester.engine.errors import Broken, Exists, Missing, Retry, StoreError, YesterError
from yester.engine.store import Buffer, Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.retrying import Patience, RetryingStore
from yester.plugins.backends.sftp.address import Address
from yester.plugins.backends.sftp.connection import Connection
from yester.plugins.backends.sftp.packets import Kind
from yester.plugins.backends.sftp.store import SftpStore

PACK = f"data.{'ab' * 32}"
CONTENT = bytes(range(256)) * 1200


class Deadly:
    """Makes connections, one of which dies at the n-th request of them all."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.at = -1
        self.after = False
        self.sent = 0

    def connect(self, _: bool) -> Connection:
        deadly = self

        class Dying(Connection):
            def send(self, kind: Kind, *parts: Buffer) -> int:
                deadly.sent += 1
                if deadly.sent != deadly.at:
                    return super().send(kind, *parts)
                number = super().send(kind, *parts)
                if deadly.after:
                    # What was sent is done, and nobody hears of it.
                    super().wait(number)
                    self.do_not_heed(number)
                self._process.kill()
                self._process.wait()
                return number

        return Dying(self.address, piped(SFTP_SERVER))


@pytest.fixture
def deadly(tmp_path: Path) -> Deadly:
    return Deadly(Address("host", bytes(tmp_path / "repository")))


def ready(tmp_path: Path) -> None:
    """Make a repository with some objects."""
    folder = FolderStore(tmp_path / "repository", create=True)
    for name in ("config", PACK, "snap.1", "snap.2"):
        folder.put(name, [CONTENT])
    folder.close()


def put(store: Store) -> None:
    store.put(PACK.replace("ab", "cd"), [CONTENT[:1000], CONTENT[1000:]])
    assert store.get(PACK.replace("ab", "cd")) == CONTENT


def put_over(store: Store) -> None:
    store.put("config", [b"new"])
    assert store.get("config") == b"new"


def create(store: Store) -> None:
    store.put("key.1", [CONTENT], if_absent=True)
    assert store.get("key.1") == CONTENT
    with pytest.raises(Exists):
        store.put("key.1", [b"other"], if_absent=True)


def get(store: Store) -> None:
    assert store.get(PACK) == CONTENT
    assert store.get_range(PACK, 1000, 5000) == CONTENT[1000:6000]
    assert store.query(PACK) == len(CONTENT)


def list_all(store: Store) -> None:
    assert sorted(store.list()) == sorted(["config", PACK, "snap.1", "snap.2"])


def delete(store: Store) -> None:
    store.delete("snap.1")
    assert list(store.list("snap.")) == ["snap.2"]


VERBS = [put, put_over, create, get, list_all, delete]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_a_connection_killed_at_any_request_harms_nothing(
    deadly: Deadly, tmp_path: Path, verb: Callable[[Store], None], after: bool
) -> None:
    waits: list[float] = []

    def run(at: int) -> int:
        subprocess.run(["rm", "-rf", tmp_path / "repository"], check=True)
        ready(tmp_path)
        deadly.at = -1
        with_retries = RetryingStore(
            SftpStore(deadly.address, deadly.connect), Patience(sleep=waits.append, tries=3, first_delay_s=1)
        )
        deadly.sent, deadly.at, deadly.after = 0, at, after
        verb(with_retries)
        with_retries.close()
        return deadly.sent

    count = run(-1)
    assert count > 2
    for at in range(1, count + 1):
        before = len(waits)
        run(at)
        # A request whose answer nobody waits for, such as the last close, may be lost unseen.
        assert len(waits) - before <= 1
    assert waits
    assert set(waits) == {1.0}
    print(f"{verb.__name__}: killed at each of {count} requests")


def test_what_stays_lost_is_said_after_all_tries(deadly: Deadly, tmp_path: Path) -> None:
    ready(tmp_path)
    waits: list[float] = []
    store = SftpStore(deadly.address, deadly.connect)
    persistent = RetryingStore(store, Patience(sleep=waits.append))

    def lose(_: bool) -> Connection:
        return Connection(deadly.address, piped("false"))

    store._pool.close()
    store._pool = type(store._pool)(lose)
    with pytest.raises(Retry, match="The connection to host is lost"):
        persistent.get("config")
    assert waits == [1, 2, 4, 8, 16]
    persistent.close()


def test_what_is_for_good_is_not_tried_again(deadly: Deadly, tmp_path: Path) -> None:
    ready(tmp_path)
    waits: list[float] = []
    persistent = RetryingStore(SftpStore(deadly.address, deadly.connect), Patience(sleep=waits.append))
    for ask in (persistent.get, persistent.delete, persistent.query):
        with pytest.raises(Missing):
            ask("snap.3")
    with pytest.raises(Exists):
        persistent.put("snap.1", [b"x"], if_absent=True)
    assert waits == []
    persistent.close()


def test_a_server_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.plugins.backends.sftp.connection._END_S", 0.05)
    address = Address("host", b"/x")
    with pytest.raises(Retry, match="has not answered"):
        Connection(address, piped("sh", "-c", r"printf '\0'; exec sleep 1000"), stall_s=0.05)
    with pytest.raises(Retry, match="has not answered"):
        Connection(address, piped("sh", "-c", "exec sleep 1000"), stall_s=0.05)


def test_what_ssh_says_at_length_does_not_stop_it(tmp_path: Path) -> None:
    ready(tmp_path)
    talker = f"head -c 5000000 /dev/zero >&2; exec {SFTP_SERVER}"
    address = Address("host", bytes(tmp_path / "repository"))
    store = SftpStore(address, lambda _: Connection(address, piped("sh", "-c", talker)))
    assert store.get(PACK) == CONTENT
    store.close()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("seed", range(6))
def test_a_server_that_lies_is_an_error_and_nothing_else(
    tmp_path: Path, verb: Callable[[Store], None], seed: int
) -> None:
    """Behind a pipe that changes some bytes of what the server says, now and then."""
    ready(tmp_path)
    liar = (
        "import os,random,sys\n"
        f"noise = random.Random({seed})\n"
        "while data := bytearray(os.read(0, 65536)):\n"
        "    if noise.random() < 0.5: data[noise.randrange(min(60, len(data)))] = noise.randrange(256)\n"
        "    sys.stdout.buffer.write(data); sys.stdout.buffer.flush()\n"
    )
    (tmp_path / "liar.py").write_text(liar)
    words = ("sh", "-c", f"{SFTP_SERVER} | exec {sys.executable} -IS {tmp_path}/liar.py")
    address = Address("host", bytes(tmp_path / "repository"))
    try:
        store = SftpStore(address, lambda _: Connection(address, piped(*words), stall_s=0.5))
    except YesterError:
        return
    # Bytes that a liar exchanged inside an object are for the engine's seals to notice, not for the store.
    with suppress(StoreError, AssertionError):
        verb(store)
    store.close()


def test_more_threads_than_connections_wait(tmp_path: Path, bare: tuple[Address, Connect]) -> None:
    ready(tmp_path)
    address, connect = bare
    made: list[Connection] = []
    asked: list[bool] = []
    lock = threading.Lock()

    def counted(asking: bool) -> Connection:
        with lock:
            asked.append(asking)
            if len(made) == 2:
                raise Broken("no more than two")
            made.append(connect(asking))
            return made[-1]

    store = SftpStore(address, counted)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(store.get, [PACK] * 50)) == {CONTENT}
    assert len(made) == 2
    assert asked.count(True) == 1
    store.close()


@pytest.mark.parametrize("frozen", [False, True])
def test_a_connection_that_slept_is_asked_before_it_is_relied_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    """As after a laptop's night: the process of the connection stands still, so that no word comes of its end."""
    ready(tmp_path)
    monkeypatch.setattr(Connection, "is_alive", partialmethod(Connection.is_alive, 0.2 if frozen else 60))
    monkeypatch.setattr("yester.plugins.backends.sftp.connection._END_S", 0.05)
    address, slept = Address("host", bytes(tmp_path / "repository")), [0.0]
    processes: list[subprocess.Popen[bytes]] = []

    def connect(_: bool) -> Connection:
        processes.append(piped(SFTP_SERVER))
        return Connection(address, processes[-1], clock=lambda: time.monotonic() + slept[0])

    store = SftpStore(address, connect)
    slept[0] += 3600
    if frozen:
        processes[0].send_signal(signal.SIGSTOP)
    assert store.get(PACK) == CONTENT
    assert len(processes) == 1 + frozen
    if frozen:
        assert processes[0].returncode is not None
    store.close()
