"""Servers for the tests of WebDAV, and stores on them."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.apache import Apache
from tests.apache import running as apache_running
from tests.wsgidav_server import WebdavServer, serving

from yester.engine.store import Store
from yester.plugins.backends.registry import open_store

_numbers = count()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebdavServer]:
    with serving(tmp_path_factory.mktemp("webdav")) as running:
        yield running


@pytest.fixture
def server(shared_server: WebdavServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> WebdavServer:
    """The server, with a folder that no test has had.

    On a busy machine it forgets a connection now and then, with a request that it never reads: what waits asks again
    before the test's own time is over.
    """
    monkeypatch.setenv("YESTER_WEBDAV_TIMEOUT", "20")
    shared_server.serve_anew(f"test-{next(_numbers)}")
    return shared_server


@pytest.fixture
def store(server: WebdavServer) -> Iterator[Store]:
    opened = open_store(server.url(), create=True)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def apache() -> Iterator[Apache]:
    """Apache, in a folder that its user gets at."""
    with TemporaryDirectory(prefix="yester-test-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        with apache_running(Path(folder)) as server:
            yield server
