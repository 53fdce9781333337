"""Where the mount's blobs come from: memory at once, a local store in line, any other store through a thread.

All trees and open files are touched by the event loop's thread alone. What they need and memory does not hold is
announced by NotAtHand, which travels up to the adapter; that fetches the blob on a thread and does the request's
work again. A local store is asked in line, for a hop to a thread and back takes as long as reading and opening a
frame.
"""

from collections import OrderedDict
from typing import Protocol

from yester.engine.ids import BlobKind
from yester.engine.store import Buffer

PATIENCE_S = 60.0
"""How long a store may take to answer one request of a program, if nothing else is said."""
KEPT_ARRIVALS = 64
"""More than one request needs, so that work done again makes headway however small the reader's cache is."""


class NotAtHand(Exception):
    """A blob must be fetched from a store that may let one wait."""

    def __init__(self, kind: BlobKind, blob: bytes) -> None:
        super().__init__(kind, blob)
        self.kind = kind
        self.blob = blob


class Reader(Protocol):
    """What the mount needs of a BlobReader, which is thread-safe and verifies what it returns."""

    def blob(self, kind: BlobKind, id: bytes) -> Buffer:
        """Return the blob, from the store if need be; YesterError when it cannot be had as it was."""
        ...

    def cached(self, id: bytes) -> Buffer | None:
        """Return the blob if memory holds it."""
        ...


class MountSource:
    """The BlobSource of a mount."""

    def __init__(self, reader: Reader, *, local: bool, patience_s: float = PATIENCE_S) -> None:
        self.reader = reader
        self.patience_s = patience_s
        self.local = local
        self._arrivals: OrderedDict[bytes, Buffer] = OrderedDict()
        self.hits = 0
        """How many blobs were found in memory."""
        self.misses = 0

    def blob(self, kind: BlobKind, id: bytes) -> Buffer:
        """Return the blob; NotAtHand when that may take long. Only for the event loop's thread."""
        found = self.reader.cached(id)
        if found is not None:
            self.hits += 1
            return found
        if self.local:
            self.misses += 1
            return self.reader.blob(kind, id)
        found = self._arrivals.get(id)
        if found is None:
            raise NotAtHand(kind, id)
        return found

    def arrived(self, id: bytes, blob: Buffer) -> None:
        """Take a blob that was fetched on a thread. Only for the event loop's thread."""
        self.misses += 1
        self._arrivals[id] = blob
        if len(self._arrivals) > KEPT_ARRIVALS:
            self._arrivals.popitem(last=False)


class NodeSource:
    """The same blobs for trees: copied, since a slice would keep its whole frame in memory while the node is in use."""

    def __init__(self, source: MountSource) -> None:
        self._source = source

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        """Return the blob as bytes of its own; NotAtHand as above."""
        return bytes(self._source.blob(kind, id))
