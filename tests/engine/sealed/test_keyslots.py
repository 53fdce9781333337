from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError, RepositoryError, UsageError
from yester.engine.sealed.clear import ClearKind, decode_clear, encode_clear
from yester.engine.sealed.keys import MasterKey
from yester.engine.sealed.keyslots import (
    new_recovery_key,
    new_slot,
    open_slot,
    parse_recovery_key,
    slot_facts,
    slot_kind,
)

MASTER = MasterKey(bytes(range(32)), ((1, bytes(range(32, 64))), (2, bytes(range(64, 96)))))
NOW = 1_700_000_000_000_000_000
GOLDEN = bytes.fromhex(
    "7965737465720111000000001e0100008aa46b696e64aa70617373706872617365a56c6162656ca66c6170746f70aa637265617465645f"
    "6e73cf17979cfe362a0000a36b6466a86172676f6e326964aa6d656d6f72795f6b6962ce00010000a670617373657303a56c616e657304"
    "a473616c74c410000102030405060708090a0b0c0d0e0fa56e6f6e6365c40c000102030405060708090a0ba67365616c6564c48cc6aa09"
    "c9430a31a66aec0dca92e3223f8f671cec65c7c3d74f31a13c44d0d6424e78050748c5e52256ee10c4a471b4b0dbc9593415764d42afa0"
    "681d2abd549ccea649ba8da06e22db973d80f03ed2057f551944a4b86e5d37ade7391ef6bfc33926b9447e58321a755d44bc4586cfc074"
    "371c8db547f8e3cc40945b8b5a3fef64065330ced0e966dbe21fe6b12b88ae598422df039992172c0fbe678f470ab10017437df8fc9171"
    "afbf165d"
)


def slot_of(**changes: object) -> bytes:
    fields = {**msgspec.msgpack.decode(decode_clear(ClearKind.KEY, GOLDEN, "key")), **changes}
    return encode_clear(ClearKind.KEY, msgspec.msgpack.encode(fields))


def test_golden_slot_opens() -> None:
    """Fixed for ever: this slot was made with the first version of the format."""
    assert open_slot(GOLDEN, "pässword".encode()) == MASTER
    assert open_slot(GOLDEN, b"password") is None
    assert slot_kind(GOLDEN) == "passphrase"


@pytest.mark.usefixtures("dear_keys")
def test_golden_slot_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same but for the field `epoch`, which came with rotation and is left out while it is 1."""
    monkeypatch.setattr("os.urandom", lambda size: bytes(range(size)))
    made = new_slot(MASTER, kind="passphrase", secret="pässword".encode(), label="laptop", now_ns=NOW)
    fields = msgspec.msgpack.decode(decode_clear(ClearKind.KEY, made, "key"))
    assert fields.pop("epoch") == slot_facts(made).epoch == MASTER.epochs[-1][0] > 1
    assert encode_clear(ClearKind.KEY, msgspec.msgpack.encode(fields)) == GOLDEN
    first = new_slot(MasterKey.random(), kind="none", secret=None, label="", now_ns=NOW)
    assert "epoch" not in msgspec.msgpack.decode(decode_clear(ClearKind.KEY, first, "key"))
    assert slot_facts(GOLDEN).epoch == 1


@pytest.mark.usefixtures("dear_keys")
def test_golden_public_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fixed for ever: what a write-only client gets, by the digest of the whole object."""
    monkeypatch.setattr("os.urandom", lambda size: bytes(range(size)))
    slot = new_slot(MASTER, kind="public", secret=b"adds", label="laptop", now_ns=NOW)
    assert blake3(slot).hexdigest() == "acf03f2022e64ea73a2552b2397a5e659d2b698b8b478895de4031bf336e9f4b"
    assert open_slot(slot, b"adds") == MASTER.public() and open_slot(slot, b"reads") is None
    assert slot_kind(slot) == "public"


def test_a_public_slot_does_not_pass_for_another() -> None:
    """Whoever relabels one as that of a passphrase would make public keys pass for secrets."""
    slot = new_slot(MASTER, kind="public", secret=b"adds", label="", now_ns=NOW)
    fields = msgspec.msgpack.decode(decode_clear(ClearKind.KEY, slot, "key"))
    for kind in ("passphrase", "recovery"):
        changed = encode_clear(ClearKind.KEY, msgspec.msgpack.encode({**fields, "kind": kind}))
        assert open_slot(changed, b"adds") is None


def test_each_slot_opens_with_its_secret_only() -> None:
    recovery = new_recovery_key()
    by_pass = new_slot(MASTER, kind="passphrase", secret=b"one", label="", now_ns=NOW)
    by_key = new_slot(MASTER, kind="recovery", secret=parse_recovery_key(recovery), label="", now_ns=NOW)
    assert open_slot(by_pass, b"one") == MASTER
    assert open_slot(by_key, parse_recovery_key(recovery)) == MASTER
    for slot, secret in [(by_pass, b"two"), (by_pass, b""), (by_pass, None), (by_key, b"one"), (by_key, None)]:
        assert open_slot(slot, secret) is None
    assert by_pass != new_slot(MASTER, kind="passphrase", secret=b"one", label="", now_ns=NOW)


def test_several_slots_open_at_once() -> None:
    """Without the lock around it this fails or hangs within a few derivations."""
    slot = new_slot(MASTER, kind="passphrase", secret=b"one", label="", now_ns=NOW)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: open_slot(slot, b"one"), range(64))) == [MASTER] * 64


def test_an_unencrypted_repository_asks_for_nothing() -> None:
    slot = new_slot(MASTER, kind="none", secret=None, label="", now_ns=NOW)
    assert slot_kind(slot) == "none"
    assert open_slot(slot, None) == open_slot(slot, b"anything") == MASTER


def test_a_slot_hides_the_master_key() -> None:
    for secret in (MASTER.identity, *(secret for _, secret in MASTER.epochs)):
        assert secret not in GOLDEN


@pytest.mark.parametrize("secret", [b"", None])
def test_an_empty_passphrase_is_refused(secret: bytes | None) -> None:
    with pytest.raises(UsageError, match="empty"):
        new_slot(MASTER, kind="passphrase", secret=secret, label="", now_ns=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"memory_kib": (4 << 20) + 1},
        {"memory_kib": 2**63},
        {"memory_kib": 31},
        {"passes": 65},
        {"passes": 0},
        {"lanes": 65},
        {"lanes": 0},
        {"salt": bytes(15)},
        {"salt": bytes(1000)},
        {"nonce": bytes(11)},
        {"sealed": "text"},
        {"kind": 7},
    ],
)
def test_a_derivation_that_cannot_be_is_damage(changes: dict[str, object]) -> None:
    with pytest.raises(DamageError):
        open_slot(slot_of(**changes), b"secret")


@pytest.mark.parametrize("changes", [{"kind": "future"}, {"kdf": "scrypt"}])
def test_a_newer_kind_is_said(changes: dict[str, object]) -> None:
    with pytest.raises(RepositoryError, match=r"future|scrypt"):
        open_slot(slot_of(**changes), b"secret")


@pytest.mark.parametrize("field", ["sealed", "salt", "nonce"])
def test_a_changed_slot_does_not_open(field: str) -> None:
    slot = new_slot(MASTER, kind="passphrase", secret=b"one", label="", now_ns=NOW)
    fields = msgspec.msgpack.decode(decode_clear(ClearKind.KEY, slot, "key"))
    fields[field] = bytes([fields[field][0] ^ 1]) + fields[field][1:]
    assert open_slot(encode_clear(ClearKind.KEY, msgspec.msgpack.encode(fields)), b"one") is None


@pytest.mark.parametrize("place", range(0, len(GOLDEN), 7))
def test_flipped_bits_are_noticed(place: int) -> None:
    flipped = bytearray(GOLDEN)
    flipped[place] ^= 0x10
    with pytest.raises((DamageError, RepositoryError)):
        open_slot(bytes(flipped), b"secret")


@given(st.binary(max_size=300))
def test_hostile_bytes_survive(body: bytes) -> None:
    for data in (body, encode_clear(ClearKind.KEY, body)):
        with pytest.raises((DamageError, RepositoryError)):
            open_slot(data, None)


def test_a_slot_of_kind_none_with_no_key_is_damage() -> None:
    with pytest.raises(DamageError):
        open_slot(slot_of(kind="none"), None)


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exhausted:
        def __init__(self, **_: object) -> None:
            pass

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr("cryptography.hazmat.primitives.kdf.argon2.Argon2id", Exhausted)
    with pytest.raises(RepositoryError, match="64 MiB"):
        open_slot(GOLDEN, b"secret")


# Recovery keys


def test_golden_recovery_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fixed for ever: it is written on paper."""
    monkeypatch.setattr("os.urandom", lambda size: bytes(range(size)))
    text = "AAAQEAY-EAUDAOC-AJBIFQY-DIOB4IB-CEQTCQK-RMFYYDE-NBWHA5D-YPQ-OQCU"
    assert new_recovery_key() == text
    assert parse_recovery_key(text) == bytes(range(32))


@pytest.mark.parametrize("change", [str.lower, lambda text: text.replace("-", " "), lambda text: f" {text}\n"])
def test_a_recovery_key_bears_the_way_people_write(change: object) -> None:
    assert callable(change)
    key = new_recovery_key()
    assert parse_recovery_key(change(key)) == parse_recovery_key(key)


def test_digits_that_look_like_letters_are_taken_for_them() -> None:
    key = new_recovery_key()
    assert parse_recovery_key(key.replace("O", "0").replace("I", "1").replace("B", "8")) == parse_recovery_key(key)


def test_every_mistyped_letter_is_noticed() -> None:
    text = new_recovery_key().replace("-", "")
    for place, letter in enumerate(text):
        other = "A" if letter != "A" else "C"
        with pytest.raises(UsageError, match="typing mistake"):
            parse_recovery_key(text[:place] + other + text[place + 1 :])


@given(st.text(max_size=80))
def test_other_text_is_no_recovery_key(text: str) -> None:
    with pytest.raises(UsageError):
        parse_recovery_key(text)
