"""The store against moto, which heeds conditions."""

from collections.abc import Iterator

import pytest
from tests.backend_contract import BackendContract

from yester.engine.store import Store
from yester.plugins.backends.registry import open_store


class TestS3Store(BackendContract):
    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()
