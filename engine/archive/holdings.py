"""What archives hold of which pack, added up from the records that say so; and when a pack is offline. Pure.

Where a pack is follows from two things that are looked at, and from nothing that would have to be kept in step:

    listed by the store    held by an archive      the pack is
    yes                    no                      online
    yes                    yes                     online, with a copy in an archive
    no                     yes                     offline: `recall` brings it back
    no                     no                      lost, or needed by nobody

So there is no record that says "purged". A purge deletes a pack that is held; a recall puts it back; either may be
killed anywhere, or done twice, or by two hosts at once, and what is there afterwards is in the table.

*Holding* is said by records (engine/sealed/records.py, `Holdings`) which only ever add up, in any order: a holding is
`held`; it is *released* once nobody counts on it any more, for good, and the archive may delete its copy; it is
*dropped* when the archive has no copy any longer. A pack is held by those holdings that are neither.

The order of writes, and what a kill between any two of them leaves:

 1. the archive takes a copy of a pack        killed after: a copy that no record names; the job asks for it again
 2. it is read back, and compared
 3. `held` is put (recording.py)                      … a pack that is online, with a copy in an archive
 4. purge marks the pack, waits for writers, looks whether anybody else needs it      … a mark that keeps writers off
 5. the pack is deleted (purging.py)                  … some packs offline, some not yet: the next purge goes on
 6. readmission puts it back (readmitting.py)         … some packs online, some not yet: so does the next recall
 7. no snapshot needs the pack: prune marks it, waits, looks, puts `released`         … as 4; the next prune goes on
 8. prune lets the index name it no more, deletes it where it is online               … what no fragment names
 9. the archive deletes its copy, `dropped` is put                   … asked once more, it has nothing to delete
10. a prune deletes records of which every holding is dropped, and later those that speak of none that is listed

Why nothing is lost:

*A reader* asks the store first, and only for what is missing loads the records: 3 comes before 5. A record that is
deleted (10) speaks of packs that nobody needs (7).

*A writer* builds on packs that are listed after marks were, and so on none that goes offline (4: mark against session,
as in prune/pruning.py). Where a person wants it to build on offline packs, it lists marks, then packs, then records:
what a prune releases is marked until `released` is there to be seen, so it sees one of the two.

*A prune* lists packs first, then records: what was purged between the two is held. It copies nothing out of offline
packs and lets nothing rest on them: a blob with a copy online is kept there, one that lies offline only is needed
wherever it lies.

*A copy that turns out to be wrong* is released by who found that, in a session, and only where the pack is online and
nobody has marked it: a purge that would rely upon the copy waits for the session, or its mark is seen.

*A record that comes late* (its host slept between 1 and 3) is of a pack that a prune may have deleted meanwhile. Who
finds the pack gone, or marked, puts the holding as released at once. Where the prune came between that look and the
put, the pack is held and no fragment names it: it is *hidden*. Nobody builds on what is not named; and a prune that
found all that snapshots need elsewhere releases what is hidden still (prune/leftovers.py). What is hidden because a
fragment was lost is missed by that prune, and stays.

*Listing.* A record with `released` is deleted after those whose holdings it releases, but one listing may still show
an old name and miss one that went later. So names are listed twice: what is held counts by the second listing, what is
released and dropped by both (`add_up`).
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from blake3 import blake3

from yester.engine.errors import Offline
from yester.engine.ids import HoldingId, PackId
from yester.engine.sealed.records import Holding, Holdings

__all__ = ["NOTHING", "Holding", "Holdings", "Stock", "add_up", "holding_id", "offline", "where"]

_VOLUMES_SHOWN = 3
_RECALL = "Bring it back: yester recall SNAPSHOT:PATH"


def holding_id(holding: Holding) -> HoldingId:
    """Return what a holding is told apart by: the pack, the archive, and the job that brought it there."""
    said = b"\0".join((holding.pack, holding.archive.encode(), holding.job.encode()))
    return HoldingId(blake3(said).digest(16))


@dataclass(frozen=True, slots=True)
class Stock:
    """What all records say together."""

    held: Mapping[PackId, tuple[Holding, ...]] = field(default_factory=dict)
    """The holdings that count, by pack; never empty ones."""
    unneeded: tuple[Holding, ...] = ()
    """Released, and not dropped yet: the archive may delete these copies."""
    damaged: Mapping[str, str] = field(default_factory=dict)
    """Records that cannot be read, and why: any pack that is missing may be held all the same."""

    def offline(self, listed: Set[PackId]) -> set[PackId]:
        """Return the packs that are held and not among these."""
        return self.held.keys() - listed

    def __contains__(self, pack: object) -> bool:
        return pack in self.held

    def is_verified(self, pack: PackId) -> bool:
        """Whether a copy of the pack was compared with what was archived."""
        return any(holding.verified_ns for holding in self.held.get(pack, ()))


NOTHING = Stock()


def add_up(there: Iterable[Holdings], gone: Iterable[Holdings] = (), damaged: Mapping[str, str] | None = None) -> Stock:
    """Return what these records say; of those in `gone`, which are not listed any more, what they let go of."""
    there = tuple(there)
    released, dropped = set[bytes](), set[bytes]()
    for record in (*there, *gone):
        released.update(record.released)
        dropped.update(record.dropped)
    newest: dict[HoldingId, Holding] = {}
    for holding in (holding for record in there for holding in record.held):
        id = holding_id(holding)
        if id not in dropped:
            newest[id] = max(newest.get(id, holding), holding, key=_rank)
    held: dict[PackId, list[Holding]] = {}
    for id, holding in sorted(newest.items()):
        if id not in released:
            held.setdefault(PackId(holding.pack), []).append(holding)
    return Stock(
        {pack: tuple(found) for pack, found in held.items()},
        tuple(holding for id, holding in sorted(newest.items()) if id in released),
        damaged or {},
    )


def _rank(holding: Holding) -> tuple[int, int, tuple[str, ...]]:
    """Order what several records say of one holding: the latest to be verified counts."""
    return holding.verified_ns, holding.archived_ns, holding.external_ids


def where(holding: Holding) -> str:
    """Return, in words, where a copy is."""
    name = f"the archive {holding.archive_name or holding.archive}"
    if not holding.volumes:
        return name
    shown = ", ".join(holding.volumes[:_VOLUMES_SHOWN]) + (", …" if len(holding.volumes) > _VOLUMES_SHOWN else "")
    return f"{name} on {shown}"


def offline(name: str, holdings: Iterable[Holding]) -> Offline:
    """Return the error of an object that is offline: where it is, and how to bring it back."""
    places = " and in ".join(dict.fromkeys(map(where, holdings)))
    what = f"{name} is offline: it is in {places}, and yester recall brings it back"
    return Offline(what, name=name, hint=_RECALL)
