import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.clear import ClearKind, encode_clear
from yester.engine.sealed.config import Config, check_config, decode_config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey

KEYS = Keys(MasterKey(bytes(range(32)), ((1, bytes(range(32, 64))), (2, bytes(range(64, 96))))))
CONFIG = Config(repository=bytes(range(32)), created_ns=1_700_000_000_000_000_000, program="yester 0.1.0")
GOLDEN = bytes.fromhex(
    "796573746572011000000000a800000088aa7265706f7369746f7279c420000102030405060708090a0b0c0d0e0f1011121314151617"
    "18191a1b1c1d1e1faa637265617465645f6e73cf17979cfe362a0000a76368756e6b6572ae666173746364632d323032302f31a96368"
    "756e6b5f6d696ece00010000ac6368756e6b5f6e6f726d616cce00040000a96368756e6b5f6d6178ce00100000a770726f6772616dac"
    "79657374657220302e312e30a8666561747572657390cc7ccb8f4af19d77c6e86be5dbd29c5b441adbe6265afd2df84aae674dea9c5b"
    "85621bffcbe5b21e8574a109310f53e39e291dc00689596874419a919a75f53d"
)


def made_of(**changes: object) -> bytes:
    fields = {**msgspec.to_builtins(CONFIG, builtin_types=(bytes,)), **changes}
    body = msgspec.msgpack.encode({key: value for key, value in fields.items() if value is not None})
    return encode_clear(ClearKind.CONFIG, body, KEYS.config_key)


def test_golden_config() -> None:
    """Fixed for ever: repositories begin with these bytes."""
    assert encode_config(CONFIG, KEYS) == GOLDEN
    assert decode_config(GOLDEN) == CONFIG
    check_config(GOLDEN, KEYS)


def test_another_key_or_a_forger_is_noticed() -> None:
    with pytest.raises(DamageError, match="config"):
        check_config(GOLDEN, Keys(MasterKey.random()))
    forged = encode_config(msgspec.structs.replace(CONFIG, chunk_min=128), Keys(MasterKey.random()))
    assert decode_config(forged).chunk_min == 128
    with pytest.raises(DamageError, match="config"):
        check_config(forged, KEYS)


def test_tolerates_fields_of_later_programs() -> None:
    assert decode_config(made_of(later={"a": [1, 2]})) == CONFIG


@pytest.mark.parametrize("changes", [{"features": ["cold-tiers/1"]}, {"chunker": "other/1"}])
def test_what_it_needs_and_is_not_known_is_refused_as_newer(changes: dict[str, object]) -> None:
    with pytest.raises(RepositoryError, match=r"cold-tiers/1|other/1") as newer:
        decode_config(made_of(**changes))
    assert "Upgrade" in newer.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": b"short"},
        {"repository": None},
        {"created_ns": "today"},
        {"chunk_min": 0},
        {"chunk_min": 1 << 20, "chunk_max": 1 << 16},
        {"chunk_normal": 2 << 20},
        {"chunk_max": 1 << 40},
        {"features": "x"},
        {"program": 1},
    ],
)
def test_impossible_values_are_damage(changes: dict[str, object]) -> None:
    with pytest.raises(DamageError, match="config"):
        decode_config(made_of(**changes))


@given(st.binary(max_size=300))
def test_hostile_bodies_survive(body: bytes) -> None:
    with pytest.raises((DamageError, RepositoryError)):
        decode_config(encode_clear(ClearKind.CONFIG, body, KEYS.config_key))
