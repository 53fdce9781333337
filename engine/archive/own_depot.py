"""The packs of a repository that is open here (depot.py): staged, spoken of in records, purged, put back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from yester.engine.archive.depot import Lent
from yester.engine.archive.holdings import Holding
from yester.engine.archive.purging import PurgeOptions, purge
from yester.engine.archive.readmitting import readmit
from yester.engine.archive.recording import record_dropped, record_held, record_wrong, unneeded
from yester.engine.archive.staging import Staging
from yester.engine.capture.standing import listed
from yester.engine.hooks import Hooks
from yester.engine.ids import PackId, SnapshotId
from yester.engine.progress import Progress
from yester.engine.repository import Repository

SHARED = "Newer snapshots need so much of it that it stays online"
NEEDED_AFTER_ALL = "Somebody needs it after all, so that it stays online"
NO_SNAPSHOT = "The snapshots that it was to be purged with are gone; a prune sees to it"


class OwnDepot:
    """The depot of one repository, for the time of a command."""

    def __init__(
        self,
        repository: Repository,
        staging: Staging,
        hooks: Hooks,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        """Nothing is read yet."""
        self._repository, self._staging = repository, staging
        self._hooks, self._progress, self._cancelled = hooks, progress, cancelled

    @property
    def room_size(self) -> int:
        """How much may be on its way."""
        return self._staging.room_size

    def lent(self, packs: Sequence[PackId]) -> AbstractContextManager[Mapping[PackId, Lent | str]]:
        """Give files of packs."""
        return self._staging.lent(packs)

    def room(self) -> AbstractContextManager[Path]:
        """Give a folder for what archives give back."""
        return self._staging.room()

    def held(self) -> Mapping[PackId, Sequence[Holding]]:
        """Return what archives hold."""
        return self._repository.index.look_for_archived().held

    def unneeded(self) -> Sequence[Holding]:
        """Return what nobody counts on. DamageError when that cannot be known."""
        return unneeded(self._repository)

    def record(self, holdings: Sequence[Holding]) -> Collection[PackId]:
        """Say what archives hold; return what came too late."""
        return {PackId(each.pack) for each in record_held(self._repository, holdings)}

    def release(self, holdings: Sequence[Holding]) -> None:
        """Count on these no longer."""
        record_wrong(self._repository, holdings)

    def drop(self, holdings: Sequence[Holding]) -> None:
        """Say that archives have these no longer."""
        record_dropped(self._repository, holdings)

    def purge(self, packs: Collection[PackId], snapshots: Collection[SnapshotId]) -> Mapping[PackId, str]:
        """Delete the online copies, as engine/archive/purging.py."""
        if not packs:
            return {}
        there = self._repository.snapshot_ids().intersection(snapshots)
        if not there:
            return dict.fromkeys(packs, NO_SNAPSHOT)
        result = purge(
            self._repository,
            there,
            PurgeOptions(only=frozenset(packs)),
            hooks=self._hooks,
            progress=self._progress,
            cancelled=self._cancelled,
        )
        stay, mixed = set(packs) - set(result.purged) - self.offline(packs), {each.pack for each in result.plan.mixed}
        return {pack: SHARED if pack in mixed else "; ".join(result.damaged) or NEEDED_AFTER_ALL for pack in stay}

    def offline(self, packs: Collection[PackId]) -> set[PackId]:
        """Return those that the store does not list."""
        return set(packs) - listed(self._repository).packs

    def take_back(self, files: Mapping[PackId, Path]) -> None:
        """Put packs into the store."""
        readmit(self._repository, ((pack, file.read_bytes) for pack, file in files.items()))
