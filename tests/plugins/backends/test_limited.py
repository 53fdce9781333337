"""The whole suite through `limit+`, as a URL opens it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.backend_contract import BackendContract

from yester.engine.store import Store
from yester.plugins.backends.registry import open_store


class TestLimitedFolder(BackendContract):
    @pytest.fixture
    def store(self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
        monkeypatch.setenv("YESTER_LIMIT_UPLOAD", "10G")
        opened = open_store(f"limit+{tmp_path.as_uri()}/repository", create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: Store, tmp_path: Path) -> Iterator[Store]:
        opened = open_store(f"limit+{tmp_path.as_uri()}/repository", create=True)
        yield opened
        opened.close()
