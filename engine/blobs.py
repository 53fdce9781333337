"""The two ports through which trees and lists reach blobs: where they put them, and where they read them."""

from collections.abc import Callable
from typing import Protocol

from yester.engine.ids import BlobId, BlobKind
from yester.engine.store import Buffer

Put = Callable[[BlobKind, bytes], BlobId]
"""Keeps a blob and returns its id."""


class BlobSource(Protocol):
    """Where blobs are read from."""

    def blob(self, kind: BlobKind, id: bytes) -> Buffer:
        """Return the blob's plain bytes; DamageError when it is not there or not what its id says."""
        ...
