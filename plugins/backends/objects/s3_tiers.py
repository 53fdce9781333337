"""Cold classes of S3, whose objects have to be restored before they can be read, and uploads that nobody ended.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
"""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape

from yester.engine.store import Readiness
from yester.plugins.backends.folder_layout import belongs
from yester.plugins.backends.objects.address import Address
from yester.plugins.backends.objects.s3_requests import Requests
from yester.plugins.backends.objects.web import Reply

_AT_ONCE = 16
_STALE = timedelta(days=1)
_MOST_PAGES = 1000
_COLD = ("GLACIER", "DEEP_ARCHIVE")
"""Classes that cannot be read from; of Intelligent-Tiering the archive status says so."""
_UPLOAD = re.compile(rb"<Upload>(.*?)</Upload>", re.DOTALL)
_RESTORE = (
    "<RestoreRequest><Days>{days}</Days>"
    "<GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters></RestoreRequest>"
)


class S3Tiers:
    """Restores, and tidies up, by requests of our own."""

    are_there = True

    def __init__(self, requests: Requests, address: Address, days: int, tier: str) -> None:
        """`days`: how long what is restored stays readable; `tier`: how fast that is to be, and how dear."""
        self._requests, self._address = requests, address
        self._restore = _RESTORE.format(days=days, tier=tier).encode()

    def prepare(self, keys: Mapping[str, str]) -> Mapping[str, Readiness]:
        """Ask for what is cold to be restored."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(keys, pool.map(self._prepare, keys.values()), strict=True))

    def tidy(self) -> None:
        """Drop uploads that began a day ago or more, by the server's clock, and are of objects of ours."""
        for key, upload, begun, now in self._uploads():
            folder, _, name = self._address.path(key).rpartition("/")
            if belongs(folder, name) and now - begun > _STALE:
                self._requests.ask("DELETE", key, [("uploadId", upload)])

    def _prepare(self, key: str) -> Readiness:
        found = self._requests.ask("HEAD", key)
        if found.status == 0 or found.status >= 500:
            return Readiness.FAILED
        if not _is_cold(found):
            return Readiness.READY
        state = found.headers.get("x-amz-restore", "")
        if state:
            return Readiness.PENDING if 'ongoing-request="true"' in state else Readiness.READY
        asked = self._requests.ask("POST", key, [("restore", "")], self._restore)
        under_way = asked.status in (200, 202) or b"RestoreAlreadyInProgress" in asked.body
        return Readiness.PENDING if under_way else Readiness.FAILED

    def _uploads(self) -> Iterator[tuple[str, str, datetime, datetime]]:
        """Yield the uploads below the prefix: key, id, when it began, and what time it is there."""
        prefix = self._address.key("") and f"{self._address.key('')}/"
        marker: list[tuple[str, str]] = []
        for _ in range(_MOST_PAGES):
            page = self._requests.ask("GET", "", [("uploads", ""), ("prefix", prefix), *marker])
            if page.status != 200:
                return
            now = _moment(page)
            for upload in _UPLOAD.findall(page.body):
                key, identity, begun = (_text(upload, tag) for tag in ("Key", "UploadId", "Initiated"))
                if key.startswith(prefix) and identity and begun:
                    yield key, identity, datetime.fromisoformat(begun), now
            if _text(page.body, "IsTruncated") != "true":
                return
            marker = [
                ("key-marker", _text(page.body, "NextKeyMarker")),
                ("upload-id-marker", _text(page.body, "NextUploadIdMarker")),
            ]


def _is_cold(found: Reply) -> bool:
    return found.headers.get("x-amz-storage-class") in _COLD or "x-amz-archive-status" in found.headers


def _moment(reply: Reply) -> datetime:
    """Return the server's time; without its word, ours."""
    said = reply.headers.get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)


def _text(xml: bytes, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]*)</{tag}>".encode(), xml)
    return unescape(found[1].decode("utf-8", "replace")) if found else ""
