"""Sealing to a public key: fixed for ever, opened by the epoch's secret alone, and no salt does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.agreement import agree, agreed_key, public_key
from yester.engine.sealed.keys import AGREED, Keys, MasterKey, PublicMaster
from yester.engine.sealed.sealing import (
    HEADER_SIZE,
    Domain,
    ObjectKind,
    Opener,
    Sealer,
    open_record,
    seal_record,
    was_added_blind,
)

MASTER = MasterKey(bytes(range(32)), ((1, bytes(32)), (2, bytes(range(32, 64)))))
WHOLE, BLIND = Keys(MASTER), Keys(MASTER.public())
EPHEMERAL = bytes(range(100, 132))
LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]
"""Points with which every private key agrees on nothing."""


def test_golden_keys() -> None:
    """Fixed for ever."""
    assert public_key(bytes(32)).hex() == "65ce153432b5f6abb8e68595ccb0116054f4efc2da84f3b3fb1862841f98e10f"
    made = agree(public_key(bytes(range(32, 64))), EPHEMERAL)
    assert made.salt.hex() == "7d9c24316539825c1896e57f28197746793ce60cbee3ad47da9d07b85fa55e2a"
    assert made.key.hex() == "addbac5553e07544dfadbccdd511fdf9b0c51e2756162e8660ff13d8bc7dbeea"


def test_golden_seal() -> None:
    """Fixed for ever."""
    sealer = Sealer(ObjectKind.DATA, BLIND, salt=EPHEMERAL)
    assert sealer.header.hex() == (
        "79657374657201010100010002000000" + "7d9c24316539825c1896e57f28197746793ce60cbee3ad47da9d07b85fa55e2a"
    )
    assert sealer.seal(Domain.FRAME, 3, b"yester").hex() == "da608e60e96bcbc73cdaba480b4bab3df0973006c454"


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_both_agree_on_one_key_and_nobody_else_does(secret: bytes, other: bytes) -> None:
    made = agree(public_key(secret))
    assert agreed_key(secret, made.salt) == made.key
    assert secret == other or agreed_key(other, made.salt) != made.key
    assert agree(public_key(secret)) != made


@pytest.mark.parametrize("salt", LOW_ORDER)
def test_a_salt_that_agrees_on_nothing_is_refused(salt: bytes) -> None:
    with pytest.raises(DamageError, match="no public key"):
        agreed_key(bytes(32), salt)


def test_a_record_is_opened_by_who_can_read() -> None:
    name, content = seal_record(ObjectKind.LABEL, BLIND, b"words")
    assert was_added_blind(content)
    assert open_record(ObjectKind.LABEL, WHOLE, name, content) == b"words"
    with pytest.raises(RepositoryError, match="can only add"):
        open_record(ObjectKind.LABEL, BLIND, name, content)


def test_the_flag_is_sealed_with_the_rest() -> None:
    """Taken away or set, the object opens no more: nobody makes of what was added blind what it is not."""
    for keys in (WHOLE, BLIND):
        _, content = seal_record(ObjectKind.LABEL, keys, b"words")
        changed = bytearray(content)
        changed[8] ^= AGREED
        opener = Opener(bytes(changed[:HEADER_SIZE]), WHOLE, f"label.{'00' * 32}")
        with pytest.raises(DamageError, match="does not open"):
            opener.open(Domain.RECORD, 0, bytes(changed[HEADER_SIZE:]))


@given(st.binary(min_size=HEADER_SIZE, max_size=HEADER_SIZE))
def test_no_header_does_harm(header: bytes) -> None:
    start = b"yester\x01\x05\x01\x00\x01\x00\x02\x00\x00\x00"
    try:
        opener = Opener(start + header[16:], WHOLE, f"label.{'00' * 32}")
    except DamageError:
        return
    with pytest.raises(DamageError):
        opener.open(Domain.RECORD, 0, header)


def test_what_a_write_only_client_gets_has_no_secret() -> None:
    public = MASTER.public()
    assert public.identity == MASTER.identity
    assert [number for number, _ in public.epochs] == [1, 2]
    assert not {secret for _, secret in public.epochs} & {secret for _, secret in MASTER.epochs}
    assert PublicMaster.decode(public.encode()) == public
    assert public.public() == public
    assert "hidden" in repr(public) and "hidden" in repr(BLIND)
    with pytest.raises(RepositoryError, match="can only add"):
        BLIND.object_key(1, bytes(32))
    assert BLIND.config_key == WHOLE.config_key and BLIND.chunker_seed == WHOLE.chunker_seed
