"""Archives in tests: what an archive was given, said in the repository; packs that go offline and come back."""

from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha1

from tests.engine.prune.rigging import FakeClock
from tests.rig import Rig

from yester.engine.archive.holdings import Holding
from yester.engine.archive.purging import PurgeOptions, PurgeResult, purge
from yester.engine.archive.readmitting import readmit
from yester.engine.archive.recording import record_dropped, record_held
from yester.engine.hooks import NoHooks
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.packs import list_packs
from yester.engine.progress import NoProgress
from yester.engine.sealed.sealing import digest_of


def holding(
    pack: bytes = b"p" * 32, *, job: str = "job", verified_ns: int = 5, size: int = 1, digest: str = "0" * 40
) -> Holding:
    return Holding(
        pack=pack,
        archive="guid",
        archive_name="LTO library",
        policy="policy",
        job=job,
        size=size,
        sha1=digest,
        archived_ns=4,
        verified_ns=verified_ns,
        external_ids=("A00123:7",),
        volumes=("A00123",),
    )


def data_packs(rig: Rig) -> set[str]:
    return {name for name in list_packs(rig.store) if name.startswith("data.")}


OPTIONS = PurgeOptions(max_hot=0.9)


class Vault:
    """What an archive has: whole packs."""

    def __init__(self) -> None:
        self.packs: dict[PackId, bytes] = {}

    def take(self, rig: Rig, names: Iterable[str], job: str = "job", *, verified_ns: int = 5) -> None:
        """Archive packs, and say so in the repository."""
        held = []
        for name in sorted(names):
            data = rig.store.get(name)
            pack = PackId(digest_of(name))
            self.packs[pack] = data
            held.append(holding(pack, job=job, verified_ns=verified_ns, size=len(data), digest=sha1(data).hexdigest()))
        assert record_held(rig.open(), held) == ()

    def give_back(self, rig: Rig, packs: Iterable[PackId]) -> tuple[PackId, ...]:
        """Recall packs."""
        return readmit(rig.open(), [(pack, partial(self.packs.__getitem__, pack)) for pack in packs])

    def delete(self, rig: Rig, holdings: Iterable[Holding]) -> None:
        """Delete copies, and say so."""
        gone = tuple(holdings)
        for each in gone:
            del self.packs[PackId(each.pack)]
        record_dropped(rig.open(), gone)


def purged(
    rig: Rig,
    chosen: Iterable[SnapshotId],
    options: PurgeOptions = OPTIONS,
    *,
    clock: FakeClock | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PurgeResult:
    return purge(
        rig.open(),
        list(chosen),
        options,
        hooks=NoHooks(),
        progress=NoProgress(),
        clock=clock or FakeClock(),
        cancelled=cancelled,
    )
