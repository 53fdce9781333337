"""Who needs how much of which pack: chosen snapshots, and all others.

Two sets of bits over one table of all blobs (engine/prune/needs.py): what the chosen snapshots need, and what the
others do. Of the latter one copy of each blob is kept, in a pack that stays where there is a whole one; what has no
copy there is the *hot* part of a pack that may go. The order of listing is that of a prune (engine/prune/judging.py).
"""

from collections.abc import Callable, Collection, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from yester.engine.archive.holdings import Stock
from yester.engine.archive.planning import PackShare
from yester.engine.capture.standing import listed
from yester.engine.errors import UsageError
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.segments import PACK_PREFIX_SIZE, PACK_ROW
from yester.engine.places import unwritable
from yester.engine.prune.judging import Judged, Outdated, archived, readable_snapshots, refer
from yester.engine.prune.keeping import Keeping
from yester.engine.prune.needs import Needs, distinct
from yester.engine.prune.plan import PackUse
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import ObjectKind


@dataclass(frozen=True, slots=True)
class Shared:
    """What was found."""

    shares: tuple[PackShare, ...]
    """The data packs that the chosen snapshots need."""
    judged: Judged
    """What the others need, as a prune sees it."""

    @property
    def uses(self) -> dict[PackId, PackUse]:
        """How much the others need of each pack that is online."""
        return {use.pack: use for use in self.judged.packs}


def shares_of(
    repository: Repository, chosen: Collection[SnapshotId], tick: Callable[[int, int], None]
) -> tuple[PackShare, ...]:
    """Return the data packs that these snapshots need, for a plan: nothing is written. Errors as `look_at_shares`."""
    try:
        scratch = TemporaryDirectory(prefix="archive-", dir=repository.cache)
    except OSError as error:
        raise unwritable(repository.cache, error) from None
    with scratch as folder:
        while True:
            with suppress(Outdated):
                return look_at_shares(repository, chosen, Path(folder), tick).shares


def look_at_shares(
    repository: Repository,
    chosen: Collection[SnapshotId],
    folder: Path,
    tick: Callable[[int, int], None],
    *,
    may_go: Callable[[PackId, Stock], bool] = lambda pack, stock: True,
    adopt: bool = False,
) -> Shared:
    """Find what the chosen snapshots need, and what of that others need too. `folder` takes a table of all blobs.

    Of packs that the chosen ones need `may_go` says which may go; all others stay. UsageError when a chosen snapshot is
    not there. DamageError when a snapshot, or a part of its tree, cannot be read. Outdated (engine/prune/judging.py)
    when one was forgotten meanwhile.
    """
    index, marked = repository.index, listed(repository)
    snapshots = readable_snapshots(repository)
    _refuse_missing(chosen, {sid for sid, _ in snapshots})
    warnings = adopt_orphans(repository).warnings if adopt else ()
    index.refresh()
    packs, stock = listed(repository).packs, archived(repository)
    try:
        segment = index.written_whole(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    cold, hot = Needs(segment), Needs(segment)
    lost = refer(repository, cold, [each for each in snapshots if each[0] in chosen], tick)
    lost += refer(repository, hot, [each for each in snapshots if each[0] not in chosen], tick)
    sizes, missing = _cold_sizes(cold, packs | stock.held.keys())
    lost += missing
    rows = {PackId(row[:32]): row for row in segment.pack_rows()}
    going = {pack for pack in rows if pack[:PACK_PREFIX_SIZE] in sizes and pack in packs and may_go(pack, stock)}
    doomed = set[PackId]().union(*marked.marks.values())
    keeping = Keeping(hot, repository.store, repository.keys, packs, doomed | going, stock.held)
    uses = tuple(keeping.choose(lambda: tick(0, 0)))
    judged = Judged(frozenset(sid for sid, _ in snapshots), hot, uses, lost + keeping.lost, tuple(warnings))
    needed = {use.pack: use.needed_size for use in uses}
    return Shared(tuple(_shares(rows, sizes, needed, packs, stock)), judged)


def _refuse_missing(chosen: Collection[SnapshotId], there: Collection[SnapshotId]) -> None:
    missing = sorted(sid for sid in chosen if sid not in there)
    if missing:
        name = missing[0].hex()[:12]
        raise UsageError(f"There is no snapshot {name}", hint="It was forgotten meanwhile. Look again.")


def _cold_sizes(cold: Needs, there: Set[PackId]) -> tuple[dict[bytes, int], int]:
    """Return how many stored bytes of each pack are needed, by the first bytes of its id, and how many blobs are lost.

    Every copy counts; those in packs that are neither online nor held are none.
    """
    sizes, lost = {pack[:PACK_PREFIX_SIZE]: 0 for pack in there}, 0
    for rows, records in cold.blobs():
        copies = [copy for _, copy in distinct(rows, records) if copy.pack in sizes]
        lost += not copies
        for copy in copies:
            sizes[copy.pack] += copy.stored_size
    return {pack: size for pack, size in sizes.items() if size}, lost


def _shares(
    rows: dict[PackId, bytes],
    cold: dict[bytes, int],
    hot: dict[PackId, int],
    listed: Collection[PackId],
    stock: Stock,
) -> Iterator[PackShare]:
    """Yield the data packs that are online or held, and of which anything is needed by the chosen snapshots."""
    for pack, row in rows.items():
        _, size, header = PACK_ROW.unpack(row)
        needed = cold.get(pack[:PACK_PREFIX_SIZE])
        if needed is None or header[7] != ObjectKind.DATA or not (pack in listed or pack in stock):
            continue
        yield PackShare(pack, size, needed, hot.get(pack, 0), pack in listed, stock.held.get(pack, ()))
