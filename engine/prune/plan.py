"""What a prune is to do, from how much of each pack is needed. Pure.

A pack that nothing needs is deleted. One of which a part is needed is deleted too, once that part was copied, when
it is worth it: the packs with the largest unused share come first, until what is left unused is a small share of all
that is needed. Small packs are copied together, a few at a time, so that a year of small runs does not leave
thousands; never so few that each run would copy them anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from yester.engine.ids import PackId
from yester.engine.sealed.sealing import ObjectKind, name_of

SMALL_SIZE = 2 << 20
"""A pack below this is small; a full one has about 16 MiB."""
SMALL_PACKS = 16
"""So many small packs of a kind are copied together."""


class Why(StrEnum):
    """Why a pack goes."""

    UNUSED = "nothing in it is needed"
    DOOMED = "another prune marked it"
    SPARSE = "most of it is not needed"
    SMALL = "it is small, as many others are"
    PURGED = "an archive holds it"


@dataclass(frozen=True, slots=True)
class PackUse:
    """A listed pack, and how much of it is needed. Sizes are bytes as they are stored."""

    pack: PackId
    kind: ObjectKind
    size: int
    """Of the object."""
    blobs_size: int
    """Of all blobs in it."""
    needed_size: int
    """Of those that are needed and kept nowhere else."""
    needed_blobs: int
    is_doomed: bool = False
    """Another prune may delete it at any time."""
    is_held: bool = False
    """An archive has a copy: to move what is in it makes that useless."""

    @property
    def unused_size(self) -> int:
        """Bytes of blobs that nobody needs."""
        return self.blobs_size - self.needed_size

    @property
    def unused_share(self) -> float:
        """Of all blobs in it, how much nobody needs."""
        return self.unused_size / self.blobs_size if self.blobs_size else 1.0

    @property
    def name(self) -> str:
        """The pack's object name."""
        return name_of(self.kind, self.pack)


@dataclass(frozen=True, slots=True)
class Going:
    """A pack that goes, and why."""

    use: PackUse
    why: Why


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What goes and what stays."""

    delete: tuple[Going, ...]
    repack: tuple[Going, ...]
    """What is needed of these is copied before they are deleted."""
    keep: tuple[PackUse, ...]
    release: tuple[PackId, ...] = ()
    """Packs that are offline and that nobody needs: what archives have of them may go."""

    @property
    def is_empty(self) -> bool:
        """Whether no pack goes."""
        return not self.delete and not self.repack and not self.release

    @property
    def moved_size(self) -> int:
        """Bytes to copy."""
        return sum(each.use.needed_size for each in self.repack)

    @property
    def freed_size(self) -> int:
        """Bytes that the store will hold less, about: copies are padded anew."""
        return sum(each.use.size for each in (*self.delete, *self.repack)) - self.moved_size

    @property
    def unused_size(self) -> int:
        """Bytes that nobody needs and that stay."""
        return sum(use.unused_size for use in self.keep)


def plan_prune(
    packs: Iterable[PackUse],
    release: Iterable[PackId] = (),
    *,
    max_unused: float = 0.05,
    max_repack: int | None = None,
) -> PrunePlan:
    """Return what to do with these packs, and with offline ones that nobody needs.

    `max_unused` is the share of what is needed that may lie about unused; `max_repack` the bytes to copy at most,
    but for what lies in doomed packs, which has to be saved.
    """
    delete: list[Going] = []
    doomed: list[Going] = []
    used: list[PackUse] = []
    for use in sorted(packs, key=lambda use: use.pack):
        if not use.needed_blobs:
            delete.append(Going(use, Why.DOOMED if use.is_doomed else Why.UNUSED))
        elif use.is_doomed:
            doomed.append(Going(use, Why.DOOMED))
        else:
            used.append(use)
    left = None if max_repack is None else max_repack - sum(each.use.needed_size for each in doomed)
    allowed = int(max_unused * sum(use.needed_size for use in used))
    chosen = _within(left, [*_sparse(used, allowed), *_small(used)])
    repack = (*doomed, *chosen)
    going = {each.use.pack for each in repack}
    keep = tuple(use for use in used if use.pack not in going)
    return PrunePlan(tuple(delete), repack, keep, tuple(sorted(release)))


def _sparse(used: Sequence[PackUse], allowed: int) -> list[Going]:
    """Choose the packs of which the least is needed until no more than `allowed` bytes are left unused."""
    unused, chosen = sum(use.unused_size for use in used), []
    for use in sorted(used, key=lambda use: (-use.unused_share, use.pack)):
        if unused <= allowed:
            break
        if use.unused_size > 0:
            chosen.append(Going(use, Why.SPARSE))
            unused -= use.unused_size
    return chosen


def _small(used: Sequence[PackUse]) -> list[Going]:
    chosen = []
    for kind in (ObjectKind.META, ObjectKind.DATA):
        small = [use for use in used if use.kind is kind and use.size < SMALL_SIZE and not use.is_held]
        if len(small) >= SMALL_PACKS:
            chosen += [Going(use, Why.SMALL) for use in small]
    return chosen


def _within(limit: int | None, chosen: Iterable[Going]) -> list[Going]:
    """Take packs in order, each once, while what is to be copied stays within the limit."""
    taken: dict[PackId, Going] = {}
    for each in chosen:
        size = each.use.needed_size
        if each.use.pack in taken or (limit is not None and size > limit):
            continue
        taken[each.use.pack] = each
        limit = None if limit is None else limit - size
    return list(taken.values())
