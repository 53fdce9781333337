"""The last look of a prune, before it deletes: which of its packs are needed after all.

Snapshots have come meanwhile, of writers that began before the mark was put and built on marked packs. Packs that
were to keep a copy may have gone, or another prune may have marked them: of two prunes that each mark one copy of a
blob, and then look for each other's marks, one at least sees the other's, and spares its own.
"""

from collections.abc import Callable, Collection

from yester.engine.capture.standing import Listed, listed
from yester.engine.ids import SHORT_ID_SIZE, PackId
from yester.engine.packs.segments import PACK_PREFIX_SIZE
from yester.engine.prune.judging import Judged, readable_snapshots, walk_all
from yester.engine.repository import Repository
from yester.engine.trees.referring import Reference


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
        self._needs = judged.needs
        self._walked: set[bytes] = set()
        """Nodes that were stored since the first look."""
        self._lasting: set[bytes] = set()
        """The first bytes of the ids of packs that nobody is about to delete."""
        self.spared: set[PackId] = set()

    def look(self, tick: Callable[[int, int], None]) -> None:
        """List marks, snapshots, index and packs, in this order, and spare what is needed. DamageError; Outdated."""
        repository, index = self._repository, self._repository.index
        before = listed(repository)
        snapshots = readable_snapshots(repository)
        index.refresh()
        after = listed(repository)
        doomed = self._doomed(before) | self._doomed(after)
        lasting = after.packs - doomed - set(self._going.values())
        # A pack of a write-only client may claim what it does not hold.
        self._lasting = {pack[:PACK_PREFIX_SIZE] for pack in lasting} - index.blind_packs()
        if not self._copies <= lasting:
            self.spared |= self._copied
        # A look that was broken off has noted nodes that it did not walk.
        self._needs, self._walked = self._judged.needs.copy(), set()
        new = [(sid, snapshot) for sid, snapshot in snapshots if sid not in self._judged.snapshots]
        walk_all(repository, new, self._note, tick)
        # What the copied ones kept lies in the copies, or they are spared.
        keepers = (use for use in self._judged.packs if use.needed_blobs and use.pack not in self._copied)
        if any(use.pack not in lasting for use in keepers):
            self._spare_for_lost()

    def _doomed(self, seen: Listed) -> set[PackId]:
        """Return what other prunes are about to delete."""
        return set[PackId]().union(*(packs for name, packs in seen.marks.items() if name != self._mark))

    def _note(self, reference: Reference) -> bool:
        """Spare what a snapshot that is new needs of the packs that go; whether the blob was not met before."""
        short = reference.blob[:SHORT_ID_SIZE]
        is_new = self._needs.refer(reference.blob)
        if is_new is False:
            return False
        if is_new is None:
            if short in self._walked:
                return False
            if reference.is_node:
                self._walked.add(short)
        self._save(short)
        return True

    def _spare_for_lost(self) -> None:
        """Where a pack that was to keep a copy does not last, spare another copy."""
        for _, records in self._needs.blobs():
            if len(records) > 1:
                self._save(records[0][:SHORT_ID_SIZE])

    def _save(self, short: bytes) -> None:
        """Spare the packs that have a blob, unless one that lasts has it.

        What is in neither is no affair of this prune: it lies in what another one marked, which spares it as well.
        """
        if not self._lasts(short):
            copies = self._needs.copies(short)
            self.spared |= {self._going[copy.pack] for _, copy in copies if copy.pack in self._going}

    def _lasts(self, short: bytes) -> bool:
        passed: set[bytes] = set()
        while (holder := self._repository.index.holder(short, passed)) is not None:
            if holder in self._lasting:
                return True
            passed.add(holder)
        return False
