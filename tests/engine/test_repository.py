import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from blake3 import blake3

from yester.engine.errors import DamageError, Denied, Exists, Missing, RepositoryError, UsageError, YesterError
from yester.engine.ids import BlobKind, SnapshotId
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed import keyslots
from yester.engine.sealed.clear import ClearKind, encode_clear
from yester.engine.sealed.config import decode_config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.records import Label, Record, Snapshot, Tombstone
from yester.engine.sealed.sealing import ObjectKind, digest_of, name_of
from yester.engine.store import Buffer
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path / "places")


@pytest.fixture
def repository(store: MemoryStore, places: Places) -> Repository:
    return Repository.create(store, b"secret", places=places)


def opened(store: MemoryStore, places: Places, secret: bytes = b"secret") -> Repository:
    return Repository.open(store, lambda: secret, places=places)


def never_asked() -> bytes:
    raise AssertionError("nothing needs a secret here")


def snapshot_of(repository: Repository, hours: int = 0, **changes: object) -> Snapshot:
    snapshot = Snapshot(
        time_ns=hours * 3600 * 10**9,
        end_ns=0,
        host_id=bytes(16),
        host="laptop",
        user="me",
        profile_id=bytes(16),
        profile="docs",
        sources=(b"/home",),
        root=b"",
        writer=repository.writer,
        sequence=0,
    )
    return msgspec.structs.replace(snapshot, **changes)


def taken(repository: Repository, hours: int = 0, **changes: object) -> SnapshotId:
    return repository.commit_snapshot(snapshot_of(repository, hours, **changes))


def bury(repository: Repository, sid: SnapshotId) -> None:
    stone = Tombstone(snapshot=sid, writer=repository.writer, time_ns=0)
    repository.put_record(ObjectKind.TOMBSTONE, stone)


# Making and opening


def test_opens_what_was_made(repository: Repository, store: MemoryStore, places: Places) -> None:
    again = opened(store, places)
    assert again.config == repository.config
    assert again.master == repository.master
    assert again.keys.id_key(BlobKind.DATA) == repository.keys.id_key(BlobKind.DATA)
    assert (again.state, again.cache) == (repository.state, repository.cache)
    assert again.state.is_relative_to(places.state)
    for folder in (again.state, again.cache):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_holds_a_config_and_a_slot_and_nothing_else(repository: Repository, store: MemoryStore) -> None:
    assert repository.config.program.startswith("yester ")
    config, key = sorted(store.list())
    assert (config, key) == ("config", f"key.{blake3(store.get(key)).hexdigest()}")


def test_the_config_comes_last(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    put: list[str] = []
    real = store.put

    def noted(name: str, buffers: list[bytes], *, if_absent: bool = False) -> None:
        put.append(name)
        real(name, buffers, if_absent=if_absent)

    monkeypatch.setattr(store, "put", noted)
    Repository.create(store, b"secret", places=places)
    assert put[-1] == "config"


class Careless(MemoryStore):
    """A store that looks and then puts; what is set as `then` is done between, once."""

    then: Callable[[str], object] | None = None

    capabilities = replace(MemoryStore.capabilities, if_absent=False)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if if_absent and name in self.list():
            raise Exists("there", name=name)
        self._do("put", name)
        super().put(name, buffers)
        self._do("after", name)

    def _do(self, when: str, name: str) -> None:
        then, self.then = self.then, None
        if then is not None and not then(f"{when} {name}"):
            self.then = then


@pytest.mark.parametrize("moment", ["put config", "after config", "put key.", "after key."])
def test_of_two_who_make_a_repository_where_nobody_decides_at_most_one_has_made_it(places: Places, moment: str) -> None:
    store = Careless()
    made: list[tuple[Repository, bytes]] = []

    def make(secret: bytes) -> None:
        with suppress(RepositoryError):
            made.append((Repository.create(store, secret, places=places), secret))

    def rival(now: str) -> bool:
        if now.startswith(moment):
            store.then = None
            make(b"rival")
        return now.startswith(moment)

    store.then = rival
    make(b"mine")
    assert len(made) <= 1
    for repository, secret in made:
        assert opened(store, places, secret).master == repository.master
    if not made:
        assert list(store.list()) == []
        make(b"mine")
        assert len(made) == 1


def test_a_slot_of_a_rival_who_was_killed_is_said(places: Places) -> None:
    store = Careless()
    store.put("key.a", [b"left"])
    with pytest.raises(RepositoryError, match="was stopped at it"):
        Repository.create(store, b"secret", places=places)
    assert list(store.list()) == ["key.a"]


def test_an_unencrypted_repository_asks_for_nothing(store: MemoryStore, places: Places) -> None:
    made = Repository.create(store, None, places=places)
    for secret in (None, never_asked):
        assert Repository.open(store, secret, places=places).master == made.master


def test_the_secret_is_asked_once_on_the_thread_that_opens(
    repository: Repository, store: MemoryStore, places: Places
) -> None:
    asked: list[threading.Thread] = []

    def ask() -> bytes:
        asked.append(threading.current_thread())
        return b"secret"

    again = Repository.open(store, ask, places=places)
    assert asked == [threading.current_thread()]
    assert again.keys.config_key == repository.keys.config_key
    assert len(asked) == 1


def test_opening_does_not_wait_for_the_keys(
    repository: Repository, store: MemoryStore, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    derive = keyslots._derived

    def slow(*arguments: object) -> bytes:
        assert go.wait(60)
        return derive(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(keyslots, "_derived", slow)
    again = opened(store, places)
    assert again.config == repository.config
    go.set()
    assert again.keys.epoch == 1


@pytest.mark.parametrize("use", [lambda r: r.keys, lambda r: r.unlock(), lambda r: r.master])
def test_a_wrong_passphrase_shows_at_the_first_use(
    repository: Repository, store: MemoryStore, places: Places, use: Callable[[Repository], object]
) -> None:
    again = opened(store, places, b"wrong")
    assert again.config == repository.config
    for _ in range(2):
        with pytest.raises(RepositoryError, match="Wrong passphrase") as caught:
            use(again)
    assert caught.value.hint


@pytest.mark.usefixtures("repository")
def test_no_passphrase_for_an_encrypted_repository_is_said(store: MemoryStore, places: Places) -> None:
    with pytest.raises(RepositoryError, match="no passphrase was given") as caught:
        Repository.open(store, None, places=places)
    assert "YESTER_PASSPHRASE" in caught.value.hint


def test_like_shares_ids_and_chunks_but_no_seal(repository: Repository, places: Places) -> None:
    alike = Repository.create(MemoryStore(), b"other", places=places, like=repository)
    assert alike.config.repository != repository.config.repository
    assert alike.keys.chunker_seed == repository.keys.chunker_seed
    assert alike.keys.id_key(BlobKind.DATA) == repository.keys.id_key(BlobKind.DATA)
    assert alike.keys.page_key == repository.keys.page_key
    assert alike.keys.object_key(1, bytes(32)) != repository.keys.object_key(1, bytes(32))
    sizes = [(r.config.chunk_min, r.config.chunk_normal, r.config.chunk_max) for r in (alike, repository)]
    assert sizes[0] == sizes[1]


@pytest.mark.usefixtures("repository")
def test_a_repository_is_not_made_twice(store: MemoryStore, places: Places) -> None:
    before = {name: store.get(name) for name in store.list()}
    with pytest.raises(RepositoryError, match="already"):
        Repository.create(store, b"other", places=places)
    assert {name: store.get(name) for name in store.list()} == before


@pytest.mark.usefixtures("repository")
def test_of_two_that_make_it_at_once_one_wins(
    store: MemoryStore, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: store.get(name) for name in store.list()}

    def not_yet(name: str) -> int:
        raise Missing(name)

    monkeypatch.setattr(store, "query", not_yet)
    with pytest.raises(RepositoryError, match="already"):
        Repository.create(store, b"other", places=places)
    assert {name: store.get(name) for name in store.list()} == before


def test_an_interrupted_init_can_be_done_again(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    real = store.put

    def killed(name: str, buffers: list[bytes], *, if_absent: bool = False) -> None:
        if name == "config":
            raise KeyboardInterrupt
        real(name, buffers, if_absent=if_absent)

    with monkeypatch.context() as patch:
        patch.setattr(store, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            Repository.create(store, b"secret", places=places)
    made = Repository.create(store, b"secret", places=places)
    assert len(list(store.list("key."))) == 2
    assert opened(store, places).master == made.master


# What is no repository


def test_nothing_there_is_said(store: MemoryStore, places: Places) -> None:
    with pytest.raises(RepositoryError, match="nothing is stored there") as caught:
        opened(store, places)
    assert "yester init" in caught.value.hint


@pytest.mark.usefixtures("repository")
def test_a_lost_config_is_said(store: MemoryStore, places: Places) -> None:
    store.delete("config")
    with pytest.raises(RepositoryError, match="lost its config"):
        opened(store, places)


@pytest.mark.usefixtures("repository")
def test_lost_key_slots_are_said(store: MemoryStore, places: Places) -> None:
    store.delete(next(iter(store.list("key."))))
    with pytest.raises(DamageError, match="no key slot"):
        opened(store, places)


def test_someone_elses_config_is_said(store: MemoryStore, places: Places) -> None:
    store.put("config", [b"[core]\nbare = true\n"])
    with pytest.raises(RepositoryError, match="no yester repository"):
        opened(store, places)


def test_a_newer_repository_is_said(store: MemoryStore, places: Places) -> None:
    data = b"yester\x02\x10 a form that is not known yet"
    store.put("config", [data, blake3(data).digest()])
    with pytest.raises(RepositoryError, match="version 2"):
        opened(store, places)


def test_a_store_that_may_not_be_read_cannot_be_opened(
    store: MemoryStore, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(name: str) -> bytes:
        raise Denied(f"{name} could not be read: Permission denied", hint="Check who owns it.")

    monkeypatch.setattr(store, "get", denied)
    with pytest.raises(RepositoryError, match="Permission denied") as caught:
        opened(store, places)
    assert caught.value.hint == "Check who owns it."


@pytest.mark.usefixtures("repository")
def test_a_flipped_bit_in_config_or_slot_is_noticed(store: MemoryStore, places: Places) -> None:
    for name in list(store.list()):
        whole = store.get(name)
        for place in range(0, len(whole), 5):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << place % 8
            store.put(name, [flipped])
            with pytest.raises((DamageError, RepositoryError)):
                opened(store, places).unlock()
        store.put(name, [whole])
    opened(store, places).unlock()


# Whoever can write to the store


def test_exchanged_keys_are_refused_by_who_knew_the_old(
    repository: Repository, store: MemoryStore, places: Places, tmp_path: Path
) -> None:
    """The attack: slots that ask for no secret, and a config that fits them, under the same repository id."""
    evil = MasterKey.random()
    store.delete(next(iter(store.list("key."))))
    slot = keyslots.new_slot(evil, kind="none", secret=None, label="", now_ns=0)
    store.put(f"key.{blake3(slot).hexdigest()}", [slot])
    store.put("config", [encode_config(repository.config, Keys(evil))])
    with pytest.raises(RepositoryError, match="other keys") as caught:
        Repository.open(store, never_asked, places=places).unlock()
    assert str(repository.state / "identity") in caught.value.hint
    # A machine that never saw it cannot know; the threat model says so.
    Repository.open(store, never_asked, places=Places.under(tmp_path / "new")).unlock()


def test_another_repository_without_encryption_in_its_place_is_refused(
    repository: Repository, store: MemoryStore, places: Places, tmp_path: Path
) -> None:
    """The same attack with a repository id of his own."""
    secret_one = {name: store.get(name) for name in store.list()}
    for name in secret_one:
        store.delete(name)
    Repository.create(store, None, places=Places.under(tmp_path / "attacker"))
    with pytest.raises(RepositoryError, match="was encrypted") as caught:
        Repository.open(store, never_asked, places=places)
    marker = next(place for place in (places.state / "encrypted").iterdir() if str(place) in caught.value.hint)
    marker.unlink()
    assert Repository.open(store, None, places=places).master != repository.master


def test_encrypted_and_open_repositories_may_take_turns_in_one_place(
    repository: Repository, store: MemoryStore, places: Places
) -> None:
    """As with two disks and one mount point: what this machine made or saw, it knows again."""
    other = MemoryStore()
    assert other.place == store.place
    made = Repository.create(other, None, places=places)
    assert opened(store, places).master == repository.master
    assert Repository.open(other, None, places=places).master == made.master


def test_rotation_is_no_exchange(repository: Repository, store: MemoryStore, places: Places) -> None:
    old = repository.master
    rotated = MasterKey(old.identity, (*old.epochs, (2, b"n" * 32)))
    slot = keyslots.new_slot(rotated, kind="passphrase", secret=b"secret", label="", now_ns=0)
    store.delete(next(iter(store.list("key."))))
    store.put(f"key.{blake3(slot).hexdigest()}", [slot])
    assert opened(store, places).keys.epoch == 2


# Snapshots and labels


def test_snapshots_come_back_oldest_first(repository: Repository, store: MemoryStore, places: Places) -> None:
    ids = {hours: taken(repository, hours) for hours in (3, 1, 2)}
    for client in (repository, opened(store, places)):
        assert [sid for sid, _ in client.snapshots()] == [ids[1], ids[2], ids[3]]
        assert client.snapshot_ids() == set(ids.values())
        assert client.snapshot(ids[2]).time_ns == 2 * 3600 * 10**9
        assert client.find_snapshot("latest")[0] == ids[3]
        assert client.find_snapshot(ids[1].hex()[:10])[0] == ids[1]


def test_snapshots_of_the_same_time_have_an_order(repository: Repository) -> None:
    ids = [taken(repository) for _ in range(5)]
    assert [sid for sid, _ in repository.snapshots()] == sorted(ids)


def place_in_line(repository: Repository, sid: SnapshotId) -> tuple[int, SnapshotId | None]:
    snapshot = repository.snapshot(sid)
    return snapshot.sequence, SnapshotId(snapshot.previous) if snapshot.previous else None


def test_sequences_count_up_and_name_the_one_before(repository: Repository, store: MemoryStore, places: Places) -> None:
    first = taken(repository)
    assert place_in_line(repository, first) == (1, None)
    second = taken(opened(store, places), 1)
    assert place_in_line(repository, second) == (2, first)
    bury(repository, second)
    assert place_in_line(repository, taken(repository, 2)) == (3, first)


def test_another_client_counts_for_itself(repository: Repository, store: MemoryStore, tmp_path: Path) -> None:
    taken(repository)
    other = opened(store, Places.under(tmp_path / "other"))
    assert other.writer != repository.writer
    assert place_in_line(other, taken(other)) == (1, None)


def test_a_sequence_is_never_used_again_after_a_rollback(
    repository: Repository, store: MemoryStore, places: Places
) -> None:
    first = taken(repository)
    second = taken(repository, 1)
    store.delete(name_of(ObjectKind.SNAPSHOT, second))
    again = opened(store, places)
    assert place_in_line(again, taken(again, 2)) == (3, first)


def test_forgotten_snapshots_are_left_out(repository: Repository, store: MemoryStore, places: Places) -> None:
    first, second = taken(repository), taken(repository, 1)
    bury(repository, first)
    for client in (repository, opened(store, places)):
        assert client.snapshot_ids() == {second}
        assert [sid for sid, _ in client.snapshots()] == [second]
        assert client.tombstoned() == {first}
        with pytest.raises(UsageError):
            client.find_snapshot(first.hex())


def test_tags_are_there_before_the_snapshot(repository: Repository, store: MemoryStore) -> None:
    snapshot = snapshot_of(repository)
    seen: list[list[str]] = []
    real = store.put

    def noted(name: str, buffers: list[bytes]) -> None:
        real(name, buffers)
        seen.append([listed.partition(".")[0] for listed in store.list() if listed[:4] in ("snap", "labe")])

    store.put = noted  # type: ignore[method-assign, assignment]
    sid = repository.commit_snapshot(snapshot, tags=["b", "a", "b"])
    assert seen == [["label"], ["label", "snap"]]
    assert repository.labels()[sid].tags == ("a", "b")


def test_the_label_with_the_highest_counter_and_writer_counts(repository: Repository) -> None:
    sid = taken(repository)
    assert repository.labels() == {}
    for counter, writer, note in [(1, b"z", "one"), (3, b"a", "three a"), (3, b"b", "three b"), (2, b"z", "two")]:
        label = Label(snapshot=sid, counter=counter, writer=writer * 16, note=note)
        repository.put_record(ObjectKind.LABEL, label)
    assert repository.labels()[sid].note == "three b"


def test_names_that_are_no_digests_are_ignored(repository: Repository, store: MemoryStore) -> None:
    sid = taken(repository)
    for name in ("snap.1", "snap.", f"snap.{'zz' * 32}", "tomb.x", "label.x", "later.kind"):
        store.put(name, [b"x"])
    assert repository.snapshot_ids() == {sid}
    assert repository.labels() == {}
    assert repository.damaged == {}


def test_one_damaged_snapshot_does_not_hide_the_others(
    repository: Repository, store: MemoryStore, places: Places
) -> None:
    first, second = taken(repository), taken(repository, 1)
    name = name_of(ObjectKind.SNAPSHOT, first)
    whole = store.get(name)
    store.put(name, [whole[:-1] + b"\0"])
    again = opened(store, places)
    assert [sid for sid, _ in again.snapshots()] == [second]
    assert set(again.damaged) == {name}
    assert len(again.warnings()) == 1
    assert name in again.warnings()[0]
    with pytest.raises(DamageError, match=name):
        again.snapshot(first)
    store.put(name, [whole])
    assert [sid for sid, _ in again.snapshots()] == [first, second]
    assert again.damaged == {}


def test_a_damaged_tombstone_or_label_is_said(repository: Repository, store: MemoryStore, places: Places) -> None:
    sid = taken(repository)
    records: list[tuple[ObjectKind, Record]] = [
        (ObjectKind.TOMBSTONE, Tombstone(snapshot=sid, writer=repository.writer, time_ns=0)),
        (ObjectKind.LABEL, Label(snapshot=sid, counter=1, writer=repository.writer)),
    ]
    for kind, record in records:
        name = name_of(kind, repository.put_record(kind, record))
        store.put(name, [store.get(name)[:-1] + b"\0"])
    again = opened(store, places)
    assert again.labels() == {}
    assert [listed for listed, _ in again.snapshots()] == [sid]
    assert len(again.damaged) == 2


def test_a_snapshot_that_goes_while_it_is_read_is_passed_over(
    repository: Repository, store: MemoryStore, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = taken(repository)
    again = opened(store, places)
    listed = list(store.list())
    store.delete(name_of(ObjectKind.SNAPSHOT, sid))
    monkeypatch.setattr(store, "list", lambda prefix="": iter([name for name in listed if name.startswith(prefix)]))
    assert again.snapshots() == []
    with pytest.raises(Missing):
        again.snapshot(sid)


def test_records_are_fetched_once(
    repository: Repository, store: MemoryStore, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(5):
        taken(repository, hours)
    again = opened(store, places)
    again.unlock()
    first = again.snapshots()

    def no_more(name: str) -> bytes:
        raise AssertionError(name)

    monkeypatch.setattr(store, "get", no_more)
    assert again.snapshots() == first


def test_put_records_are_named_by_their_digest(repository: Repository, store: MemoryStore) -> None:
    digest = repository.put_record(ObjectKind.LABEL, Label(snapshot=bytes(32), counter=1, writer=bytes(16)))
    name = name_of(ObjectKind.LABEL, digest)
    assert blake3(store.get(name)).digest() == digest == digest_of(name)


def test_forgetting_leaves_a_tombstone_and_no_warning(
    repository: Repository, store: MemoryStore, places: Places
) -> None:
    first, last = taken(repository), taken(repository, 1)
    assert repository.warnings() == []
    repository.forget_snapshot(last, "retention")
    repository.forget_snapshot(last, "again")
    assert repository.snapshot_ids() == {first}
    assert len(list(store.list("snap."))) == 1
    assert opened(store, places).warnings() == []


# The witness


def test_a_whole_repository_gives_no_warning(repository: Repository, store: MemoryStore, places: Places) -> None:
    first = taken(repository)
    taken(repository, 1)
    last = taken(repository, 2)
    assert repository.warnings() == []
    bury(repository, first)
    bury(repository, last)
    store.delete(name_of(ObjectKind.SNAPSHOT, first))
    store.delete(name_of(ObjectKind.SNAPSHOT, last))
    assert opened(store, places).warnings() == []


def test_a_rolled_back_repository_gives_a_warning(repository: Repository, store: MemoryStore, places: Places) -> None:
    taken(repository)
    last = taken(repository, 1)
    assert repository.warnings() == []
    store.delete(name_of(ObjectKind.SNAPSHOT, last))
    for _ in range(2):
        (warning,) = opened(store, places).warnings()
        assert "older" in warning
        assert last.hex()[:8] in warning


def test_a_thinned_repository_gives_a_warning_to_everyone(
    repository: Repository, store: MemoryStore, tmp_path: Path
) -> None:
    taken(repository)
    middle = taken(repository, 1)
    taken(repository, 2)
    store.delete(name_of(ObjectKind.SNAPSHOT, middle))
    (warning,) = opened(store, Places.under(tmp_path / "new")).warnings()
    assert middle.hex()[:8] in warning


# Around


def test_works_on_a_folder(tmp_path: Path, places: Places) -> None:
    made = Repository.create(FolderStore(tmp_path / "r", create=True), b"secret", places=places)
    sid = taken(made)
    made.close()
    store = FolderStore(tmp_path / "r")
    again = Repository.open(store, lambda: b"secret", places=places)
    assert again.snapshot_ids() == {sid}
    again.close()


def test_a_state_folder_that_cannot_be_made_is_said(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(YesterError, match="cannot be written") as caught:
        Repository.create(store, None, places=Places.under(tmp_path / "file"))
    assert "XDG_STATE_HOME" in caught.value.hint


def test_a_config_that_asks_for_an_unknown_feature_is_refused(
    repository: Repository, store: MemoryStore, places: Places
) -> None:
    fields = msgspec.to_builtins(decode_config(store.get("config")), builtin_types=(bytes,))
    body = msgspec.msgpack.encode({**fields, "features": ["cold/1"]})
    store.put("config", [encode_clear(ClearKind.CONFIG, body, repository.keys.config_key)])
    with pytest.raises(RepositoryError, match="cold/1"):
        opened(store, places)
