import pytest
from tests.backend_contract import BackendContract

from yester.plugins.backends.memory import MemoryStore


class TestMemoryStore(BackendContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    def test_outlives_a_close(self, store: MemoryStore) -> None:
        store.put("config", [b"x"])
        store.close()
        assert store.get("config") == b"x"
