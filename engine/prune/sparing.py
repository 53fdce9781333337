"""The last look of a prune, before it deletes: which of its packs are needed after all.

Snapshots have come meanwhile, of writers that began before the mark was put and built on marked packs. Packs that
were to keep a copy may have gone, or another prune may have marked them: of two prunes that each mark one copy of a
blob, and then look for each other's marks, one at least sees the other's, and spares its own.
"""

from collections.abc import Callable, Collection

from yester.engine.capture.standing import Listed, listed
from yester.engine.errors import DamageError
from yester.engine.ids import SHORT_ID_SIZE, PackId
from yester.engine.packs.segments import PACK_PREFIX_SIZE
from yester.engine.prune.judging import Judged, readable_snapshots
from yester.engine.prune.references import Walk
from yester.engine.repository import Repository
from yester.engine.trees.referring import Reference

_READER_SIZE = 32 << 20


class Sparing:
    """The packs of one mark, and which of them are spared. For one thread."""

    def __init__(
        self,
        repository: Repository,
        judged: Judged,
        mark: str,
        packs: Collection[PackId],
        copied: Collection[PackId],
        copies: Collection[PackId],
    ) -> None:
        """`packs` go by the object `mark`; what is needed of the `copied` ones among them lies in `copies` now."""
        self._repository, self._judged, self._mark = repository, judged, mark
        self._going = {pack[:PACK_PREFIX_SIZE]: pack for pack in packs}
        self._copied, self._copies = set(copied), set(copies)
        self._walked: set[bytes] = set()
        """Nodes that were stored since the first look."""
        self._lasting: set[PackId] = set()
        self.spared: set[PackId] = set()

    def look(self, tick: Callable[[int, int], None]) -> None:
        """List marks, snapshots, index and packs, in this order, and spare what is needed."""
        repository, index = self._repository, self._repository.index
        before = listed(repository)
        snapshots = readable_snapshots(repository)
        index.refresh()
        after = listed(repository)
        doomed = self._doomed(before) | self._doomed(after)
        self._lasting = after.packs - doomed - set(self._going.values())
        index.restrict(self._lasting)
        self._spare_copied()
        walk = Walk(repository.reader(_READER_SIZE), self._note, tick)
        for sid, snapshot in snapshots:
            if sid not in self._judged.snapshots:
                walk.snapshot(snapshot)
        if any(use.needed_blobs and use.pack not in self._lasting for use in self._judged.packs):
            self._spare_for_lost()

    def _doomed(self, seen: Listed) -> set[PackId]:
        """Return what other prunes are about to delete."""
        return set[PackId]().union(*(packs for name, packs in seen.marks.items() if name != self._mark))

    def _spare_copied(self) -> None:
        """Spare packs whose copies did not last."""
        if not self._copies <= self._lasting:
            self._spare(self._copied)

    def _note(self, reference: Reference) -> bool:
        """Spare what a snapshot that is new needs of the packs that go; whether the blob was not met before."""
        needs, short = self._judged.needs, reference.blob[:SHORT_ID_SIZE]
        is_new = needs.refer(reference.blob)
        if is_new is False:
            return False
        if is_new is None:
            if short in self._walked:
                return False
            if reference.is_node:
                self._walked.add(short)
        if not self._save(short) and reference.is_node:
            raise DamageError(f"{reference.kind.name.lower()} {reference.blob.hex()[:32]} is in no pack")
        return True

    def _spare_for_lost(self) -> None:
        """Where a pack that was to keep a copy does not last, spare another copy."""
        for _, records in self._judged.needs.blobs():
            if len(records) > 1:
                self._save(records[0][:SHORT_ID_SIZE])

    def _save(self, short: bytes) -> bool:
        """Spare the packs that have a blob, unless one that lasts has it; whether it is anywhere."""
        if short in self._repository.index:
            return True
        packs = {self._going[copy.pack] for _, copy in self._judged.needs.copies(short) if copy.pack in self._going}
        self._spare(packs)
        return bool(packs)

    def _spare(self, packs: set[PackId]) -> None:
        if not packs <= self.spared:
            self.spared |= packs
            self._repository.index.restrict(self._lasting | self.spared)
