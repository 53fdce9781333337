"""What one run works with from its beginning to its end."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from yester.engine.capture.borders import Surroundings, known_by
from yester.engine.capture.detours import chosen, plan_detours, there_too
from yester.engine.capture.filecache import cache_key
from yester.engine.capture.filters import Filter
from yester.engine.capture.labelling import RunLabel
from yester.engine.capture.mounts import mount_table
from yester.engine.capture.request import SnapshotRequest
from yester.engine.capture.roots import is_reached
from yester.engine.capture.series import Series, series_of
from yester.engine.capture.telling import RunTeller
from yester.engine.capture.wishes import Wishes, wished
from yester.engine.hooks import Hooks
from yester.engine.host import host_id
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.progress import Counters, Progress
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label

Clock = Callable[[], float]
"""Seconds that pass evenly, from any beginning."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """The run's request, its surroundings and those whom it tells."""

    repository: Repository
    request: SnapshotRequest
    places: Places
    progress: Progress
    cancelled: Callable[[], bool]
    clock: Clock
    counters: Counters
    teller: RunTeller
    rules: Filter
    host: bytes
    started_ns: int
    label: RunLabel
    added: tuple[bytes, ...] = ()
    """Sources that hooks have added; the others are the profile's own."""

    @classmethod
    def of(
        cls,
        repository: Repository,
        request: SnapshotRequest,
        places: Places,
        hooks: Hooks,
        progress: Progress,
        cancelled: Callable[[], bool],
        clock: Clock,
    ) -> "RunContext":
        """Begin a run now. UsageError for filters that cannot be read."""
        counters = Counters()
        return cls(
            repository,
            request,
            places,
            progress,
            cancelled,
            clock,
            counters,
            RunTeller(hooks, request.profile, request.run, counters),
            Filter(request.profile.filters),
            host_id(places),
            time.time_ns(),
            RunLabel(request.tags),
        )

    def changed(self, wishes: Wishes) -> "RunContext":
        """Return what the run works with once hooks have said what they want. UsageError when that cannot be."""
        self.label.change(wishes.label)
        profile = wished(self.profile, wishes)
        request = replace(self.request, profile=profile)
        request = replace(request, read_from={**request.read_from, **self._elsewhere(request.sources, wishes)})
        if profile is self.profile:
            return replace(self, request=request)
        for source in wishes.remove_sources:
            if source not in self.profile.sources:
                self.teller.message("warning", "a plugin wants this source removed, which is none", source)
        if self.request.only_streams:
            self.teller.message("warning", "plugins want other sources or filters; this run takes none but its stream")
        added = tuple(source for source in request.sources if source not in self.profile.sources)
        rules = Filter(profile.filters)
        for source in added:
            if not is_reached(source, request.sources, rules):
                words = "a plugin wants this taken as well, but the filters leave it out of the source that it is in"
                self.teller.message("warning", words, source)
        return replace(self, request=request, rules=rules, added=added)

    def _elsewhere(self, sources: Sequence[bytes], wishes: Wishes) -> dict[bytes, bytes]:
        """Return which sources are read where, as far as they can be; the others are read where they are."""
        found, problems = chosen(sources, dict(wishes.read_from))
        for source, words in problems:
            self.teller.message(
                "warning", f"a plugin wants this read elsewhere, but it is read where it is: {words}", source
            )
        return found

    def said_of_snapshot(self, *, partial: bool = False) -> Label | None:
        """Return what is to be said of the snapshot that is about to be committed. StopRun: there shall be none."""
        self.label.change(self.teller.wishes().label)
        return self.label.record(self.repository.writer, partial=partial)

    @property
    def profile(self) -> Profile:
        """Whose run this is."""
        return self.request.profile

    @property
    def cache_path(self) -> Path:
        """Where the file cache of the series is."""
        name = f"files-{(self.host + self.profile.id).hex()}"
        # Not in the way of the one that knows the folders.
        return self.repository.cache / (f"{name}-streams" if self.request.only_streams else name)

    def series(self) -> Series:
        """Return the snapshots of the series as they are listed now."""
        alone = self.request.stream_paths if self.request.only_streams else ()
        return series_of(self.repository.trusted_snapshots(), self.host, self.profile.id, alone)

    def cache_key(self) -> bytes:
        """Return what the file cache must have been made under."""
        never = (os.fsencode(folder) for folder in self._never())
        rules = self.rules.fingerprint()
        return cache_key(self.repository.config.repository, rules, b"\0".join(never), *self.request.sources)

    def surroundings(self) -> Surroundings:
        """Return what the walk must know of this machine as it is now."""
        mounts, read_from = mount_table(), self.request.read_from
        never = [os.fsencode(folder) for folder in self._never()]
        return Surroundings(
            mounts.hiding(read_from.values()),
            known_by([*never, *there_too(never, read_from)]),
            known_by([*self.request.sources, *read_from.values()]),
            # Hooks made the places, and that was when the run had begun.
            plan_detours(read_from, mounts, self.started_ns),
        )

    def _never(self) -> list[Path]:
        """Return the folders that no snapshot enters."""
        folders = (self.places.state, self.places.cache, self.repository.store.folder)
        return [folder for folder in folders if folder is not None]
