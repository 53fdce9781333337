"""The depot port: the packs of one repository, as those see them who work with archives."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from yester.engine.archive.holdings import Holding
from yester.engine.ids import PackId, SnapshotId


@dataclass(frozen=True, slots=True)
class Lent:
    """A pack as files that an archive can read."""

    files: tuple[str, ...]
    """Absolute paths, of the same content each."""
    sha1: str


class Depot(Protocol):
    """Any method may raise StoreError, which ends the work. What it changes is durable when it returns."""

    @property
    def room_size(self) -> int:
        """How many bytes of packs may lie in local folders at a time, on their way."""
        ...

    def lent(self, packs: Sequence[PackId]) -> AbstractContextManager[Mapping[PackId, Lent | str]]:
        """Give files of packs for the time of the block, or say in words why one cannot be given."""
        ...

    def held(self) -> Mapping[PackId, Sequence[Holding]]:
        """Return what archives hold and somebody counts on, as the repository knows it now."""
        ...

    def unneeded(self) -> Sequence[Holding]:
        """Return what archives hold and nobody counts on."""
        ...

    def record(self, holdings: Sequence[Holding]) -> Collection[PackId]:
        """Let every machine know what archives hold, or that a copy was verified.

        Returns the packs that a prune has deleted meanwhile, or is about to: of these nobody counts on the copies.
        """
        ...

    def release(self, holdings: Sequence[Holding]) -> None:
        """Let nobody count on these any more."""
        ...

    def drop(self, holdings: Sequence[Holding]) -> None:
        """Let every machine know that archives have these no longer."""
        ...

    def purge(self, packs: Collection[PackId], snapshots: Collection[SnapshotId]) -> Mapping[PackId, str]:
        """Delete the online copies of verified packs that no other snapshot needs; say in words of the others why."""
        ...

    def offline(self, packs: Collection[PackId]) -> set[PackId]:
        """Return those of these packs of which there is no online copy."""
        ...

    def room(self) -> AbstractContextManager[Path]:
        """Give a folder for what archives give back, for the time of the block; with what a killed process left."""
        ...

    def take_back(self, files: Mapping[PackId, Path]) -> None:
        """Put packs online again, wherever the store keeps copies."""
        ...
