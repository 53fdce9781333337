import pickle
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError, RepositoryError, UsageError
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.padding import padme
from yester.engine.sealed.sealing import (
    HEADER_SIZE,
    PREFIXES,
    RECORD_LIMITS,
    TAG_SIZE,
    Domain,
    ObjectKind,
    Opener,
    Sealer,
    digest_of,
    kind_of,
    name_of,
    object_name,
    open_record,
    seal_record,
)

KEYS = Keys(MasterKey(bytes(range(32)), ((1, bytes(32)), (2, bytes(range(32, 64))))))
SALT = bytes(range(100, 132))
NAME = f"data.{'00' * 32}"


def test_golden_seal() -> None:
    """Fixed for ever."""
    sealer = Sealer(ObjectKind.DATA, KEYS, salt=SALT)
    assert (
        sealer.header.hex()
        == "796573746572010100000100020000006465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
    )
    assert sealer.seal(Domain.FRAME, 3, b"yester").hex() == "dac1add3ee10eb7ae68d4d321041847255df9981b5ba"


def test_golden_record() -> None:
    """Fixed for ever: the whole object by its digest, its beginning byte by byte."""
    name, content = seal_record(ObjectKind.LABEL, KEYS, b"yester" * 10, salt=SALT)
    assert name == "label.b3911a4cf449bc04891fbcc580f4978fc4dc0f0c19e18d57b635bcc53e03a500"
    assert (
        content[HEADER_SIZE : HEADER_SIZE + 32].hex()
        == "63052c4e3aac8828b1b6fbe35263a828adfde21502fc6d8e22c1dc6273ae082a"
    )
    assert len(content) == HEADER_SIZE + 1024 + TAG_SIZE
    assert open_record(ObjectKind.LABEL, KEYS, name, content) == b"yester" * 10


def test_header_and_nonce_are_those_of_the_format() -> None:
    sealer = Sealer(ObjectKind.META, KEYS, salt=SALT)
    assert sealer.header == b"yester" + bytes([1, 2, 0, 0, 1, 0]) + (2).to_bytes(4, "little") + SALT
    cipher = AESGCM(KEYS.object_key(2, SALT))
    nonce = (1).to_bytes(4, "little") + (7).to_bytes(8, "little")
    assert cipher.decrypt(nonce, sealer.seal(Domain.DIRECTORY, 7, b"plain"), sealer.header) == b"plain"


@given(st.binary(max_size=300), st.sampled_from(Domain), st.integers(0, 2**64 - 1))
def test_opens_what_was_sealed(plain: bytes, domain: Domain, number: int) -> None:
    sealer = Sealer(ObjectKind.DATA, KEYS)
    out = bytearray(len(plain) + TAG_SIZE)
    sealer.seal_into(domain, number, plain, memoryview(out))
    opener = Opener(sealer.header, KEYS, NAME)
    assert opener.open(domain, number, out) == plain
    assert opener.open(domain, number, memoryview(bytes(out))) == plain
    assert opener.kind is ObjectKind.DATA


def test_a_nonce_is_never_used_twice() -> None:
    sealer = Sealer(ObjectKind.DATA, KEYS)
    sealer.seal(Domain.FRAME, 0, b"one")
    with pytest.raises(RuntimeError, match="before"):
        sealer.seal(Domain.FRAME, 0, b"two")
    with pytest.raises(RuntimeError, match="before"):
        sealer.seal_into(Domain.FRAME, 0, b"two", bytearray(19))
    sealer.seal(Domain.DIRECTORY, 0, b"two")


def test_every_object_has_a_salt_of_its_own() -> None:
    headers = {Sealer(ObjectKind.DATA, KEYS).header for _ in range(100)}
    assert len(headers) == 100
    assert len({seal_record(ObjectKind.LABEL, KEYS, b"same")[0] for _ in range(100)}) == 100


def test_one_opener_serves_many_threads() -> None:
    sealer = Sealer(ObjectKind.DATA, KEYS)
    sealed = [sealer.seal(Domain.FRAME, number, bytes([number]) * 20_000) for number in range(100)]
    opener = Opener(sealer.header, KEYS, NAME)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda number: opener.open(Domain.FRAME, number, sealed[number]), range(100)))
    assert opened == [bytes([number]) * 20_000 for number in range(100)]


def test_a_seal_opens_only_in_its_place() -> None:
    sealer = Sealer(ObjectKind.DATA, KEYS)
    sealed = sealer.seal(Domain.FRAME, 1, b"plain")
    opener = Opener(sealer.header, KEYS, NAME)
    moved = [(Domain.FRAME, 2, sealed), (Domain.DIRECTORY, 1, sealed), (Domain.FRAME, 1, sealed[:-1])]
    moved += [(Domain.FRAME, 1, b""), (Domain.FRAME, 1, sealed[:15]), (Domain.FRAME, 1, sealed + b"\0")]
    for domain, number, data in moved:
        with pytest.raises(DamageError, match=NAME):
            opener.open(domain, number, data)


@pytest.mark.parametrize("bit", range(HEADER_SIZE * 8))
def test_no_bit_of_a_header_can_flip(bit: int) -> None:
    sealer = Sealer(ObjectKind.DATA, KEYS, salt=SALT)
    sealed = sealer.seal(Domain.FRAME, 0, b"plain")
    header = bytearray(sealer.header)
    header[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DamageError):
        Opener(header, KEYS, NAME).open(Domain.FRAME, 0, sealed)


@pytest.mark.parametrize("size", [0, 5, 47, 49])
def test_a_header_has_its_size(size: int) -> None:
    with pytest.raises(DamageError, match=NAME):
        Opener(bytes(size), KEYS, NAME)


@pytest.mark.parametrize(("offset", "value"), [(6, 2), (8, 2), (9, 0x80), (10, 2)])
def test_what_a_newer_program_wrote_is_said(offset: int, value: int) -> None:
    header = bytearray(Sealer(ObjectKind.DATA, KEYS).header)
    header[offset] = value
    with pytest.raises(RepositoryError) as newer:
        Opener(header, KEYS, NAME, verified=True)
    assert "Upgrade" in newer.value.hint
    with pytest.raises(DamageError):
        Opener(header, KEYS, NAME)


def test_sealers_and_openers_hide_their_keys() -> None:
    sealer = Sealer(ObjectKind.DATA, KEYS)
    for thing in (sealer, Opener(sealer.header, KEYS, NAME)):
        assert "hidden" in repr(thing)
        with pytest.raises(TypeError):
            pickle.dumps(thing)


# Names


@given(st.sampled_from(ObjectKind), st.lists(st.binary(max_size=50), max_size=5))
def test_names_are_digests(kind: ObjectKind, pieces: list[bytes]) -> None:
    digest = blake3(b"".join(pieces)).digest()
    name = object_name(kind, pieces)
    assert name == name_of(kind, digest) == f"{PREFIXES[kind]}.{digest.hex()}"
    assert digest_of(name) == digest
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    "name", ["", "snap", "snap.", "snap.00", f"snap.{'0g' * 32}", f"snap.{' 0' * 32}", "session.1.2"]
)
def test_other_names_are_no_digests(name: str) -> None:
    with pytest.raises(UsageError):
        digest_of(name)


@pytest.mark.parametrize("name", ["", "config", "key.00", "Snap.1", "other.1"])
def test_clear_objects_are_not_sealed(name: str) -> None:
    with pytest.raises(UsageError):
        kind_of(name)


# Records


@given(st.one_of(st.binary(max_size=3000), st.integers(0, 100_000).map(bytes)), st.sampled_from(ObjectKind))
def test_records_come_back_and_are_padded(plain: bytes, kind: ObjectKind) -> None:
    name, content = seal_record(kind, KEYS, plain)
    assert open_record(kind, KEYS, name, content) == plain
    padded = len(content) - HEADER_SIZE - TAG_SIZE
    assert padded == padme(padded, 1024)


def test_records_are_compressed_where_it_helps() -> None:
    assert len(seal_record(ObjectKind.INDEX, KEYS, bytes(100_000))[1]) < 2000


def test_no_bit_of_a_record_can_flip() -> None:
    name, content = seal_record(ObjectKind.SNAPSHOT, KEYS, b"plain")
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(DamageError, match=name):
            open_record(ObjectKind.SNAPSHOT, KEYS, name, bytes(flipped))


@pytest.mark.parametrize("size", [0, 1, 47, 48, 63, 64, 1000])
def test_a_truncated_record_is_damage(size: int) -> None:
    name, content = seal_record(ObjectKind.SNAPSHOT, KEYS, b"plain")
    with pytest.raises(DamageError, match=name):
        open_record(ObjectKind.SNAPSHOT, KEYS, name, content[:size])


def test_a_record_passes_for_no_other() -> None:
    name, content = seal_record(ObjectKind.TOMBSTONE, KEYS, b"plain")
    disguised = name.replace("tomb.", "snap.")
    with pytest.raises(DamageError, match=disguised):
        open_record(ObjectKind.SNAPSHOT, KEYS, disguised, content)
    with pytest.raises(UsageError):
        open_record(ObjectKind.SNAPSHOT, KEYS, name, content)


def test_records_that_are_not_named_by_digest_are_still_authentic() -> None:
    _, content = seal_record(ObjectKind.SESSION, KEYS, b"plain")
    name = f"session.{'00' * 16}.00000000"
    assert open_record(ObjectKind.SESSION, KEYS, name, content, named_by_digest=False) == b"plain"
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1
        with pytest.raises(DamageError, match="session"):
            open_record(ObjectKind.SESSION, KEYS, name, bytes(flipped), named_by_digest=False)


def test_a_stranger_cannot_open() -> None:
    name, content = seal_record(ObjectKind.SNAPSHOT, KEYS, b"plain")
    with pytest.raises(DamageError):
        open_record(ObjectKind.SNAPSHOT, Keys(MasterKey.random()), name, content)


def hostile_record(body: bytes) -> tuple[str, bytes]:
    """Seal bytes that no writer of ours makes."""
    sealer = Sealer(ObjectKind.SNAPSHOT, KEYS)
    content = sealer.header + sealer.seal(Domain.RECORD, 0, body)
    return object_name(ObjectKind.SNAPSHOT, [content]), content


BOMB = bytes.fromhex("28b52ffd") + b"\xe0" + (1 << 60).to_bytes(8, "little") + b"\x01\x00\x00"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(8),
        struct.pack("<BII", 0, 4, 5) + b"1234",
        struct.pack("<BII", 0, 5, 5) + b"1234",
        struct.pack("<BII", 0, 2**32 - 1, 2**32 - 1) + b"1234",
        struct.pack("<BII", 2, 4, 4) + b"1234",
        struct.pack("<BII", 1, 4, 4) + b"1234",
        struct.pack("<BII", 1, 0, 0),
        struct.pack("<BII", 1, len(BOMB), 100) + BOMB,
        struct.pack("<BII", 1, len(BOMB), 2**32 - 1) + BOMB,
        struct.pack("<BII", 1, len(BOMB), RECORD_LIMITS[ObjectKind.SNAPSHOT] + 1) + BOMB,
    ],
)
def test_impossible_records_are_damage(body: bytes) -> None:
    name, content = hostile_record(body)
    with pytest.raises(DamageError, match=name):
        open_record(ObjectKind.SNAPSHOT, KEYS, name, content)


@given(st.integers(0, 2), st.integers(0, 60), st.integers(0, 2**32 - 1), st.binary(max_size=60))
def test_hostile_records_survive(codec: int, stored: int, plain: int, rest: bytes) -> None:
    name, content = hostile_record(struct.pack("<BII", codec, stored, plain) + rest)
    try:
        opened = open_record(ObjectKind.SNAPSHOT, KEYS, name, content)
    except DamageError:
        return
    assert len(opened) == plain


@given(st.binary(max_size=1200))
def test_hostile_objects_survive(data: bytes) -> None:
    name = object_name(ObjectKind.SNAPSHOT, [data])
    with pytest.raises((DamageError, RepositoryError)):
        open_record(ObjectKind.SNAPSHOT, KEYS, name, data)
