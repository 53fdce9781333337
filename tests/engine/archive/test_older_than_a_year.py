"""The promise of it all: everything older than a year is archived and purged, and the archive is uninstalled."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.archive.rigging import Vault, purged
from tests.engine.prune.rigging import pruned
from tests.engine.restoring_rig import checked, restored
from tests.model import DAY_NS, Client, Source, contents, on_disk
from tests.rig import Rig

from yester.engine.archive.planning import plan_archive
from yester.engine.archive.purging import PurgeOptions
from yester.engine.archive.sharing import shares_of
from yester.engine.errors import Offline
from yester.engine.ids import SnapshotId
from yester.engine.repository import Repository
from yester.engine.trees.directories import decode_root, walk
from yester.plugins.backends.memory import MemoryStore

MONTHS = 20
YEAR_NS = 365 * DAY_NS


def live(client: Client) -> Iterator[tuple[SnapshotId, dict[bytes, bytes | None]]]:
    """Take a snapshot a month: some files stay for ever, some change, some come and go."""
    chance = random.Random(1)
    for name in (b"kept/1", b"kept/2", b"kept/3"):
        client.source.write(name, chance.randbytes(150_000))
    for month in range(MONTHS):
        client.source.write(b"diary", chance.randbytes(150_000 + month))
        client.source.write(b"%02d/photo" % month, chance.randbytes(60_000))
        if month >= 3:
            client.source.remove(b"%02d" % (month - 3))
        days = (MONTHS - month) * 30
        yield client.snap(client.open(days_back=days)), dict(client.source.tree)


@pytest.mark.usefixtures("settled")
def test_what_is_younger_is_whole_without_the_archive(tmp_path: Path) -> None:
    shared = MemoryStore()
    client = Client("laptop", tmp_path, shared, Source(tmp_path / "source"))
    Repository.create(shared, None, places=client.places)
    held = dict(live(client))
    rig = Rig(client.places, client.profile, shared, made=True)
    repository = rig.open()
    newest = max(snapshot.time_ns for _, snapshot in repository.snapshots())
    times = {sid: snapshot.time_ns for sid, snapshot in repository.snapshots()}
    old = {sid for sid, time_ns in times.items() if newest - time_ns > YEAR_NS}
    assert 0 < len(old) < len(held)

    plan = plan_archive(shares_of(repository, old, lambda folders, pieces: None), "guid")
    assert plan.forecast.purge and plan.forecast.repack and plan.forecast.mixed
    vault = Vault()
    vault.take(rig, [share.name for share in plan.hand_over])
    done = purged(rig, old, PurgeOptions())
    assert set(done.purged) == {share.pack for share in (*plan.forecast.purge, *plan.forecast.repack)}
    assert pruned(rig).is_sound

    # The archive is not there any more. All is listed; what is younger is read, by whatever way.
    repository = rig.open()
    for sid, tree in held.items():
        snapshot = repository.snapshot(sid)
        assert len(list(walk(repository.reader(), decode_root(snapshot.root)))) > len(tree)
        if sid not in old:
            assert contents(repository.reader(), snapshot) == tree
    with pytest.raises(Offline):
        [contents(repository.reader(), repository.snapshot(sid)) for sid in old]
    latest = max(held, key=times.__getitem__)
    assert restored(rig, latest, tmp_path / "back", os.fsencode(client.source.folder)).failed == 0
    assert on_disk(tmp_path / "back/source") == held[latest]
    assert checked(rig, 100).problems == ()

    # … and once it is recalled, all of it.
    assert vault.give_back(rig, done.purged) == done.purged
    for sid, tree in held.items():
        assert contents(repository.reader(), repository.snapshot(sid)) == tree
