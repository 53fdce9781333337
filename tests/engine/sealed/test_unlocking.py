import threading
import time

import msgspec
import pytest

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.clear import ClearKind, encode_clear
from yester.engine.sealed.config import Config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.keyslots import new_recovery_key, new_slot, parse_recovery_key
from yester.engine.sealed.unlocking import Pending, needs_secret, unlock

MASTER, OTHER = MasterKey.random(), MasterKey.random()
CONFIG = encode_config(Config(repository=bytes(32), created_ns=0), Keys(MASTER))
RECOVERY = new_recovery_key()


def slot(kind: str, secret: bytes | None, master: MasterKey = MASTER) -> bytes:
    return new_slot(master, kind=kind, secret=secret, label="", now_ns=0)


def named(*slots: bytes) -> dict[str, bytes]:
    return {f"key.{number}": data for number, data in enumerate(slots)}


BROKEN = b"yester\x01\x11" + bytes(50)
PUBLIC = encode_clear(ClearKind.KEY, msgspec.msgpack.encode({"kind": "public"}))


def test_any_of_several_secrets_opens() -> None:
    slots = named(
        slot("passphrase", b"one"), slot("passphrase", b"two"), slot("recovery", parse_recovery_key(RECOVERY))
    )
    for secret in (b"one", b"two", RECOVERY.encode(), RECOVERY.lower().encode()):
        assert unlock(slots, secret, CONFIG)[0] == MASTER


@pytest.mark.parametrize("secret", [b"three", b"", None, b"\xff"])
def test_a_wrong_secret_is_said(secret: bytes | None) -> None:
    with pytest.raises(RepositoryError, match="Wrong passphrase") as caught:
        unlock(named(slot("passphrase", b"one"), slot("recovery", b"x" * 32)), secret, CONFIG)
    assert caught.value.hint
    assert caught.value.exit_code == 6


def test_an_unencrypted_repository_opens_without() -> None:
    slots = named(slot("none", None))
    assert not needs_secret(slots)
    assert unlock(slots, None, CONFIG)[0] == MASTER


def test_a_slot_that_an_interrupted_init_left_is_passed_over() -> None:
    slots = named(slot("passphrase", b"one", OTHER), slot("passphrase", b"one"))
    assert unlock(slots, b"one", CONFIG)[0] == MASTER
    assert unlock(named(slot("none", None, OTHER), slot("none", None)), None, CONFIG)[0] == MASTER


def test_a_slot_without_a_secret_is_not_trusted_beside_one_with() -> None:
    """Whoever can write to the store can add a slot of kind `none`, and a config that fits it."""
    slots = named(slot("none", None, OTHER), slot("passphrase", b"one"))
    forged = encode_config(Config(repository=bytes(32), created_ns=0), Keys(OTHER))
    assert needs_secret(slots)
    assert unlock(slots, b"one", CONFIG)[0] == MASTER
    with pytest.raises(DamageError, match="exchanged"):
        unlock(slots, b"one", forged)
    with pytest.raises(RepositoryError, match="Wrong"):
        unlock(slots, b"two", forged)


def test_a_config_of_other_keys_is_damage() -> None:
    with pytest.raises(DamageError, match="exchanged"):
        unlock(named(slot("passphrase", b"one", OTHER)), b"one", CONFIG)


def test_a_broken_slot_does_not_stand_in_the_way() -> None:
    slots = named(BROKEN, PUBLIC, slot("passphrase", b"one"))
    assert needs_secret(slots)
    assert unlock(slots, b"one", CONFIG)[0] == MASTER
    with pytest.raises(DamageError):
        unlock(slots, b"two", CONFIG)
    assert not needs_secret(named(BROKEN, slot("none", None)))


def test_when_every_slot_is_broken_that_is_said_before_anyone_is_asked() -> None:
    with pytest.raises(DamageError):
        needs_secret(named(BROKEN))


def test_a_slot_of_a_newer_kind_is_said() -> None:
    with pytest.raises(RepositoryError, match="public"):
        unlock(named(PUBLIC), b"one", CONFIG)


def test_pending_work_runs_beside_its_caller() -> None:
    go = threading.Event()

    def work() -> str:
        assert go.wait(60)
        return threading.current_thread().name

    pending = Pending(work)
    go.set()
    assert pending.result() == "unlock"
    assert pending.result() == "unlock"


def test_pending_work_raises_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise RepositoryError("no")

    pending = Pending(fail)
    for _ in range(2):
        with pytest.raises(RepositoryError, match="no"):
            pending.result()


def test_many_may_wait() -> None:
    pending = Pending(lambda: time.monotonic_ns())
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(pending.result())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
