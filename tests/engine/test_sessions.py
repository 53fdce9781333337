import threading
from collections.abc import Sequence

import pytest

from yester.engine.errors import DamageError, Full, Missing, Retry
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.records import Session, encode_record
from yester.engine.sealed.sealing import ObjectKind, seal_record
from yester.engine.sessions import WriterSession, live_sessions, read_session, session_name
from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore

KEYS = Keys(MasterKey.random())
WRITER = b"w" * 16


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def at_work(store: MemoryStore) -> WriterSession:
    return WriterSession(store, KEYS, writer=WRITER, host="laptop", purpose="snap docs", started_ns=5)


def test_lasts_as_long_as_its_block(store: MemoryStore) -> None:
    with at_work(store) as session:
        assert list(store.list()) == [session_name(session.id, 0)]
        assert read_session(store, KEYS, session.id, 0) == Session(
            id=session.id, writer=WRITER, host="laptop", started_ns=5, purpose="snap docs"
        )
    assert list(store.list()) == []


def test_ends_after_an_error_too(store: MemoryStore) -> None:
    with pytest.raises(ZeroDivisionError), at_work(store):
        raise ZeroDivisionError
    assert list(store.list()) == []


def test_a_tick_counts_up_and_leaves_one_object(store: MemoryStore) -> None:
    with at_work(store) as session:
        for counter in range(1, 5):
            session.tick()
            assert list(store.list()) == [session_name(session.id, counter)]
            assert live_sessions(store.list()) == {session.id: counter}


def test_there_is_an_object_at_every_moment(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    delete = store.delete

    def watched(name: str) -> None:
        assert len(list(store.list())) == 2
        delete(name)

    with at_work(store) as session:
        monkeypatch.setattr(store, "delete", watched)
        session.tick()
        monkeypatch.undo()


def test_a_failed_tick_leaves_the_last_sign_of_life(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise Full("no room")

    with at_work(store) as session:
        with monkeypatch.context() as patch:
            patch.setattr(store, "put", full)
            with pytest.raises(Full):
                session.tick()
        assert live_sessions(store.list()) == {session.id: 0}
        session.tick()
        assert list(store.list()) == [session_name(session.id, 1)]
    assert list(store.list()) == []


def test_bears_that_a_prune_took_it_away(store: MemoryStore) -> None:
    with at_work(store) as session:
        store.delete(session_name(session.id, 0))
        session.tick()
        assert live_sessions(store.list()) == {session.id: 1}
        store.delete(session_name(session.id, 1))
    assert list(store.list()) == []


def test_stands_until_somebody_takes_it_away(store: MemoryStore) -> None:
    with at_work(store) as session:
        assert session.stands()
        session.tick()
        assert session.stands()
        store.delete(session_name(session.id, 1))
        assert not session.stands()
        session.renew()
        assert session.stands()


def test_a_tick_after_it_was_taken_away_does_not_hide_that(store: MemoryStore) -> None:
    """A machine that wakes up gives signs of life before anybody asks: the prune that held it dead has gone on."""
    with at_work(store) as session:
        store.delete(session_name(session.id, 0))
        session.tick()
        session.tick()
        assert not session.stands()
        session.renew()
        session.tick()
        assert session.stands()
    assert list(store.list()) == []


def test_one_that_began_again_does_not_lapse_for_what_was_gone_before(store: MemoryStore) -> None:
    with at_work(store) as session:
        store.delete(session_name(session.id, 0))
        assert not session.stands()
        session.renew()
        assert list(store.list()) == [session_name(session.id, 1)]
        session.tick()
        assert session.stands()
        store.delete(session_name(session.id, 2))
        session.tick()
        assert not session.stands()


def test_what_a_failing_store_left_is_deleted_later(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise Retry("the connection is lost")

    with at_work(store) as session:
        with monkeypatch.context() as patch:
            patch.setattr(store, "delete", gone)
            with pytest.raises(Retry):
                session.tick()
        assert len(list(store.list())) == 2
        session.tick()
        assert list(store.list()) == [session_name(session.id, 2)]
        assert session.stands()


def test_ticks_by_itself_while_it_lasts(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put = store.put
    beats = threading.Semaphore(0)

    def noted(name: str, buffers: Sequence[Buffer]) -> None:
        if not name.endswith("0"):
            beats.release()
            if name.endswith("2"):
                raise Full("no room")
        put(name, buffers)

    monkeypatch.setattr(store, "put", noted)
    session = WriterSession(
        store, KEYS, writer=WRITER, host="laptop", purpose="snap docs", started_ns=5, interval_s=0.001
    )
    with session:
        for _ in range(5):
            assert beats.acquire(timeout=60)
    assert list(store.list()) == []
    assert [thread.name for thread in threading.enumerate() if thread.name == "session"] == []


def test_what_was_done_stands_when_the_store_fails_at_the_end(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: str) -> None:
        raise Retry("the connection is lost")

    with at_work(store) as session:
        monkeypatch.setattr(store, "delete", gone)
    assert live_sessions(store.list()) == {session.id: 0}


def test_every_object_has_another_salt(store: MemoryStore) -> None:
    with at_work(store) as session:
        first = store.get(session_name(session.id, 0))
        session.tick()
        assert first[:48] != store.get(session_name(session.id, 1))[:48]


def test_the_highest_counter_counts_and_other_names_do_not() -> None:
    one, two = b"1" * 16, b"2" * 16
    names = [session_name(one, 9), session_name(one, 10), session_name(two, 2**32 - 1)]
    names += ["session.1.2", f"session.{'AB' * 16}.00000000", "snap.00", f"{session_name(one, 1)}0"]
    assert live_sessions(names) == {one: 10, two: 2**32 - 1}
    assert live_sessions([]) == {}


def test_one_session_passes_for_no_other(store: MemoryStore) -> None:
    with at_work(store) as session:
        stolen = b"x" * 16
        store.put(session_name(stolen, 0), [store.get(session_name(session.id, 0))])
        with pytest.raises(DamageError, match="session"):
            read_session(store, KEYS, stolen, 0)
    with pytest.raises(Missing):
        read_session(store, KEYS, session.id, 0)


def test_a_stranger_cannot_make_one(store: MemoryStore) -> None:
    plain = encode_record(Session(id=b"i" * 16, writer=WRITER, host="", started_ns=0))
    _, content = seal_record(ObjectKind.SESSION, Keys(MasterKey.random()), plain)
    store.put(session_name(b"i" * 16, 0), [content])
    with pytest.raises(DamageError, match="session"):
        read_session(store, KEYS, b"i" * 16, 0)
