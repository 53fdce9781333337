import copy
import pickle

import msgspec
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError
from yester.engine.ids import BlobKind
from yester.engine.sealed.keys import KEY_SIZE, Keys, MasterKey, blob_id

IDENTITY = bytes(range(32))
FIRST, SECOND = bytes(range(32, 64)), bytes(range(64, 96))
MASTER = MasterKey(IDENTITY, ((1, FIRST), (2, SECOND)))

secrets_of_32 = st.binary(min_size=KEY_SIZE, max_size=KEY_SIZE)


def test_golden_keys() -> None:
    """Fixed for ever: other values make every repository unreadable."""
    keys = Keys(MASTER)
    assert keys.id_key(BlobKind.DATA).hex() == "2c6f3dd9a1101e315a2db5f7fac3bbf29570607e258862affc98f2034e0b1742"
    assert keys.id_key(BlobKind.TREE).hex() == "687bd9f9caf9b36a6cbf61231019b5cb2823429e5b315e393a77df857f574572"
    assert keys.page_key.hex() == "624a667fb68b222142d782d6ccc2cb7eecd9ea000ead0f8f699beeadd88d0569"
    assert keys.config_key.hex() == "07dd7346fbe78b358995c31265e0b079af1f94d9d313e0fd25124860d0dd8fc1"
    assert keys.chunker_seed == 8178543139225003355
    assert keys.object_key(1, bytes(32)).hex() == "c5e26d5cf5682ac96b56b796d1a1cbc1579a7dddddd71fc634f380e88a0da5a8"
    assert (
        blob_id(keys.id_key(BlobKind.DATA), b"yester").hex()
        == "4cb4d2ca05de50e34ffce8f65c0379987df3ac2841a2a729bea853a07e287ff6"
    )


def test_derives_as_the_format_says() -> None:
    keys = Keys(MASTER)
    for kind in BlobKind:
        assert keys.id_key(kind) == blake3(IDENTITY, derive_key_context=f"yester v1 id {kind.name.lower()}").digest()
    assert keys.object_key(2, b"s" * 32) == blake3(SECOND + b"s" * 32, derive_key_context="yester v1 object").digest()
    assert 0 <= keys.chunker_seed < 2**63
    assert keys.epoch == 2


def test_every_key_differs() -> None:
    keys = Keys(MASTER)
    derived = [keys.id_key(kind) for kind in BlobKind] + [keys.page_key, keys.config_key]
    derived += [keys.object_key(epoch, salt) for epoch in (1, 2) for salt in (bytes(32), b"s" * 32)]
    assert len(set(derived)) == len(derived)
    assert not {IDENTITY, FIRST, SECOND} & set(derived)


def test_an_unknown_epoch_is_damage() -> None:
    with pytest.raises(DamageError, match="epoch 3"):
        Keys(MASTER).object_key(3, bytes(32))


def test_random_keys_differ_and_like_shares_the_identity_only() -> None:
    one, other = MasterKey.random(), MasterKey.random()
    alike = MasterKey.random(one)
    assert one.identity != other.identity == MasterKey.decode(other.encode()).identity
    assert alike.identity == one.identity
    assert alike.epochs[0][1] != one.epochs[0][1]
    assert Keys(alike).id_key(BlobKind.DATA) == Keys(one).id_key(BlobKind.DATA)
    assert Keys(alike).object_key(1, bytes(32)) != Keys(one).object_key(1, bytes(32))


@given(secrets_of_32, st.dictionaries(st.integers(1, 2**32 - 1), secrets_of_32, min_size=1, max_size=5))
def test_comes_back_from_its_encoding(identity: bytes, epochs: dict[int, bytes]) -> None:
    master = MasterKey(identity, tuple(sorted(epochs.items())))
    assert MasterKey.decode(master.encode()) == master


@given(st.binary(max_size=200))
def test_survives_hostile_bytes(data: bytes) -> None:
    with pytest.raises(DamageError):
        MasterKey.decode(data)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"identity": IDENTITY},
        {"identity": IDENTITY, "epochs": []},
        {"identity": IDENTITY[:31], "epochs": [[1, FIRST]]},
        {"identity": IDENTITY, "epochs": [[1, FIRST[:31]]]},
        {"identity": IDENTITY, "epochs": [[0, FIRST]]},
        {"identity": IDENTITY, "epochs": [[2**32, FIRST]]},
        {"identity": IDENTITY, "epochs": [[2, FIRST], [1, SECOND]]},
        {"identity": IDENTITY, "epochs": [[1, FIRST], [1, SECOND]]},
        {"identity": IDENTITY, "epochs": [[1, FIRST, 3]]},
        {"identity": "x" * 32, "epochs": [[1, FIRST]]},
        {"identity": IDENTITY, "epochs": [[n, FIRST] for n in range(1, 5000)]},
    ],
)
def test_refuses_what_is_no_master_key(fields: dict[str, object]) -> None:
    with pytest.raises(DamageError):
        MasterKey.decode(msgspec.msgpack.encode(fields))


def test_tolerates_fields_of_later_versions() -> None:
    data = msgspec.msgpack.encode({"identity": IDENTITY, "epochs": [[1, FIRST]], "later": 1})
    assert MasterKey.decode(data) == MasterKey(IDENTITY, ((1, FIRST),))


@pytest.mark.parametrize("thing", [MASTER, Keys(MASTER)])
def test_shows_nothing_of_itself(thing: object) -> None:
    for text in (repr(thing), str(thing), f"{thing}", repr([thing])):
        assert "hidden" in text
        for secret in (IDENTITY, FIRST, SECOND):
            assert secret.hex() not in text
            assert repr(secret)[2:12] not in text
    with pytest.raises(TypeError):
        pickle.dumps(thing)
    with pytest.raises(TypeError):
        copy.deepcopy(thing)
