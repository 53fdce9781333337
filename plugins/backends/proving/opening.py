"""How the store of a test is opened: by the test, and by whoever cleans up after it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from yester.engine.store import Store
from yester.engine.urls import without_secrets


class Opening(msgspec.Struct, frozen=True):
    """A URL or path, without secrets, and what is said about the way there."""

    url: str
    file: str = ""
    """Of a backend that need not be installed; absolute."""
    stated: Mapping[str, Mapping[str, Any]] = {}
    """[backends.…] of a profile, in which there are no secrets."""

    def open(self, made: list[str] | None = None) -> Store:
        """Open the store, which need not be there yet. `made`: see Terms. UsageError, StoreError."""
        from yester.plugins.backends.registry import open_store, terms
        from yester.plugins.backends.third_party import open_with

        if not self.file:
            return open_store(self.url, create=True, stated=self.stated, made=made)
        on = terms(create=True, stated=self.stated, made=made)
        return open_with(Path(self.file), without_secrets(self.url), on)
