"""The catalogue's file on this machine: opened, brought up to date, and done without where it cannot be kept.

Whoever makes or throws away the file holds the lock beside it: a log that SQLite left beside another file of that name
would be taken for the new one's.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from yester.engine.blobs import BlobSource
from yester.engine.catalogue.locking import held_alone
from yester.engine.catalogue.schema import Stale, checkpoint, connect, is_interrupt, prepare, throw_away
from yester.engine.catalogue.timelines import Place
from yester.engine.catalogue.updating import Tick, missing, series_of, update
from yester.engine.errors import CancelledError, DamageError, YesterError
from yester.engine.ids import BlobKind
from yester.engine.sealed.config import Config
from yester.engine.selection import Listed

_READER_SIZE = 32 << 20

INTERRUPTED = "The search was cancelled"


class Remembered(Protocol):
    """What the catalogue needs of a repository (engine/repository.py)."""

    cache: Path
    """The folder of this client's caches of it."""

    @property
    def config(self) -> Config:
        """Which repository it is."""
        ...

    def snapshots(self) -> list[Listed]:
        """Return the snapshots that were not forgotten."""
        ...

    def reader(self, cache_size: int = ...) -> BlobSource:
        """Return what reads trees."""
        ...


class KeptCatalogue:
    """A catalogue without its questions; Catalogue has them."""

    def __init__(self, repository: Remembered) -> None:
        """Use `open`."""
        self._repository = repository
        self._path: Path | None = repository.cache / "catalogue.sqlite"
        self._db: sqlite3.Connection | None = None
        self._listed: list[Listed] = []
        self._series: dict[int, list[Place]] = {}
        self._interrupted = False
        self._holds = False
        self.note = ""
        """What a person should know: why the catalogue could not be kept. Empty when all is well."""

    @classmethod
    def open(cls, repository: Remembered) -> Self:
        """Open the catalogue of this repository; `update` before asking."""
        return cls(repository)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def interrupt(self) -> None:
        """End what runs now, from any thread; see the module."""
        self._interrupted = True
        if self._db is not None:
            self._db.interrupt()

    # Bringing it up to date

    def update(
        self,
        tick: Tick | None = None,
        *,
        sweeping: bool = False,
        waiting: Callable[[], None] | None = None,
        private: bool = True,
    ) -> None:
        """Take in what is new and let go of what was forgotten.

        `tick` (updating.Tick) is told of progress and may raise to stop; `waiting` is called when another process is at
        it, and may raise to wait no longer. Where the file cannot be written, a private one is made, unless that is not
        wanted (`private`). StoreError; YesterError when there is no room.
        """
        self._listed = self._repository.snapshots()
        self._interrupted = False
        step = tick or _silent
        try:
            self._bring(step, sweeping, waiting)
        except (sqlite3.Error, OSError) as error:
            self._make_do(error, step, private)
        self._know()

    def _know(self) -> None:
        found = series_of(self._open(), self._listed)
        self._series = {series: [Place(*each) for each in places] for series, places in found.items()}

    def is_current(self) -> bool:
        """Tell whether the catalogue knows all snapshots, and can be asked without taking any in."""
        if self._path is None or not self._path.is_file():
            return False
        self._listed = self._repository.snapshots()
        try:
            if self._is_behind():
                return False
            self._know()
            return True
        except (sqlite3.Error, OSError):
            self.close()
            return self._serves_as_it_is()

    def _bring(self, tick: Tick, sweeping: bool, waiting: Callable[[], None] | None) -> None:
        if not self._is_behind() and not sweeping:
            return
        if self._path is None:
            update(self._open(), self._source(), self._listed, tick)
            return
        with self._alone(waiting):
            # Another process may have thrown the file away meanwhile.
            self.close()
            if not self._is_behind() and not sweeping:
                return
            self._heal()
            db = self._open()
            update(db, self._source(), self._listed, tick, sweeping=sweeping)
            checkpoint(db)

    def _heal(self) -> None:
        """Throw the file away when what was damaged can be read again: what it left out would stay left out."""
        there = dict(self._listed)
        source = self._source()
        for sid, kind, blob in self._open().execute("SELECT sid, kind, blob FROM lost").fetchall():
            if sid in there:
                try:
                    source.blob(BlobKind(kind), blob)
                except DamageError:
                    continue
                self.close()
                if self._path is not None:
                    throw_away(self._path)
                return

    def _is_behind(self) -> bool:
        return any(missing(self._open(), self._listed))

    def _source(self) -> BlobSource:
        return self._repository.reader(_READER_SIZE)

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = self._opened()
        return self._db

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._prepared()
        except Stale:
            self._discard()
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        """Open the file, making its tables where there are none; Stale when it is not ours or damaged."""
        db = connect(self._path)
        try:
            prepare(db, self._repository.config.repository)
        except BaseException:
            db.close()
            raise
        return db

    def _discard(self) -> None:
        """Throw the file away, unless another process has made it anew meanwhile."""
        self.close()
        if self._path is None:
            return
        with self._alone():
            try:
                self._prepared().close()
            except (sqlite3.DatabaseError, Stale):
                throw_away(self._path)

    @contextmanager
    def _alone(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the lock, which this process may hold already; OSError when there can be none."""
        if self._holds or self._path is None:
            yield
            return
        with held_alone(self._path.with_suffix(".lock"), waiting or _nothing):
            self._holds = True
            try:
                yield
            finally:
                self._holds = False

    def _make_do(self, error: sqlite3.Error | OSError, tick: Tick, private: bool) -> None:
        """After the file failed: make it anew when it is damaged, else serve from a private one."""
        if isinstance(error, sqlite3.Error) and is_interrupt(error):
            raise CancelledError(INTERRUPTED) from None
        self.close()
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        try:
            if damaged and self._path is not None:
                with self._alone():
                    throw_away(self._path)
                self._bring(tick, False, None)
                return
        except (sqlite3.Error, OSError) as again:
            error = again
            self.close()
        if self._serves_as_it_is():
            return
        if not private:
            raise YesterError(f"The catalogue {self._path} cannot be kept: {words_of(error)}") from None
        self.note = f"The catalogue {self._path} cannot be kept ({words_of(error)}): it is made for this command only"
        self._path = None
        try:
            update(self._open(), self._source(), self._listed, tick)
        except (sqlite3.Error, OSError) as last:
            raise YesterError(
                f"There is no room for the catalogue: {words_of(last)}",
                hint="A million files take some 300 MiB: in the cache folder, or where SQLITE_TMPDIR says.",
            ) from None

    def _serves_as_it_is(self) -> bool:
        """Whether the file can be read, though not written, and is up to date."""
        if self._path is None or not self._path.is_file():
            return False
        try:
            db = connect(self._path, writable=False)
            try:
                prepare(db, self._repository.config.repository)
                if not any(missing(db, self._listed)):
                    self._db = db
                    self._know()
                    return True
            except BaseException:
                db.close()
                raise
            db.close()
        except (sqlite3.Error, OSError, Stale):
            return False
        return False


def words_of(error: Exception) -> str:
    """Return the words of an error of SQLite or the system."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _silent(done: int, total: int, names: int) -> None:
    """Tell nobody."""


def _nothing() -> None:
    """Go on waiting."""
