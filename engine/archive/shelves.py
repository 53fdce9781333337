"""What archives hold, read from the store (engine/archive/holdings.py says what it means)."""

from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock

from yester.engine.archive.holdings import NOTHING, Stock, add_up
from yester.engine.errors import Broken, DamageError, Missing
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.records import Holdings, decode_record
from yester.engine.sealed.sealing import ObjectKind, is_digest_name, name_of, open_record, was_added_blind
from yester.engine.store import Store, bring, mending

PREFIX = name_of(ObjectKind.HOLDING, b"")


class Shelves:
    """Reads the records of a store, each once. Any number of threads look at once."""

    def __init__(self, store: Store, keys: Callable[[], Keys]) -> None:
        """`keys` is called only when there is a record."""
        self._store, self._keys = store, keys
        self._records: dict[str, Holdings] = {}
        self._lock = Lock()

    def look(self) -> Stock:
        """Return what archives hold now. StoreError when the store fails; damaged records are in the answer."""
        with self._lock:
            there, gone, damaged = self._read()
            return add_up(there.values(), gone.values(), damaged) if there or damaged else NOTHING

    def records(self) -> dict[str, Holdings]:
        """Return the records that are listed and count, by the names of their objects."""
        with self._lock:
            return self._read()[0]

    def _read(self) -> tuple[dict[str, Holdings], dict[str, Holdings], dict[str, str]]:
        """Return records by name: those that are listed, those that went while they were listed, and damaged ones."""
        before = self._names()
        # Twice: of two records that go one after the other, a listing may show the first alone.
        names = self._names() if before else before
        damaged: dict[str, str] = {}
        bring(self._store, (before | names) - self._records.keys())
        found = dict(self._readable(before | names, damaged))
        self._records = found
        there = {name: record for name, record in found.items() if name in names}
        gone = {name: record for name, record in found.items() if name not in names}
        return there, gone, damaged

    def _names(self) -> set[str]:
        return {name for name in self._store.list(PREFIX) if is_digest_name(name)}

    def _readable(self, names: Iterable[str], damaged: dict[str, str]) -> Iterable[tuple[str, Holdings]]:
        for name in sorted(names):
            try:
                record = self._records.get(name) or mending(self._store, name, partial(self._record, name))
            except Missing:
                continue
            except (DamageError, Broken) as error:
                damaged[name] = error.what
                continue
            if record is not None:
                yield name, record

    def _record(self, name: str) -> Holdings | None:
        """Return a record; None for one that a write-only client added, who can neither archive nor prune."""
        keys = self._keys()
        if not keys.can_read:
            return None
        data = self._store.get(name)
        if was_added_blind(data):
            return None
        return decode_record(Holdings, open_record(ObjectKind.HOLDING, keys, name, data), name)
