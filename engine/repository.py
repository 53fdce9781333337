"""A repository as its clients use it: opened once, then asked for keys, snapshots, labels, index and reader."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from yester.engine.errors import DamageError, Denied, Missing, RepositoryError, YesterError
from yester.engine.founding import config_of, found, sound_config_of
from yester.engine.host import kept_id
from yester.engine.ids import SnapshotId, WriterId
from yester.engine.labels import LabelChange, changed, counting, rival, says_the_same
from yester.engine.packs.index import Index
from yester.engine.packs.reading import BlobReader
from yester.engine.places import Places, ensured
from yester.engine.sealed.config import CONFIG_NAME, Config, decode_config
from yester.engine.sealed.keys import Keys, MasterKey, cannot_read
from yester.engine.sealed.own_objects import OwnObjects
from yester.engine.sealed.recognition import know_again, note_encryption, refuse_downgrade, refuse_older
from yester.engine.sealed.records import Label, Record, Snapshot, Tombstone
from yester.engine.sealed.sealing import ObjectKind, digest_of, name_of
from yester.engine.sealed.unlocking import Pending, Unlocked, needs_secret, unlock
from yester.engine.selection import narrowed, select
from yester.engine.store import Store, mending
from yester.engine.stored_records import StoredRecords
from yester.engine.turns import turn
from yester.engine.whereabouts import Whereabouts
from yester.engine.witness import Memory, Seen, Witness, compare

_LABEL_ROUNDS = 4
"""How often a change is made upon one that came meanwhile: two that contradict each other would go on for ever."""


class Repository:
    """One repository in one store, seen by one client. Threads may share it."""

    def __init__(self, store: Store, config: Config, places: Places, unlocked: Callable[[], Unlocked]):
        """Use `create` or `open`; `unlocked` waits for the keys."""
        self.store = store
        self.config = config
        folder = f"repositories/{config.repository.hex()[:32]}"
        self.state: Path = ensured(places.state / folder)
        self.cache: Path = ensured(places.cache / folder)
        self._unlocked = unlocked
        self._keys: Keys | None = None
        self._adding = False
        self._records = StoredRecords(store, lambda: self.keys)
        self._index: Index | None = None
        self._index_lock = threading.Lock()
        self._witness = Witness(self.state / "witness")
        self._noticed: list[str] = []
        """What was found missing when snapshots were committed."""
        config_file = None if store.folder is None else store.folder / CONFIG_NAME
        self._whereabouts = Whereabouts(places, self.state, config.repository, store.place, config_file)

    @classmethod
    def create(
        cls,
        store: Store,
        secret: bytes | None,
        *,
        places: Places,
        like: "Repository | None" = None,
        label: str = "",
    ) -> "Repository":
        """Make a repository in an empty store, unencrypted when `secret` is None.

        With `like` it shares that one's ids and chunks. RepositoryError when there is one already, or somebody else is
        making one at the same moment.
        """
        master = MasterKey.random(like.master if like else None)
        config, unlocked = found(store, master, secret, like=like.config if like else None, label=label)
        repository = cls(store, config, places, lambda: unlocked)
        know_again(repository.state, unlocked.keys)
        repository._whereabouts.settle()
        if secret is not None:
            note_encryption(places, store.place)
        return repository

    @classmethod
    def open(
        cls, store: Store, secret: Callable[[], bytes] | None, *, places: Places, adding: bool = False
    ) -> "Repository":
        """Open the repository in a store; the keys are derived in a thread, and the first use of them waits.

        `secret` is asked on this thread, and only if some key slot wants one. RepositoryError: there is none, or
        a newer program made it; a wrong passphrase shows at the first use of `keys`. DamageError: config is damaged.
        With `adding` the key of a write-only client will do; without, it is refused at the first use of `keys`.
        """
        data = mending(store, CONFIG_NAME, lambda: sound_config_of(store))
        config = decode_config(data)
        slots = {name: store.get(name) for name in store.list("key.")}
        if not slots:
            raise DamageError(
                f"The repository at {store.place} has no key slot left: nothing can open it",
                hint="Put back the key objects from another copy of the repository.",
            )
        locked = needs_secret(slots)
        if locked and secret is None:
            raise RepositoryError(
                f"The repository at {store.place} is encrypted, and no passphrase was given",
                hint="Set YESTER_PASSPHRASE or give --passphrase-file, or run in a terminal to be asked.",
            )
        given = secret() if locked and secret is not None else None

        def work() -> Unlocked:
            unlocked = unlock(slots, given, data)
            if locked:
                note_encryption(places, store.place)
            return unlocked

        repository = cls(store, config, places, Pending(work).result)
        repository._adding = adding
        if not locked:
            refuse_downgrade(places, store.place, repository.state)
        return repository

    @classmethod
    def open_with(cls, store: Store, master: MasterKey, *, places: Places) -> "Repository":
        """Open the repository in a store with its master key, as another process of this client handed it over."""
        keys = Keys(master)
        return cls(store, decode_config(config_of(store)), places, lambda: Unlocked(master, keys))

    @property
    def master(self) -> MasterKey:
        """The master key, for new key slots and for repositories like this one. Waits like `keys`."""
        return self._whole().master

    @property
    def slot(self) -> str:
        """The name of the key slot that opened the repository. Waits like `keys`."""
        return self._whole().slot

    def _whole(self) -> Unlocked:
        """Return what the secret opened; RepositoryError when that is the key of a write-only client."""
        unlocked = self._unlocked()
        if not unlocked.keys.can_read:
            raise cannot_read()
        return unlocked

    @property
    def keys(self) -> Keys:
        """The keys; waits until they are derived. RepositoryError: wrong passphrase; see `unlocking.unlock`."""
        if self._keys is None:
            unlocked = self._unlocked() if self._adding else self._whole()
            keys = unlocked.keys
            if not keys.can_read:
                keys = Keys(unlocked.master, OwnObjects(self.cache / "own-objects"))
            know_again(self.state, keys)
            refuse_older(self.state, keys)
            self._keys = keys
        return self._keys

    @property
    def can_read(self) -> bool:
        """False with the key of a write-only client: of what is stored, only its own metadata is known then."""
        return self.keys.can_read

    def came_blind(self, sid: SnapshotId) -> bool:
        """Whether a snapshot that was read came from a write-only client: nothing of others' is to rest on it."""
        return self._records.came_blind(name_of(ObjectKind.SNAPSHOT, sid))

    def unlock(self) -> None:
        """Wait for the keys; raise what `keys` raises."""
        _ = self.keys

    @property
    def writer(self) -> WriterId:
        """This client's writer id in this repository, made on first use and kept in the state folder."""
        return WriterId(kept_id(self.state / "writer"))

    @property
    def index(self) -> Index:
        """The index of blobs, loaded at first use; StoreError when the store fails."""
        with self._index_lock:
            if self._index is None:
                is_blind = self._adding and not self.can_read
                # What a whole key taught this machine before is nothing that it can build on now.
                folder = self.cache / ("own-index" if is_blind else "index")
                self._index = Index(self.store, lambda: self.keys, folder, is_blind=is_blind)
            return self._index

    def reader(self, cache_size: int = 64 << 20) -> BlobReader:
        """Return a reader of blobs with a cache of this many bytes of its own."""
        return BlobReader(self, cache_size)

    @property
    def damaged(self) -> dict[str, DamageError]:
        """Records that lists had to leave out, by object name."""
        return self._records.damaged

    def snapshot(self, sid: SnapshotId) -> Snapshot:
        """Return one snapshot; Missing when the store lacks it, DamageError when it is not what was written."""
        return self._records.read(Snapshot, name_of(ObjectKind.SNAPSHOT, sid))

    def snapshot_ids(self) -> set[SnapshotId]:
        """Return the ids of the listed snapshots that were not forgotten."""
        # Tombstones first: what takes the place of a snapshot was there before its tombstone, and is listed then.
        forgotten = self.tombstoned()
        return {SnapshotId(digest_of(name)) for name in self._records.names(ObjectKind.SNAPSHOT)} - forgotten

    def snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """Return the snapshots that were not forgotten, oldest first; damaged ones are left out, see `damaged`."""
        ids = self.snapshot_ids()
        self._records.bring(name_of(ObjectKind.SNAPSHOT, sid) for sid in ids)
        found = {sid: self._records.readable(Snapshot, name_of(ObjectKind.SNAPSHOT, sid)) for sid in ids}
        snapshots = [(sid, snapshot) for sid, snapshot in found.items() if snapshot is not None]
        return sorted(snapshots, key=lambda listed: (listed[1].time_ns, listed[0]))

    def trusted_snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """Return the snapshots that this client may build on: all but those of write-only clients, these their own."""
        return self._trusted(self.snapshots())

    def _trusted(self, snapshots: list[tuple[SnapshotId, Snapshot]]) -> list[tuple[SnapshotId, Snapshot]]:
        return [each for each in snapshots if not self.came_blind(each[0])] if self.can_read else snapshots

    def tombstoned(self) -> set[SnapshotId]:
        """Return the ids of snapshots that were forgotten on purpose, whether their objects are still there or not."""
        return {SnapshotId(stone.snapshot) for _, stone in self.tombstone_objects()}

    def tombstone_objects(self) -> list[tuple[str, Tombstone]]:
        """Return all tombstones that are believed, by object name."""
        return self._records.believed(Tombstone, ObjectKind.TOMBSTONE)

    def label_objects(self) -> list[tuple[str, Label]]:
        """Return all labels that are believed, by object name, superseded ones among them."""
        return self._records.believed(Label, ObjectKind.LABEL)

    def labels(self) -> dict[SnapshotId, Label]:
        """Return the label that counts of each snapshot that has any: the highest (counter, writer)."""
        return dict(counting(self._labels()))

    def set_label(
        self,
        sid: SnapshotId,
        *,
        name: str | None = None,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        pinned: bool | None = None,
        note: str | None = None,
    ) -> Label:
        """Say something new about a snapshot, and return the label that then counts; None leaves a thing as it is.

        An empty name or note takes it away. What another client says at the same time stays where it does not
        contradict (engine/labels.py). UsageError for a name, tag or note that cannot be one.
        """
        change = LabelChange(name, tuple(add_tags), tuple(remove_tags), pinned, note)
        known = self.labels().get(sid)
        for _ in range(_LABEL_ROUNDS):
            label = changed(known, change, sid, self.writer)
            if known is not None and says_the_same(known, label):
                return known
            digest = self.put_record(ObjectKind.LABEL, label)
            known = rival(self._labels(), digest, label)
            if known is None:
                return label
        return self.labels()[sid]

    def _labels(self) -> list[tuple[bytes, Label]]:
        """Read all labels, with the digests that name their objects."""
        return [(digest_of(name), label) for name, label in self.label_objects()]

    def find_snapshot(
        self, text: str, *, profile: str | None = None, host: str | None = None
    ) -> tuple[SnapshotId, Snapshot]:
        """Return the snapshot that a person names (engine/selection.py), among those of a profile and host if given.

        UsageError lists the candidates.
        """
        return select(text, narrowed(self.snapshots(), profile, host), self.labels(), datetime.now())

    def warnings(self) -> list[str]:
        """Return what a person should know: another repository here, damage, rollback, thinning. Remembers the list."""
        if not self.can_read:
            return []
        memory = self._witness.recall()
        snapshots, not_missed, forgotten = self._to_compare()
        said = self._witness.observe(snapshots, not_missed, memory, forgotten)
        damaged = [str(error) for error in self.damaged.values()]
        return list(dict.fromkeys([*self._whereabouts.remarks(), *damaged, *self._of_index(), *self._noticed, *said]))

    def _of_index(self) -> list[str]:
        """Return what is wrong with fragments of the index that was loaded: it does without them."""
        damaged = {} if self._index is None else self._index.damaged
        named = ((name_of(ObjectKind.INDEX, fragment), what) for fragment, what in damaged.items())
        return [what if name in what else f"{name} is damaged: {what}" for name, what in named]

    def _to_compare(self) -> tuple[list[tuple[SnapshotId, Snapshot]], set[SnapshotId], dict[str, int]]:
        """Return the snapshots, the ids of those that nobody misses though they are not among them, and of each writer
        the highest number of those that were forgotten.
        """
        snapshots = self.snapshots()
        # A damaged snapshot is there: only its content is lost, which is said on its own.
        lost = {SnapshotId(digest_of(name)) for name in self.damaged if name.startswith("snap.")}
        stones, forgotten = self.tombstone_objects(), dict[str, int]()
        for name, stone in stones:
            # Who can only add may not say how far another writer had come.
            if stone.of_writer is not None and not self._records.came_blind(name):
                writer = stone.of_writer.hex()
                forgotten[writer] = max(stone.of_sequence, forgotten.get(writer, 0))
        return snapshots, {SnapshotId(stone.snapshot) for _, stone in stones} | lost, forgotten

    def put_record(self, kind: ObjectKind, record: Record) -> bytes:
        """Seal and store a record; return the digest that names it."""
        return self._records.put(kind, record)

    def commit_snapshot(
        self, snapshot: Snapshot, *, tags: Iterable[str] = (), label: Label | None = None
    ) -> SnapshotId:
        """Store a snapshot as this writer's next, the only commit point; its label goes first, so that it never shows
        without its tags.

        `label` is another snapshot's, whose words this one takes over. `writer`, `sequence` and `previous` are set
        here, while no other process of this client may: no number is given twice, and none is used again after a
        rollback. YesterError when the state folder has no room for the lock.
        """
        with turn(self.state):
            known = self._witness.recall()
            snapshots, not_missed, forgotten = self._to_compare()
            # The new snapshot hides from later looks what was lost before it.
            self._noticed += compare(known, snapshots, not_missed, forgotten)[0]
            sequence, previous = self._next(known, snapshots)
            own = replace(snapshot, writer=self.writer, sequence=sequence, previous=previous)
            sid = self.put_snapshot(own, tags=tags, label=label)
            # The snapshot is there. `warnings` says when the state folder cannot be written.
            self._whereabouts.settle()
            with suppress(YesterError):
                self._witness.add({own.writer.hex(): Seen(sequence, sid.hex())})
        return sid

    def put_snapshot(self, snapshot: Snapshot, *, tags: Iterable[str] = (), label: Label | None = None) -> SnapshotId:
        """Store a snapshot as it is, after its label if it has one. Writers use `commit_snapshot`."""
        name, content = self._records.sealed(ObjectKind.SNAPSHOT, snapshot)
        sid = SnapshotId(digest_of(name))
        chosen = tuple(sorted(set(tags)))
        if chosen or label is not None:
            said = label or Label(snapshot=sid, counter=1, writer=snapshot.writer, tags=chosen)
            self.put_record(ObjectKind.LABEL, replace(said, snapshot=sid, counter=1, writer=snapshot.writer))
        self._records.put_sealed(name, content, snapshot)
        return sid

    def _next(self, known: Memory, snapshots: list[tuple[SnapshotId, Snapshot]]) -> tuple[int, SnapshotId | None]:
        """Return the number of this writer's next snapshot, and the id of its last one that is still listed."""
        writer = self.writer
        mine = [(snapshot.sequence, sid) for sid, snapshot in self._trusted(snapshots) if snapshot.writer == writer]
        seen = known.get(writer.hex())
        highest, last = max(mine, default=(0, None))
        return max(highest, seen.sequence if seen else 0) + 1, last

    def forget_snapshot(self, sid: SnapshotId, reason: str) -> None:
        """Forget a snapshot on purpose: first its tombstone, so that nobody misses it, then the object itself."""
        stone = Tombstone(snapshot=sid, writer=self.writer, time_ns=time.time_ns(), reason=reason)
        # Where it cannot be read any more the tombstone says less, and stays for good.
        with suppress(Missing, DamageError):
            taken = self.snapshot(sid)
            stone = replace(stone, of_writer=taken.writer, of_sequence=taken.sequence)
        self.put_record(ObjectKind.TOMBSTONE, stone)
        # The store of a write-only client may forbid it to delete; a prune does it then.
        with suppress(Missing, *([] if self.can_read else [Denied])):
            self.store.delete(name_of(ObjectKind.SNAPSHOT, sid))

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()
