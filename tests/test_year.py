"""A year of runs on a fake clock, with a forget after each: what is kept at fixed dates, and nothing else is lost.

The year lies in the future, so that what is written now is older than every run of it. The machine sleeps through
August; two weeks, and the last days, have a run every hour; one run in nine is partial. What is expected was worked
out by hand: Sundays are 2095-11-20 and every seventh day from there.
"""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.engine.prune.rigging import FakeClock
from tests.rig import Rig, write

from yester.engine.capture.snapping import SnapshotRequest, take_snapshot
from yester.engine.check.checking import check
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec, SmartSpec
from yester.engine.progress import NoProgress
from yester.engine.prune.pruning import PruneOptions, prune
from yester.engine.repository import Repository
from yester.engine.retention.forgetting import forget
from yester.engine.retention.plan import RetentionPlan, plan_retention
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, resolve

FIRST = datetime(2095, 11, 20, 20, tzinfo=UTC)
"""A Sunday."""
FILES = 12

pytestmark = [pytest.mark.usefixtures("settled"), pytest.mark.timeout(300)]


@dataclass
class Year:
    """A repository, a source that changes a little every day, and what each run must have kept."""

    rig: Rig
    folder: Path
    spec: RetentionSpec
    monkeypatch: pytest.MonkeyPatch
    now: datetime = FIRST
    noise: random.Random = field(default_factory=lambda: random.Random(5))
    held: dict[SnapshotId, dict[str, bytes]] = field(default_factory=dict)
    partial: list[SnapshotId] = field(default_factory=list)
    repository: Repository = field(init=False)

    def __post_init__(self) -> None:
        self.repository = self.rig.open()
        self.monkeypatch.setattr(time, "time_ns", lambda: self.now_ns)

    @property
    def now_ns(self) -> int:
        return int(self.now.timestamp()) * 10**9

    def run(self, now: datetime, *, partial: bool = False) -> RetentionPlan:
        """Change something, take a snapshot at this moment, and forget."""
        self.now = now
        write(self.folder / str(self.noise.randrange(FILES)), self.noise.randbytes(2000))
        request = SnapshotRequest(self.rig.profile, "run")
        with partial_snapshots(self.monkeypatch, partial):
            done = take_snapshot(
                self.repository,
                request,
                places=self.rig.places,
                hooks=NoHooks(),
                progress=NoProgress(),
                cancelled=lambda: False,
            )
        assert done.snapshot is not None
        if not partial:  # it completes what was broken off before
            for sid in self.partial:
                del self.held[sid]
            self.partial.clear()
        else:
            self.partial.append(done.snapshot)
        self.held[done.snapshot] = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        plan = plan_retention(self.repository.snapshots(), self.repository.labels(), self.spec, self.now_ns, UTC)
        for sid in forget(self.repository, plan.remove):
            del self.held[sid]
            assert sid not in self.partial
        assert self.repository.snapshot_ids() == self.held.keys()
        return plan

    def prune(self) -> int:
        """Prune, and return how much is stored then."""
        done = prune(self.rig.open(), PruneOptions(), hooks=NoHooks(), progress=NoProgress(), clock=FakeClock())
        assert done.is_sound
        self.repository = self.rig.open()
        return sum(map(self.rig.store.query, self.rig.store.list()))

    def kept(self) -> list[str]:
        """Return the times of what is there, as 2096-02-29 20h; a partial one with a mark."""
        return [
            f"{datetime.fromtimestamp(snapshot.time_ns // 10**9, UTC):%Y-%m-%d %Hh}{' partial' * snapshot.partial}"
            for _, snapshot in self.repository.snapshots()
        ]

    def assert_whole(self) -> None:
        """Each snapshot that is there holds what it must, and no other object of the repository is amiss."""
        source = self.repository.reader()
        for sid, snapshot in self.repository.snapshots():
            top = decode_root(snapshot.root)
            for name, content in self.held[sid].items():
                entry = resolve(source, top, os.fsencode(self.folder / name))
                assert entry is not None
                assert bytes(Content.of(entry, source).read(0, entry.size)) == content
        report = check(self.repository, read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
        assert report.problems == ()
        assert self.repository.warnings() == []


@contextmanager
def partial_snapshots(monkeypatch: pytest.MonkeyPatch, partial: bool) -> Iterator[None]:
    """Let a run commit what it takes as a partial snapshot, as one that is broken off later does."""
    commit = Repository.commit_snapshot

    def commit_partial(self: Repository, snapshot: Snapshot, **more: object) -> SnapshotId:
        return commit(self, msgspec.structs.replace(snapshot, partial=True), **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        if partial:
            patch.setattr(Repository, "commit_snapshot", commit_partial)
        yield


def runs() -> Iterator[tuple[datetime, bool]]:
    """Yield the moments of all runs of the year, and whether a run is broken off."""
    number = 0
    for day in range(366):
        evening = FIRST + timedelta(days=day)
        if evening.month == 8:
            continue
        hourly = day % 180 < 7
        for hours in range(-11, 1) if hourly else (0,):
            number += 1
            yield evening + timedelta(hours=hours), number % 9 == 0


def year(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, spec: RetentionSpec) -> Year:
    for number in range(FILES):
        write(folder / str(number), bytes([number]) * 2000)
    return Year(Rig.of(home, folder), folder, spec, monkeypatch)


def evenings(month: str, *days: int | str) -> list[str]:
    """Return times of a month, 20h unless said otherwise: `18 19h`."""
    texts = (day if isinstance(day, str) else f"{day:02} 20h" for day in days)
    return [f"{month}-{text}" for text in texts]


RULES = {
    "2095-12-31": evenings("2095-11", 30) + evenings("2095-12", 10, 18, 24, 25, 26, 27, 28, 30, 31),
    "2096-03-01": evenings("2095-11", 30)
    + evenings("2095-12", 31)
    + evenings("2096-01", 31)
    + evenings("2096-02", 11, 19, 23, 24, 25, 26, 27, 28, 29)
    + evenings("2096-03", "01 20h partial"),
    "2096-09-02": evenings("2095-12", 31)
    + evenings("2096-03", 31)
    + evenings("2096-04", 30)
    + evenings("2096-05", 31)
    + evenings("2096-06", 29)
    + evenings("2096-07", 22, 26, 28, 29, 30, 31)
    + evenings("2096-09", 1, 2),
    "2096-11-19": evenings("2095-12", 31)
    + evenings("2096-05", 31)
    + evenings("2096-06", 29)
    + evenings("2096-07", 31)
    + evenings("2096-09", 30)
    + evenings("2096-10", 31)
    + evenings("2096-11", 4, 11, 13, "14 19h", 15, 16, "17 19h", 18, "19 18h", "19 19h", 19),
}


def test_rules(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = RetentionSpec(keep_last=2, keep_hourly=3, keep_daily=7, keep_weekly=4, keep_monthly=6, keep_yearly=2)
    life = year(home, folder, monkeypatch, spec)
    most, sizes = 0, []
    for now, partial in runs():
        life.run(now, partial=partial)
        most = max(most, len(life.held))
        if now.hour == 20 and (expected := RULES.get(f"{now:%Y-%m-%d}")):
            assert life.kept() == expected
            life.assert_whole()
        if now.day == 15 and now.hour == 20:
            sizes.append(life.prune())
    # At most 24 snapshots, each with a pack of data and one of folders, which are padded to 64 KiB; and the tombstones.
    assert max(sizes) < 24 * 2 * (64 << 10)
    assert most <= 2 + 3 + 7 + 4 + 6 + 2


def hours(day: str, *hours: int) -> list[str]:
    return [f"{day} {hour:02}h" for hour in hours]


SMART = {
    "2096-03-01": evenings("2095-11", 30)
    + evenings("2095-12", 31)
    + evenings("2096-01", 31)
    + evenings("2096-02", 11, 19, 24, 25, 26, 27, 28, 29)
    + evenings("2096-03", "01 20h partial"),
    "2096-11-19": evenings("2095-11", 30)
    + evenings("2095-12", 31)
    + evenings("2096-01", 31)
    + evenings("2096-02", 29)
    + evenings("2096-03", 31)
    + evenings("2096-04", 30)
    + evenings("2096-05", 31)
    + evenings("2096-06", 29)
    + evenings("2096-07", 31)
    + evenings("2096-09", 30)
    + evenings("2096-10", 31)
    + evenings("2096-11", 4, 11, 13, "14 19h", 15, 16, "17 19h")
    + hours("2096-11-18", 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20)
    + hours("2096-11-19", 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20),
}


def test_smart_remove(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = year(home, folder, monkeypatch, RetentionSpec(smart=SmartSpec(2, 7, 4, 24)))
    for now, partial in runs():
        life.run(now, partial=partial)
        if now.day == 15 and now.hour == 20:
            life.prune()
        if now.hour == 20 and (expected := SMART.get(f"{now:%Y-%m-%d}")):
            assert life.kept() == expected
            life.assert_whole()
