"""A writer that stores nothing: it names blobs and counts what a real run would add."""

from types import TracebackType
from typing import Self

from yester.engine.ids import SHORT_ID_SIZE, BlobId, BlobKind, PackId
from yester.engine.packs.writing import WriteStatistics
from yester.engine.repository import Repository
from yester.engine.sealed.keys import blob_id
from yester.engine.store import Buffer


class DryWriter:
    """Stands in for a BlobWriter in a dry run."""

    def __init__(self, repository: Repository) -> None:
        self.statistics = WriteStatistics()
        self.packs: frozenset[PackId] = frozenset()
        self._keys = repository.keys
        self._index = repository.index
        self._added: set[bytes] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._added.clear()

    def add(self, kind: BlobKind, data: Buffer) -> BlobId:
        """Return the blob's id, counting it when the repository does not hold it."""
        blob = blob_id(self._keys.id_key(kind), data)
        short = blob[:SHORT_ID_SIZE]
        if short not in self._added and not self._index.holds(short):
            self._added.add(short)
            self.statistics.added_blobs += 1
            self.statistics.added_size += len(data)
        return blob

    def flush(self) -> None:
        """Do nothing: there is nothing to store."""
