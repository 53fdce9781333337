"""Azure's store, against its emulator."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests import azurite
from tests.azure_signing import container_signature
from tests.azurite import ACCOUNT, KEY, Azurite
from tests.backend_contract import BackendContract
from tests.living import live
from tests.plugins.backends.objects.front import Answer, Front, Request, running

from yester.engine.errors import Denied, Exists, MissingRepository, Offline, RepositoryError
from yester.engine.store import Readiness, Store
from yester.plugins.backends.registry import open_store

pytestmark = pytest.mark.servers

PACK = f"data.{'ab' * 32}"


@pytest.fixture(scope="module")
def server() -> Iterator[Azurite]:
    with azurite.running() as server:
        yield server


@pytest.fixture
def azure(server: Azurite, home: Path, monkeypatch: pytest.MonkeyPatch) -> Azurite:
    """The server, and a connection string for it."""
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", server.connection)
    return server


@pytest.fixture
def url(azure: Azurite) -> str:
    return f"az://{azure.container()}/some/prefix"


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_AZ_TRIES", "1")


class TestAzureStore(BackendContract):
    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, url: str, store: Store) -> Store:
        return open_store(url, create=True)


def test_a_repository_lives_there(url: str, folder: Path, tmp_path: Path, fuse: None) -> None:
    looking = open_store(url, create=True)
    live(url, folder, tmp_path, lambda: set(looking.list("data.")))


def test_of_many_that_create_one_wins_every_time(url: str) -> None:
    stores = [open_store(url, create=True) for _ in range(4)]

    def create(number: int, name: str) -> int:
        try:
            stores[number].put(name, [bytes([number]) * 1000], if_absent=True)
        except Exists:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        for round_ in range(30):
            name = f"key.{round_:064x}"
            won = list(pool.map(lambda number, name=name: create(number, name), range(4)))
            assert sum(won) == 1
            assert stores[0].get(name) == bytes([won.index(1)]) * 1000
    assert all(store.capabilities.if_absent for store in stores)


def test_large_objects_go_in_parts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.plugins.backends.objects.client.WHOLE_SIZE", 6 << 20)
    monkeypatch.setattr("yester.plugins.backends.objects.client.PART_SIZE", 5 << 20)
    content = bytes(range(256)) * (11 << 12)
    store = open_store(url, create=True)
    store.put(PACK, [content[:1000], content[1000:]])
    assert store.get(PACK) == content


# Who asks


def test_a_key_and_an_account_of_their_own(azure: Azurite, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    monkeypatch.setenv("YESTER_AZ_KEY_COMMAND", f"echo {KEY}")
    store = open_store(url, create=True, stated={"az": {"account": ACCOUNT, "endpoint": azure.endpoint}})
    store.put("snap.1", [b"x"])
    assert store.get("snap.1") == b"x"


def signature(url: str, rights: str, last: timedelta) -> str:
    now = datetime.now(UTC)
    return container_signature(url.split("/")[2], ACCOUNT, KEY, rights, now - timedelta(days=2), now + last)


@pytest.fixture
def without_key(azure: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", ACCOUNT)
    monkeypatch.setenv("YESTER_AZ_ENDPOINT", azure.endpoint)


@pytest.mark.usefixtures("without_key")
def test_a_signature_will_do(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", f"?{signature(url, 'rwdl', timedelta(hours=1))}")
    store = open_store(url, create=True)
    store.put("snap.1", [b"x"])
    assert list(store.list()) == ["snap.1"]
    store.delete("snap.1")


@pytest.mark.usefixtures("without_key", "once")
def test_a_signature_that_is_over_or_allows_too_little(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_AZ_SAS", signature(url, "rl", timedelta(hours=1)))
    store = open_store(url, create=True)
    with pytest.raises(Denied, match="could not be written") as caught:
        store.put(PACK, [b"x"])
    assert "may do there" in caught.value.hint
    over = signature(url, "rl", timedelta(days=-1))
    monkeypatch.setenv("YESTER_AZ_SAS", over)
    with pytest.raises(RepositoryError, match="could not be used") as refused:
        open_store(url)
    assert over.rpartition("=")[2] not in refused.value.what + refused.value.hint


# What it says


def test_no_such_container_is_said_with_what_makes_it(azure: Azurite) -> None:
    with pytest.raises(MissingRepository, match="there is no container nowhere") as caught:
        open_store("az://nowhere/r", create=True)
    assert caught.value.hint.endswith(f"az storage container create --account-name {ACCOUNT} --name nowhere")


@pytest.mark.usefixtures("without_key")
def test_a_wrong_key_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_AZ_KEY", b64encode(b"x" * 64).decode())
    with pytest.raises(RepositoryError, match="could not be used: Server failed to authenticate") as caught:
        open_store(url)
    assert "RequestId" not in caught.value.what


@pytest.mark.usefixtures("once")
def test_a_tier_that_is_none_is_said(url: str) -> None:
    store = open_store(url, create=True, stated={"az": {"data_class": "GLACIER"}})
    with pytest.raises(Denied, match="no such storage class"):
        store.put(PACK, [b"x"])


# What is archived


@pytest.fixture
def front(azure: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    with running(azure.port) as front:
        monkeypatch.setenv("YESTER_AZ_ENDPOINT", f"http://127.0.0.1:{front.port}/{ACCOUNT}")
        yield front


def test_what_is_archived_is_brought_back(url: str, front: Front) -> None:
    store = open_store(url, create=True, stated={"az": {"data_class": "Archive", "restore_priority": "High"}})
    assert store.capabilities.tier
    store.put(PACK, [b"x"])
    store.put("meta.1", [b"x"])
    with pytest.raises(Offline, match="cold storage"):
        store.get(PACK)
    front.asked.clear()
    assert store.prepare([PACK, "meta.1"])["meta.1"] is Readiness.READY
    [asked] = [request for request in front.asked if request.method == "PUT"]
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert (headers["x-ms-access-tier"], headers["x-ms-rehydrate-priority"]) == ("Hot", "High")
    assert store.prepare([PACK]) == {PACK: Readiness.READY}
    assert store.get(PACK) == b"x"


@pytest.mark.parametrize(
    ("head", "put", "readiness"),
    [
        ({"x-ms-access-tier": "Archive"}, Answer(202), Readiness.PENDING),
        ({"x-ms-access-tier": "Archive"}, Answer(200), Readiness.READY),
        ({"x-ms-access-tier": "Archive"}, Answer(403), Readiness.FAILED),
        (
            {"x-ms-access-tier": "Archive"},
            Answer(409, headers={"x-ms-error-code": "BlobBeingRehydrated"}),
            Readiness.PENDING,
        ),
        (
            {"x-ms-access-tier": "Archive", "x-ms-archive-status": "rehydrate-pending-to-hot"},
            Answer(500),
            Readiness.PENDING,
        ),
        ({"x-ms-access-tier": "Cool"}, Answer(500), Readiness.READY),
    ],
)
def test_says_how_far_it_is(url: str, front: Front, head: dict[str, str], put: Answer, readiness: Readiness) -> None:
    def answer(request: Request) -> Answer | None:
        return {"HEAD": Answer(200, headers=head), "PUT": put}.get(request.method)

    store = open_store(url, create=True)
    front.rules.append(answer)
    assert store.prepare([PACK]) == {PACK: readiness}


def test_a_server_that_is_away_says_nothing_of_readiness(url: str, front: Front) -> None:
    store = open_store(url, create=True)
    front.stop()
    assert store.prepare([PACK]) == {PACK: Readiness.FAILED}
