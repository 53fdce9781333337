"""Keys and bytes in a bucket, through obstore; what goes wrong is Refused, for the store to say of which object.

A time limit of obstore's is one for a whole upload, since no answer comes before its end; so it depends on the size,
and there is a client for each doubling of it. A download is only watched for standing still. Nothing is tried again.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.exceptions import BaseError, InvalidPathError

from yester.engine.errors import Missing
from yester.engine.store import Buffer, size_of
from yester.plugins.backends.objects.meanings import UNLISTABLE, UNUSABLE, Failure, Meaning, failure_of

if TYPE_CHECKING:
    from obstore.store import AzureStore, ClientConfig, GCSStore, RetryConfig, S3Store

    Remote = S3Store | GCSStore | AzureStore

CONNECT_S = 10
"""How long a server may take to take up a connection."""
STALL_S = 60
"""How long nothing may move while an answer is awaited or read."""
LEAST_RATE = 16 << 10
"""Bytes a second: an upload that is slower is given up."""
LONGEST_S = 12 * 3600
"""How long a download may take at all."""
PART_SIZE = 16 << 20
PARTS_AT_ONCE = 4
"""Of an object in parts: what is held of it, besides the object itself, is the product of both."""
WHOLE_SIZE = 64 << 20
"""Objects up to here go in one request: it is whole or not at all, and leaves nothing."""
_PAGE = 1000
_SIGNED_FOR = timedelta(minutes=15)
_RETRIES: "RetryConfig" = {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
"""Retries are RetryingStore's: it says so, and stops when it is told to."""

Connect = Callable[["ClientConfig", "RetryConfig"], "Remote"]
"""Makes the library's object from time limits and retries."""


class Refused(Exception):
    """The server, or what is between, did not do it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.meaning.words)
        self.failure, self.meaning = failure, failure.meaning


class Client:
    """What a store does with a bucket. Threads share it."""

    def __init__(
        self, connect: Connect, trust: "ClientConfig", *, stall_s: float = STALL_S, in_parts: bool = True
    ) -> None:
        """`trust` is what all requests have in common: certificates, whether http:// will do.

        `in_parts`: whether large objects go in parts. Refused, when the library takes no such settings.
        """
        self._connect, self._trust, self._stall_s, self._in_parts = connect, trust, stall_s, in_parts
        self._writers: dict[int, Remote] = {}
        self._lock = threading.Lock()
        self._reader = self._client(LONGEST_S, stall_s)

    def put(self, key: str, buffers: Sequence[Buffer], storage_class: str, *, create: bool = False) -> None:
        """Store an object; with `create` one that is there is Exists. Refused."""
        data, size = _uncopied(buffers), size_of(buffers)
        attributes = {"Storage-Class": storage_class} if storage_class else None
        in_parts = self._in_parts and size > WHOLE_SIZE and not create
        writer = self._writer(min(size, PART_SIZE * PARTS_AT_ONCE) if in_parts else size)
        with _told():
            obstore.put(
                writer,
                key,
                data,
                attributes=attributes,
                mode="create" if create else "overwrite",
                use_multipart=in_parts,
                chunk_size=PART_SIZE,
                max_concurrency=PARTS_AT_ONCE,
            )

    def get(self, key: str, largest: int) -> bytes | None:
        """Return an object; None when it is larger than that. Refused."""
        with _told():
            found = obstore.get(self._reader, key)
            return None if found.meta["size"] > largest else found.bytes().to_bytes()

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """Return a part, or what there is of it; `size` is not 0. Refused."""
        with _told():
            return obstore.get_range(self._reader, key, start=offset, length=size).to_bytes()

    def size(self, key: str) -> int:
        """Return an object's size. Refused."""
        with _told():
            return obstore.head(self._reader, key)["size"]

    def delete(self, key: str) -> None:
        """Remove an object; whether one that is missing is Refused depends on the server."""
        with _told():
            obstore.delete(self._reader, key)

    def below(self, folder: str) -> Iterator[str]:
        """Yield the keys below a folder, at any depth. Refused."""
        with _told():
            pages = iter(obstore.list(self._reader, folder or None, chunk_size=_PAGE))
        while True:
            with _told():
                page = next(pages, None)
            if page is None:
                return
            yield from (found["path"] for found in page)

    def inside(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the keys right in a folder, and the folders in it. Refused."""
        with _told():
            found = obstore.list_with_delimiter(self._reader, folder or None)
            return [each["path"] for each in found["objects"]], list(found["common_prefixes"])

    def signed(self, method: Literal["GET", "PUT"], key: str) -> str:
        """Return a URL by which one may do so with a key for a while. Refused."""
        with _told():
            return obstore.sign(self._reader, method, key, _SIGNED_FOR)

    def _writer(self, size: int) -> "Remote":
        """Return the client for uploads of about this size."""
        doublings = (size >> 20).bit_length()
        with self._lock:
            if doublings not in self._writers:
                limit_s = self._stall_s + (1 << 20 << doublings) / LEAST_RATE
                self._writers[doublings] = self._client(limit_s, limit_s)
            return self._writers[doublings]

    def _client(self, limit_s: float, stall_s: float) -> "Remote":
        limits: ClientConfig = {
            **self._trust,
            "timeout": timedelta(seconds=limit_s),
            "read_timeout": timedelta(seconds=stall_s),
            "connect_timeout": timedelta(seconds=CONNECT_S),
        }
        try:
            return self._connect(limits, _RETRIES)
        except (BaseError, OSError, ValueError):
            raise Refused(UNUSABLE) from None


def _uncopied(buffers: Sequence[Buffer]) -> Buffer | list[memoryview]:
    """Return the bytes of an object as the library sends them from where they are; it lets go of them at the end."""
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    return views[0] if len(views) == 1 else views


@contextmanager
def _told() -> Iterator[None]:
    """Say what the library says as Refused."""
    try:
        yield
    except InvalidPathError:
        raise Refused(UNLISTABLE) from None
    except FileNotFoundError as error:
        failure = failure_of(str(error))
        raise Refused(failure if failure.status else Failure(meaning=Meaning(Missing))) from None
    except (BaseError, OSError, ValueError) as error:
        raise Refused(failure_of(str(error))) from None
