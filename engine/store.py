"""The storage port: a flat set of named, write-once objects.

A Store is synchronous and thread-safe: any number of threads call it at once, and each call blocks until
it is done. It never retries by itself. Wrappers (cache, retry, limits) are Stores too. The engine needs neither
put-if-absent nor ordering between clients for correctness; it does need that an object is there whole or not at
all, and that a `list` which starts after a `put` returned shows the object.
"""

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeGuard, TypeVar, runtime_checkable

from yester.engine.errors import Broken, DamageError, Denied, Missing, UsageError

if TYPE_CHECKING:
    from pathlib import Path

Buffer = bytes | bytearray | memoryview

T = TypeVar("T")

RECOVERY_ENDING = ".par2"
"""What the names of recovery data end in, which a store may keep beside objects (plugins/backends/par2)."""

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")


def size_of(buffers: Sequence[Buffer]) -> int:
    """Return how many bytes these are, without waiting for such as become there at a pace (limits/throttle.py)."""
    known: int | None = getattr(buffers, "total_size", None)
    return sum(memoryview(buffer).nbytes for buffer in buffers) if known is None else known


def is_name(text: str) -> bool:
    """Whether `text` may name an object: what a store holds else is none of ours."""
    return _NAME.fullmatch(text) is not None


def checked_name(name: str) -> str:
    """Return `name` when it may name an object (flat ASCII, docs/format.md section 1); UsageError else."""
    if not is_name(name):
        raise UsageError(f"{name!r} cannot name an object")
    return name


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a store can do beyond the plain verbs; backends probe, they do not guess."""

    ranges: bool
    """`get_range` reads only what was asked for."""
    if_absent: bool
    """`put(if_absent=True)` is atomic between clients."""
    local: bool = False
    """Calls take microseconds; no thread hop or cache is worth its cost."""
    tier: bool = False
    """Objects may be Offline and come back after a recall."""


class Readiness(enum.Enum):
    """Whether an object can be read now."""

    READY = "ready"
    PENDING = "pending"
    """It is in a cold tier and on its way."""
    FAILED = "failed"
    """It is in a cold tier and cannot be brought back; trying again may help."""


def all_ready(names: Iterable[str]) -> dict[str, Readiness]:
    """Answer `prepare` for a store in which every object can be read at any time."""
    return dict.fromkeys(names, Readiness.READY)


class Store(Protocol):
    """A flat store of named objects. Every method may raise StoreError (engine/errors.py)."""

    @property
    def capabilities(self) -> Capabilities:
        """What this store can do beyond the least."""
        ...

    @property
    def place(self) -> str:
        """Where this store is, fit to be shown: no secrets."""
        ...

    @property
    def folder(self) -> "Path | None":
        """The local folder that holds the objects, which no snapshot enters; None when there is none."""
        ...

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store the concatenated buffers under `name`: whole and durable when it returns, or not at all.

        With `if_absent` an existing object raises Exists. `group` lets a store keep objects apart
        (cold and live data); most ignore it.
        """
        ...

    def get(self, name: str) -> bytes:
        """Return the whole object; Missing when there is none."""
        ...

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`; Broken when the object ends before, Missing when there is none."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with `prefix`, in no order; what comes or goes meanwhile may or may not show."""
        ...

    def query(self, name: str) -> int:
        """Return the object's size in bytes; Missing when there is none."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object; Missing when there is none."""
        ...

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Begin to make objects readable where they are not, and say of each how far that is; does not wait for it.

        Asked again, it says how far things are by then. Whether an object exists it need not say.
        """
        ...

    def tidy(self) -> None:
        """Remove what is no object: what killed puts have left a day ago or more. Best effort; others may put."""
        ...

    def close(self) -> None:
        """Let go of connections; the store is not used afterwards."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """What a store can do besides that keeps copies of objects nearer by (plugins/backends/cached)."""

    def get_part(self, name: str, offset: int, size: int, whole_size: int) -> bytes:
        """As `get_range`, of an object whose size the caller knows: so more can be fetched without asking for that."""
        ...

    def bring(self, names: Iterable[str]) -> None:
        """Fetch copies of whole objects, many at once; what cannot be had is passed over."""
        ...


@runtime_checkable
class Mending(Protocol):
    """What a store can do besides that has more than one way to an object: a copy, a mirror, recovery data."""

    def let_go(self, name: str) -> bool:
        """Mend an object that turned out to be damaged, or drop the copy of it that was; whether either was done."""
        ...


@runtime_checkable
class Placed(Protocol):
    """What a store can do besides whose objects are files of this machine, or may be."""

    def paths_of(self, name: str) -> "Sequence[Path]":
        """Return where an object would lie, on each mirror; each file holds the object's bytes and no others."""
        ...


@lru_cache(maxsize=64)
def _keeps(kind: type) -> bool:
    """Say whether stores of this class are Keeping: to ask a protocol takes 10 us, and readers ask for each frame."""
    return issubclass(kind, Keeping)


def _is_keeping(store: Store) -> TypeGuard[Keeping]:
    return _keeps(type(store))


def part_of(store: Store, name: str, offset: int, size: int, whole_size: int) -> bytes:
    """Return a part of an object whose size is known; errors as those of `get_range`."""
    if _is_keeping(store):
        return store.get_part(name, offset, size, whole_size)
    return store.get_range(name, offset, size)


def bring(store: Store, names: Iterable[str]) -> None:
    """Say that these whole objects will be read next: where each would be waited for, they are fetched together."""
    if _is_keeping(store):
        store.bring(names)


def paths_of(store: Store, name: str) -> "Sequence[Path]":
    """Return where an object would lie as a file of this machine, on each mirror; nowhere for most stores."""
    return store.paths_of(name) if isinstance(store, Placed) else ()


def assert_all_seen(store: Store) -> None:
    """See that what seems to be lost is nowhere. StoreError when a part of the store does not answer, or did not.

    Asked about an object that never was, a store of several says Missing only if all of them say so; and it deletes
    nothing when one of them was away for a while, since what was listed meanwhile may lack what that one has.
    """
    nothing = f"data.{'0' * 64}"
    with suppress(Missing):
        store.query(nothing)
    # One that never deletes has nothing to say about it.
    with suppress(Missing, Denied):
        store.delete(nothing)


def let_go(store: Store, name: str) -> bool:
    """Say that what the store gave of an object is damaged; whether asking again may help."""
    return isinstance(store, Mending) and store.let_go(name)


def mending(store: Store, name: str, read: Callable[[], T]) -> T:
    """Return what `read` makes of an object; read once more where it is damaged and the store could mend it."""
    try:
        return read()
    except (DamageError, Broken):
        if not let_go(store, name):
            raise
    return read()
