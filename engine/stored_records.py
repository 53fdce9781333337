"""The records of a repository as they lie in its store: snapshots, labels, tombstones, each read once and remembered.

Records never change and are named by their digests, so one that was read need not be read again. Of what write-only
clients add, this module says what is to be believed: their labels and tombstones only about snapshots of their own.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from yester.engine.errors import DamageError, Missing
from yester.engine.ids import SnapshotId
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.records import KINDS, Label, Record, Snapshot, Tombstone, decode_record, encode_record
from yester.engine.sealed.sealing import (
    ObjectKind,
    digest_of,
    is_digest_name,
    name_of,
    open_record,
    seal_record,
    was_added_blind,
)
from yester.engine.store import Store, bring, mending

R = TypeVar("R", Snapshot, Label, Tombstone)
L = TypeVar("L", Label, Tombstone)


class StoredRecords:
    """The records in one store, as one client sees them. Threads may share it."""

    def __init__(self, store: Store, keys: Callable[[], Keys]) -> None:
        """`keys` is called when the first record is sealed or opened."""
        self.damaged: dict[str, DamageError] = {}
        """Records that lists had to leave out, by object name."""
        self._store, self._keys = store, keys
        self._known: dict[str, Record] = {}
        self._blind: set[str] = set()
        """Records that were read and came from a write-only client."""

    def names(self, kind: ObjectKind) -> list[str]:
        """List the well-formed names of this kind; with the key of a write-only client, those that it can open."""
        keys, prefix = self._keys(), name_of(kind, b"")
        return [name for name in self._store.list(prefix) if is_digest_name(name) and keys.may_open(digest_of(name))]

    def bring(self, names: Iterable[str]) -> None:
        """Let records that are not known yet be fetched together."""
        bring(self._store, [name for name in names if name not in self._known])

    def read(self, kind: type[R], name: str) -> R:
        """Return a record. Missing when the store lacks it, DamageError when it is not what was written."""
        record = self._known.get(name)
        if record is None:
            record = self._known[name] = mending(self._store, name, lambda: self._fetched(kind, name))
        assert isinstance(record, kind)
        return record

    def readable(self, kind: type[R], name: str) -> R | None:
        """Return a listed record: None when it has just gone, or is damaged, which is noted in `damaged`."""
        try:
            record = self.read(kind, name)
        except Missing:
            return None
        except DamageError as error:
            self.damaged[name] = error
            return None
        self.damaged.pop(name, None)
        return record

    def came_blind(self, name: str) -> bool:
        """Whether a record that was read came from a write-only client."""
        return name in self._blind

    def believed(self, kind: type[L], object_kind: ObjectKind) -> list[tuple[str, L]]:
        """Read tombstones or labels, by object name; of write-only clients only those about what they added."""
        found = []
        names = self.names(object_kind)
        self.bring(names)
        for name in names:
            record = self.readable(kind, name)
            if record is not None and (name not in self._blind or self._is_own_word(record)):
                found.append((name, record))
        return found

    def put(self, kind: ObjectKind, record: Record) -> bytes:
        """Seal and store a record; return the digest that names it."""
        name, content = self.sealed(kind, record)
        self._store.put(name, [content])
        return digest_of(name)

    def sealed(self, kind: ObjectKind, record: Record) -> tuple[str, bytes]:
        """Return the name and the bytes of the object that a record becomes, for `put_sealed`."""
        return seal_record(kind, self._keys(), encode_record(record))

    def put_sealed(self, name: str, content: bytes, record: Record) -> None:
        """Store what `sealed` returned, and know it: another client may forget it at once."""
        self._store.put(name, [content])
        self._known[name] = record

    def _is_own_word(self, record: Tombstone | Label) -> bool:
        """Whether a write-only client speaks of a snapshot that it added itself."""
        name = name_of(ObjectKind.SNAPSHOT, SnapshotId(record.snapshot))
        snapshot = self.readable(Snapshot, name)
        return snapshot is not None and name in self._blind and snapshot.writer == record.writer

    def _fetched(self, kind: type[R], name: str) -> R:
        data = self._store.get(name)
        plain = open_record(KINDS[kind], self._keys(), name, data)
        if was_added_blind(data):
            self._blind.add(name)
        return decode_record(kind, plain, name)
