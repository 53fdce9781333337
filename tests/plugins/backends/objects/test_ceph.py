"""A real cluster: many hosts write at once, and one of its stores dies on the way."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests import ceph
from tests.backend_contract import BackendContract
from tests.ceph import KEYS, Ceph
from tests.living import environment, fill, live, same, start, wait_for, words, yester

from yester.engine.errors import Denied, Exists, Full, MissingRepository, RepositoryError
from yester.engine.store import Store
from yester.plugins.backends.registry import open_store

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[4]
SECONDS = 20
PACK = f"data.{'ab' * 32}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Ceph]:
    # Not below the tests' own folder: names of sockets may be 107 bytes long, and this takes half a gigabyte.
    folder = Path(tempfile.mkdtemp(prefix="yester-ceph-", dir="/var/tmp"))
    try:
        with ceph.running(folder) as running:
            print(f"\nCeph: {running.started_in_s:.0f} s to start")
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def url(cluster: Ceph, keys: None, request: pytest.FixtureRequest) -> str:
    """A place for a repository, in a bucket of its own."""
    return f"{cluster.bucket(f'b{abs(hash(request.node.nodeid))}')}/prefix"


class TestCeph(BackendContract):
    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, url: str, store: Store) -> Store:
        return open_store(url, create=True)


@pytest.mark.parametrize("is_killed", [False, True], ids=["", "while a store dies"])
def test_of_many_that_create_one_wins_every_time(cluster: Ceph, url: str, is_killed: bool) -> None:
    stores = [open_store(url, create=True) for _ in range(6)]

    def create(number: int, name: str) -> int:
        try:
            stores[number].put(name, [bytes([number]) * 1000], if_absent=True)
        except Exists:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        for round_ in range(30):
            name = f"key.{round_:064x}"
            creating = [pool.submit(create, number, name) for number in range(6)]
            if is_killed and round_ == 10:
                cluster.kill_store(0)
            won = [each.result() for each in creating]
            assert sum(won) == 1
            assert stores[0].get(name) == bytes([won.index(1)]) * 1000
    assert all(store.capabilities.if_absent for store in stores)
    if is_killed:
        cluster.start_store(0)
        cluster.wait_until_healthy()


def test_of_many_hosts_that_make_a_repository_one_does(url: str, home: Path, tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            words("init", "--no-encryption", url),
            env={**environment(), "HOME": str(tmp_path / host), "XDG_STATE_HOME": "", "XDG_CACHE_HOME": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for host in "abcdef"
    ]
    assert sorted(process.wait() for process in running) == [0, 6, 6, 6, 6, 6]
    yester("check", "--repo", url)


def test_a_repository_lives_there(url: str, folder: Path, tmp_path: Path, fuse: None) -> None:
    looking = open_store(url, create=True)
    live(url, folder, tmp_path, lambda: set(looking.list("data.")))


def test_many_hosts_lose_nothing_while_a_store_dies(cluster: Ceph, url: str, tmp_path: Path, fuse: None) -> None:
    seed = os.environ.get("YESTER_STRESS_SEED", str(time.time_ns()))
    command = [sys.executable, "-P", str(ROOT / "tests/many_writers.py"), str(tmp_path / "w"), str(SECONDS), seed, url]
    taken, hold = tmp_path / "w/taken", tmp_path / "w/hold"
    hold.parent.mkdir()
    hold.touch()
    driver = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )
    try:
        wait_for(lambda: (taken.is_dir() and len(os.listdir(taken)) >= 5) or driver.poll() is not None)
        before = len(os.listdir(taken))
        cluster.kill_store(1)
        try:
            wait_for(lambda: len(os.listdir(taken)) >= before + 5 or driver.poll() is not None)
        finally:
            cluster.start_store(1)
    finally:
        hold.unlink()
        said, wrong = driver.communicate()
    assert driver.returncode == 0, f"seed {seed}\n{wrong}"
    counts = json.loads(said.splitlines()[-1])
    print(counts)
    assert counts["taken"] >= before + 5
    for action in ("snap", "forget", "prune", "check", "read", "mount", "snap killed", "prune killed"):
        assert counts["processes"].get(action), f"too short a time for any {action}"
    cluster.wait_until_healthy()


def test_a_snapshot_goes_on_while_a_store_dies(cluster: Ceph, url: str, folder: Path, tmp_path: Path) -> None:
    looking = open_store(url, create=True)
    for seed in range(4):
        fill(folder, seed)
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    run = start("snap", "docs")
    wait_for(lambda: next(looking.list("data."), None) or run.poll() is not None)
    cluster.kill_store(2)
    try:
        assert run.wait() == 0
        yester("check", "--repo", url, "--read-data")
        yester("restore", "--repo", url, "latest", "--target", tmp_path / "restored")
        assert same(folder, f"{tmp_path / 'restored'}{folder}")
    finally:
        cluster.start_store(2)


# What it refuses


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_S3_TRIES", "1")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "the secret key is not the access key's"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "it does not know this access key"),
    ],
)
def test_wrong_keys_are_told_apart(
    url: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RepositoryError, match=words):
        open_store(url)


def test_another_users_bucket_is_denied(cluster: Ceph, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cluster.user("stranger").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RepositoryError, match="could not be used") as caught:
        open_store(url)
    assert "may do there" in caught.value.hint


def test_no_such_bucket(cluster: Ceph, keys: None) -> None:
    with pytest.raises(MissingRepository, match="there is no bucket nowhere"):
        open_store(f"s3+http://127.0.0.1:{cluster.port}/nowhere/r", create=True)


@pytest.mark.usefixtures("impatient")
def test_who_may_only_read_is_told(cluster: Ceph, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = cluster.user("reader")
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    store = open_store(cluster.bucket("readers", keys), create=True)
    store.put("config", [b"x"])
    cluster.admin("user", "modify", "--uid=reader", "--op-mask=read")
    store = open_store(store.place)
    assert store.get("config") == b"x"
    asks: list[Callable[[], None]] = [lambda: store.put(PACK, [b"x"]), lambda: store.delete("config")]
    for ask in asks:
        with pytest.raises(Denied, match="could not be") as caught:
            ask()
        assert "may do there" in caught.value.hint


@pytest.mark.usefixtures("impatient")
def test_a_quota_that_is_used_up_is_full(cluster: Ceph, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = cluster.user("small")
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    store = open_store(cluster.bucket("small", keys), create=True)
    cluster.admin("quota", "set", "--uid=small", "--quota-scope=user", "--max-size=1M")
    cluster.admin("quota", "enable", "--uid=small", "--quota-scope=user")
    with pytest.raises(Full, match="no room is left"):
        store.put(PACK, [bytes(2 << 20)])
    assert list(store.list()) == []
