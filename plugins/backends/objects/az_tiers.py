"""Archived blobs, which have to be brought to another tier before they can be read; that takes hours.

The requests are ours, their signatures the library's: it signs URLs with whatever credentials it has.

https://learn.microsoft.com/en-us/rest/api/storageservices/set-blob-tier
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from yester.engine.store import Readiness
from yester.plugins.backends.objects.client import Client, Refused
from yester.plugins.backends.objects.web import Reply, ask

_AT_ONCE = 16
_VERSION = "2021-08-06"


class AzureTiers:
    """Brings back what is archived. Parts that nobody ended go by themselves after a week."""

    are_there = True

    def __init__(self, client: Client, ca_file: str, timeout_s: float, tier: str, priority: str) -> None:
        """`tier`: where to it is brought; `priority`: how fast, and how dear."""
        self._client, self._ca_file, self._timeout_s = client, ca_file, timeout_s
        self._wish = {"x-ms-access-tier": tier, "x-ms-rehydrate-priority": priority, "content-length": "0"}

    def prepare(self, keys: Mapping[str, str]) -> Mapping[str, Readiness]:
        """Ask for what is archived to be brought back."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(keys, pool.map(self._prepare, keys.values()), strict=True))

    def tidy(self) -> None:
        """Nothing is left that does not go by itself."""

    def _prepare(self, key: str) -> Readiness:
        try:
            # Who may read a blob may ask about it.
            found = self._ask("HEAD", self._client.signed("GET", key))
            if found.status == 0 or found.status >= 500:
                return Readiness.FAILED
            if found.headers.get("x-ms-access-tier") != "Archive":
                return Readiness.READY
            if found.headers.get("x-ms-archive-status"):
                return Readiness.PENDING
            asked = self._ask("PUT", f"{self._client.signed('PUT', key)}&comp=tier", self._wish)
        except Refused:
            return Readiness.FAILED
        if asked.status == 200:
            return Readiness.READY
        under_way = asked.status == 202 or asked.headers.get("x-ms-error-code") == "BlobBeingRehydrated"
        return Readiness.PENDING if under_way else Readiness.FAILED

    def _ask(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        return ask(method, url, {"x-ms-version": _VERSION, **(headers or {})}, b"", self._ca_file, self._timeout_s)
