"""The whole suite through `cache+`, as a URL opens it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.backend_contract import BackendContract

from yester.engine.store import Store
from yester.plugins.backends.registry import open_store


class TestCachedFolder(BackendContract):
    @pytest.fixture
    def store(self, home: Path, tmp_path: Path) -> Iterator[Store]:
        opened = open_store(f"cache+{tmp_path.as_uri()}/repository", create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: Store, tmp_path: Path) -> Iterator[Store]:
        opened = open_store(f"cache+{tmp_path.as_uri()}/repository", create=True)
        yield opened
        opened.close()
