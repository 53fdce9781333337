"""What a recall takes: from which archives and volumes, how much, how long, at what price. Pure.

A pack that several archives hold comes from the one that is there, has not failed to give it back, makes one wait least
and costs least, in this order. What a policy does not say of waiting and prices (`Policy.costs`) nobody knows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from yester.engine.archive.asked import Wanted
from yester.engine.archive.holdings import Holding
from yester.engine.archive.port import Policy
from yester.engine.ids import PackId

PER_GB, WAIT_S = "restore_per_gb", "restore_wait_s"
_GB = 10**9

Place = tuple[str, str]
"""An archive's guid and a policy's uuid."""
Offers = Mapping[Place, Policy]
"""The policies of the archives that are there."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one archive gives back by one policy."""

    holdings: tuple[Holding, ...]
    policy: Policy | None
    """None when the archive is not there, or knows the policy no longer."""

    @property
    def place(self) -> Place:
        """Where it comes from."""
        return place_of(self.holdings[0])

    @property
    def archive_name(self) -> str:
        """What a person knows the archive by."""
        return self.holdings[0].archive_name or self.holdings[0].archive

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(holding.size for holding in self.holdings)

    @property
    def volumes(self) -> tuple[str, ...]:
        """What it lies on, each once, as the archive names it."""
        return tuple(sorted({volume for holding in self.holdings for volume in holding.volumes}))

    @property
    def wait_s(self) -> float | None:
        """Seconds until the first of it is there; None where nobody knows."""
        return _cost(self.policy, WAIT_S)

    @property
    def price(self) -> float | None:
        """What it costs, in whatever currency the policy has; None where nobody knows."""
        per_gb = _cost(self.policy, PER_GB)
        return None if per_gb is None else per_gb * self.size / _GB


@dataclass(frozen=True, slots=True)
class RecallPlan:
    """What is to be asked for."""

    shares: tuple[Share, ...]
    lost: tuple[PackId, ...] = ()
    """Packs that are not online and that no archive is known to hold."""

    @property
    def packs(self) -> int:
        """How many packs are to come back."""
        return sum(len(share.holdings) for share in self.shares)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(share.size for share in self.shares)

    def wanted(self) -> list[Wanted]:
        """Return what is asked of archives."""
        return [wanted(holding) for share in self.shares for holding in share.holdings]


def plan_recall(
    packs: Iterable[PackId],
    held: Mapping[PackId, Sequence[Holding]],
    offers: Offers,
    failed: Collection[tuple[PackId, Place]] = (),
) -> RecallPlan:
    """Plan to bring packs back that are offline. `failed` says which archive has not given back which pack."""
    shares: dict[Place, list[Holding]] = {}
    lost = []
    for pack in dict.fromkeys(packs):
        holdings = held.get(pack, ())
        if holdings:
            chosen = min(holdings, key=lambda each: _rank(each, offers, failed))
            shares.setdefault(place_of(chosen), []).append(chosen)
        else:
            lost.append(pack)
    found = [Share(tuple(each), offers.get(place)) for place, each in sorted(shares.items())]
    return RecallPlan(tuple(found), tuple(lost))


def place_of(holding: Holding) -> Place:
    """Return where a copy is."""
    return holding.archive, holding.policy


def wanted(holding: Holding) -> Wanted:
    """Return what is asked of an archive for a copy that it has."""
    return Wanted(
        PackId(holding.pack),
        holding.size,
        holding.archive,
        holding.policy,
        holding.sha1,
        holding.external_ids,
        holding.archive_name or holding.archive,
    )


def _rank(
    holding: Holding, offers: Offers, failed: Collection[tuple[PackId, Place]]
) -> tuple[bool, bool, float, float, int]:
    policy = offers.get(place_of(holding))
    has_failed = (PackId(holding.pack), place_of(holding)) in failed
    return (
        policy is None,
        has_failed,
        _cost(policy, WAIT_S) or 0.0,
        _cost(policy, PER_GB) or 0.0,
        -holding.archived_ns,
    )


def _cost(policy: Policy | None, name: str) -> float | None:
    return None if policy is None else policy.costs.get(name)
