"""The small objects of a repository, each read and compared with its name: config, key slots and records."""

from collections.abc import Callable, Mapping

from blake3 import blake3

from yester.engine.check.report import Hit, Problems
from yester.engine.errors import Broken, DamageError, Missing, RepositoryError, UsageError
from yester.engine.ids import SnapshotId
from yester.engine.repository import Repository
from yester.engine.sealed.config import CONFIG_NAME, check_config, decode_config
from yester.engine.sealed.keyslots import slot_kind
from yester.engine.sealed.records import Holdings, Label, Mark, Session, Snapshot, Tombstone, decode_record
from yester.engine.sealed.sealing import PREFIXES, ObjectKind, digest_of, kind_of, name_of, open_record, was_added_blind
from yester.engine.sessions import live_sessions
from yester.engine.store import RECOVERY_ENDING, mending

_RECORDS: Mapping[str, type[Label] | type[Session] | type[Mark] | type[Holdings]] = {
    "label": Label,
    "session": Session,
    "mark": Mark,
    "holding": Holdings,
}
"""Records besides snapshots and tombstones, by the prefix of their names."""


class ObjectSurvey:
    """Reads all small objects but index fragments."""

    def __init__(self, repository: Repository, problems: Problems, step: Callable[[], None]) -> None:
        """`step` is called often, and may raise to stop."""
        self._store, self._keys = repository.store, repository.keys
        self._problems, self._step = problems, step
        self.notes: list[str] = []
        self.damaged: list[str] = []
        """Objects that are there and are not what was written."""
        self.snapshots = self._read_snapshots()
        """The snapshots that can be read and were not forgotten, oldest first."""
        self._small_objects()

    def _read_snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        forgotten: set[bytes] = set()
        forgotten_blind: set[tuple[bytes, bytes]] = set()
        """By write-only clients, who may forget only what they added themselves: snapshot and writer."""

        def bury(name: str, data: bytes) -> None:
            plain = open_record(ObjectKind.TOMBSTONE, self._keys, name, data)
            stone = decode_record(Tombstone, plain, name)
            if was_added_blind(data):
                forgotten_blind.add((stone.snapshot, stone.writer))
            else:
                forgotten.add(stone.snapshot)

        for name in self._store.list(name_of(ObjectKind.TOMBSTONE, b"")):
            self._judge(name, bury)
        found: list[tuple[SnapshotId, Snapshot]] = []

        def take(name: str, data: bytes) -> None:
            sid = SnapshotId(digest_of(name))
            if sid not in forgotten:
                plain = open_record(ObjectKind.SNAPSHOT, self._keys, name, data)
                snapshot = decode_record(Snapshot, plain, name)
                if not was_added_blind(data) or (sid, snapshot.writer) not in forgotten_blind:
                    found.append((sid, snapshot))

        for name in self._store.list(name_of(ObjectKind.SNAPSHOT, b"")):
            problem = self._judge(name, take)
            if problem is not None:
                self._problems.hit(problem, Hit(SnapshotId(digest_of(name)), b"/", is_all_below=True))
        return sorted(found, key=lambda listed: (listed[1].time_ns, listed[0]))

    def _small_objects(self) -> None:
        """Read the other small objects, but for index fragments."""
        self._judge(CONFIG_NAME, self._judge_config)
        for prefix, judge in (("key.", self._judge_key), *((f"{prefix}.", self._judge_record) for prefix in _RECORDS)):
            for name in self._store.list(prefix):
                self._step()
                self._judge(name, judge)

    def _judge(self, name: str, judge: Callable[[str, bytes], None]) -> int | None:
        """Read one object; return the number of the problem with it, None when there is none, or no such object."""
        try:
            mending(self._store, name, lambda: judge(name, self._store.get(name)))
        except Missing:
            if name == CONFIG_NAME:
                return self._problems.note(name, "it is not there")
        except UsageError:
            if not name.endswith(RECOVERY_ENDING):
                self.notes.append(f"{name} is no object of yester's")
        except (DamageError, RepositoryError, Broken) as error:
            self.damaged.append(name)
            return self._problems.note(name, error.what)
        return None

    def _judge_config(self, _: str, data: bytes) -> None:
        decode_config(data)
        check_config(data, self._keys)

    def _judge_key(self, name: str, data: bytes) -> None:
        if blake3(data).digest() != digest_of(name):
            raise DamageError("its bytes are not what its name says")
        slot_kind(data)

    def _judge_record(self, name: str, data: bytes) -> None:
        kind = kind_of(name)
        if kind is ObjectKind.SESSION and not live_sessions([name]):
            raise UsageError(f"{name} names no session")
        plain = open_record(kind, self._keys, name, data, named_by_digest=kind is not ObjectKind.SESSION)
        decode_record(_RECORDS[PREFIXES[kind]], plain, name)
