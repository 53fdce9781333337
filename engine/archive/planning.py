"""What to hand over to an archive, and what may go from the store then: values, from how much of each pack who needs.

Packs are handed over as they are, mixed ones too. A pack may go when nobody but the chosen snapshots needs it. Where
others need a part of it, that part is copied into packs that stay, first; unless it is so large a part that the room
which is won is not worth the work: then the pack stays online, with its copy in the archive.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from yester.engine.archive.holdings import Holding
from yester.engine.ids import PackId
from yester.engine.sealed.sealing import ObjectKind, name_of

MAX_HOT = 0.5
"""The share of a pack that others may need, at most, for the pack to go."""


@dataclass(frozen=True, slots=True)
class PackShare:
    """A data pack that chosen snapshots need. Sizes are bytes as they are stored."""

    pack: PackId
    size: int
    """Of the object."""
    cold_size: int
    """What the chosen snapshots need."""
    hot_size: int
    """What other snapshots need, and no pack that stays has."""
    is_online: bool
    holdings: tuple[Holding, ...] = ()

    @property
    def name(self) -> str:
        """The pack's object name."""
        return name_of(ObjectKind.DATA, self.pack)

    @property
    def hot_share(self) -> float:
        """How much of it others need."""
        return self.hot_size / self.size

    def is_held_by(self, archive: str | None) -> bool:
        """Whether this archive has a copy; None: any."""
        return any(archive in (None, holding.archive) for holding in self.holdings)

    @property
    def is_verified(self) -> bool:
        """Whether a copy was compared with what was archived."""
        return any(holding.verified_ns for holding in self.holdings)


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """Which packs go from the store."""

    purge: tuple[PackShare, ...]
    """Nobody else needs these."""
    repack: tuple[PackShare, ...]
    """What others need of these is copied first."""
    mixed: tuple[PackShare, ...] = ()
    """So much of these is needed by others that they stay."""
    unverified: tuple[PackShare, ...] = ()
    """Nobody has compared a copy of these with what was archived: they stay."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes."""
        return not self.purge and not self.repack

    @property
    def moved_size(self) -> int:
        """Bytes to copy."""
        return sum(each.hot_size for each in self.repack)

    @property
    def freed_size(self) -> int:
        """Bytes that the store will hold less, about: copies are padded anew."""
        return sum(each.size for each in (*self.purge, *self.repack)) - self.moved_size


@dataclass(frozen=True, slots=True)
class ArchivePlan:
    """Which packs of chosen snapshots are handed over."""

    hand_over: tuple[PackShare, ...]
    held: tuple[PackShare, ...]
    """The archive has these already."""
    offline: tuple[PackShare, ...]
    """Of these too, and they are offline."""
    elsewhere: tuple[PackShare, ...]
    """These are offline, and another archive has them: they would have to be recalled first."""
    forecast: PurgePlan
    """What a purge could do once all of them are held and verified."""

    @property
    def size(self) -> int:
        """Bytes to hand over."""
        return sum(each.size for each in self.hand_over)

    @property
    def cold_size(self) -> int:
        """Bytes of these that the chosen snapshots need."""
        return sum(each.cold_size for each in self.hand_over)


def plan_archive(shares: Iterable[PackShare], archive: str | None = None, *, max_hot: float = MAX_HOT) -> ArchivePlan:
    """Return what to hand over to the archive of this guid; None: what no archive has yet."""
    shares = sorted(shares, key=lambda each: each.pack)
    online = [each for each in shares if each.is_online]
    offline = [each for each in shares if not each.is_online]
    return ArchivePlan(
        hand_over=tuple(each for each in online if not each.is_held_by(archive)),
        held=tuple(each for each in online if each.is_held_by(archive)),
        offline=tuple(each for each in offline if each.is_held_by(archive)),
        elsewhere=tuple(each for each in offline if not each.is_held_by(archive)),
        forecast=_split(online, max_hot),
    )


def plan_purge(
    shares: Iterable[PackShare], only: Collection[PackId] | None = None, *, max_hot: float = MAX_HOT
) -> PurgePlan:
    """Return which packs go; `only` such among these, if given."""
    online = [each for each in shares if each.is_online and (only is None or each.pack in only)]
    online.sort(key=lambda each: each.pack)
    return _split(
        [each for each in online if each.is_verified], max_hot, [each for each in online if not each.is_verified]
    )


def _split(shares: Collection[PackShare], max_hot: float, unverified: Collection[PackShare] = ()) -> PurgePlan:
    return PurgePlan(
        purge=tuple(each for each in shares if not each.hot_size),
        repack=tuple(each for each in shares if each.hot_size and each.hot_share <= max_hot),
        mixed=tuple(each for each in shares if each.hot_size and each.hot_share > max_hot),
        unverified=tuple(unverified),
    )
