"""The store against Apache's mod_dav."""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from tests.apache import PASSWORD, TOKEN, USER, Apache
from tests.backend_contract import BackendContract

from yester.engine.errors import Exists, Full, Missing, RepositoryError, StoreError
from yester.engine.store import Store
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.webdav.address import parse
from yester.plugins.backends.webdav.server import Server
from yester.plugins.backends.webdav.store import WebdavStore

PACK = f"data.{'ab' * 32}"

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("home")]

_numbers = count()


def fresh(place: str = "plain") -> str:
    """Return a folder that no test has had."""
    return f"{place}/{next(_numbers)}/repository"


class TestApache(BackendContract):
    BY_CHANCE = frozenset({"one creator"})
    """It looks, and then renames."""

    @pytest.fixture
    def url(self, apache: Apache) -> str:
        return apache.url(fresh())

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


@pytest.mark.parametrize("size", [0, 1, 131_073, 16 << 20])
def test_keeps_every_byte(apache: Apache, size: int) -> None:
    content = os.urandom(size)
    store = open_store(apache.url(fresh()), create=True)
    store.put(PACK, [content[: size // 3], content[size // 3 :]])
    assert store.get(PACK) == content
    assert store.query(PACK) == size
    assert store.get_range(PACK, size // 7, size // 2) == content[size // 7 : size // 7 + size // 2]
    store.close()


def test_of_writers_that_race_none_is_believed(apache: Apache) -> None:
    """Apache looks, then renames: of two that ask in the same moment both may win. So it is not called atomic."""
    url = apache.url(fresh())
    stores = [open_store(url, create=True) for _ in range(2)]

    def create(store: Store, name: str, mark: bytes) -> bool:
        try:
            store.put(name, [mark * 1000], if_absent=True)
        except Exists:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for number in range(30):
            won = list(pool.map(create, stores, [f"snap.{number}"] * 2, [b"a", b"b"]))
            assert any(won)
            assert stores[0].get(f"snap.{number}") in (b"a" * 1000, b"b" * 1000)
    for store in stores:
        assert not store.capabilities.if_absent
        store.close()


def test_a_put_that_breaks_off_leaves_no_object(apache: Apache) -> None:
    place = fresh()
    store = open_store(apache.url(place), create=True)
    with socket.create_connection(("127.0.0.1", apache.ports[0])) as raw:
        raw.sendall(f"PUT /{place}/config HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode() + b"x" * 500)
    store.put("snap.1", [b"x"])
    assert list(store.list()) == ["snap.1"]
    store.close()


@pytest.mark.parametrize("place", ["basic", "digest"])
def test_a_password_opens(apache: Apache, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = apache.url(fresh(place), user=USER)
    with pytest.raises(RepositoryError, match="does not accept the login"):
        open_store(url, create=True)
    monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", PASSWORD)
    store = open_store(url, create=True)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.put(f"snap.{number}", [b"x" * 200_000]), range(32)))
    assert len(list(store.list())) == 32
    store.close()


def test_a_token_opens(apache: Apache, monkeypatch: pytest.MonkeyPatch) -> None:
    url = apache.url(fresh("token"))
    with pytest.raises(RepositoryError, match="forbids"):
        open_store(url, create=True)
    monkeypatch.setenv("YESTER_WEBDAV_TOKEN", TOKEN)
    open_store(url, create=True).close()


def test_a_server_is_trusted_by_its_authority(apache: Apache, monkeypatch: pytest.MonkeyPatch) -> None:
    url = apache.secure_url(fresh())
    with pytest.raises(RepositoryError, match="is not trusted") as caught:
        open_store(url, create=True)
    assert "YESTER_WEBDAV_CA_FILE" in caught.value.hint
    monkeypatch.setenv("YESTER_WEBDAV_CA_FILE", str(apache.folder / "authority.pem"))
    store = open_store(url, create=True)
    store.put(PACK, [b"x" * 1_000_000])
    assert store.get(PACK) == b"x" * 1_000_000
    store.close()


def test_a_certificate_is_shown(apache: Apache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_WEBDAV_CA_FILE", str(apache.folder / "authority.pem"))
    url = apache.secure_url(fresh("cert"))
    with pytest.raises(RepositoryError):
        open_store(url, create=True)
    monkeypatch.setenv("YESTER_WEBDAV_CLIENT_CERT", str(apache.folder / "client.pem"))
    store = open_store(url, create=True)
    store.put("config", [b"x"])
    assert store.get("config") == b"x"
    store.close()


def test_plain_http_where_tls_is_asked_for_is_said(apache: Apache) -> None:
    url = apache.url(fresh()).replace("webdav:", "webdavs:")
    with pytest.raises(RepositoryError, match="No encrypted connection"):
        open_store(url, create=True)


@pytest.mark.parametrize(
    ("path", "said"),
    [("static/x", "no WebDAV there"), ("moved/x", "sends elsewhere"), ("plain/none", "no such folder")],
)
def test_what_is_no_repository_is_said(apache: Apache, path: str, said: str) -> None:
    with pytest.raises(RepositoryError, match=said):
        open_store(apache.url(path))


def test_an_object_beyond_the_limit_of_the_server_is_said(apache: Apache) -> None:
    store = open_store(apache.url(fresh("small")), create=True)
    store.put("config", [b"x"])
    with pytest.raises(Full, match="takes no object of that size"):
        store.put(PACK, [b"x" * 2_000_000])
    assert list(store.list()) == ["config"]
    store.close()


@pytest.mark.usefixtures("as_root")
def test_a_folder_that_may_not_be_written_is_said(apache: Apache) -> None:
    place = fresh()
    address = parse(apache.url(place))
    store = WebdavStore(address, Server(str(address), address.origin), create=True)
    os.chown(apache.top / place, 0, 0)
    with pytest.raises(StoreError, match=r"config in .* could not be written"):
        store.put("config", [b"x"])
    with pytest.raises(Missing):
        store.get("config")
    store.close()


def test_the_folder_there_is_a_repository_too(apache: Apache, tmp_path: Path) -> None:
    place = fresh()
    store = open_store(apache.url(place), create=True)
    store.put("config", [b"x"])
    folder = open_store(str(apache.top / place))
    assert folder.get("config") == b"x"
    folder.close()
    store.close()
