from collections.abc import Iterator

import pytest
from tests import moto_server
from tests.moto_server import KEYS, Moto


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with moto_server.running() as server:
        yield server


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, home: object) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def url(moto: Moto, keys: None) -> str:
    """Where a repository may be made."""
    return f"s3+http://127.0.0.1:{moto.port}/{moto.bucket()}/some/prefix"
