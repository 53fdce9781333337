import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.clear import ClearKind, decode_clear, encode_clear, has_keyed_digest

KEY, OTHER = bytes(32), bytes(range(32))


def digested(data: bytes) -> bytes:
    return data + blake3(data).digest()


@given(st.binary(max_size=500))
def test_bodies_come_back(body: bytes) -> None:
    config = encode_clear(ClearKind.CONFIG, body, KEY)
    assert decode_clear(ClearKind.CONFIG, config, "config") == body
    assert has_keyed_digest(config, KEY)
    assert not has_keyed_digest(config, OTHER)
    assert decode_clear(ClearKind.KEY, encode_clear(ClearKind.KEY, body), "key.1") == body


def test_no_bit_can_flip() -> None:
    data = encode_clear(ClearKind.CONFIG, b"body", KEY)
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises((DamageError, RepositoryError), match="config"):
            decode_clear(ClearKind.CONFIG, bytes(flipped), "config")


def test_is_never_cut_off_unseen() -> None:
    data = encode_clear(ClearKind.CONFIG, b"body", KEY)
    for size in range(len(data)):
        with pytest.raises((DamageError, RepositoryError)):
            decode_clear(ClearKind.CONFIG, data[:size], "config")


@given(st.binary(max_size=200), st.sampled_from([b"", b"yester", b"yester\x01\x10", b"yester\x01\x11"]))
def test_hostile_bytes_survive(data: bytes, start: bytes) -> None:
    for hostile in (start + data, digested(start + data)):
        with pytest.raises((DamageError, RepositoryError)):
            decode_clear(ClearKind.CONFIG, hostile, "config")


@pytest.mark.parametrize("data", [b"", b"yeste", b"[repository]\nversion = 1\n", bytes(100)])
def test_what_is_not_ours_is_no_repository(data: bytes) -> None:
    with pytest.raises(RepositoryError, match="no yester repository"):
        decode_clear(ClearKind.CONFIG, data, "config")


@pytest.mark.parametrize("rest", [b"", bytes(10), bytes(1000)])
def test_a_newer_version_is_said_whatever_its_form(rest: bytes) -> None:
    with pytest.raises(RepositoryError, match="version 2") as newer:
        decode_clear(ClearKind.CONFIG, digested(b"yester\x02\x10" + rest), "config")
    assert "Upgrade" in newer.value.hint


@pytest.mark.parametrize(
    "data",
    [
        digested(b"yester\x01\x11" + bytes(8) + bytes(32)),
        digested(b"yester\x01\x10\x01" + bytes(7) + bytes(32)),
        digested(b"yester\x01\x10\0\0\x01" + bytes(5) + bytes(32)),
        digested(b"yester\x01\x10" + bytes(4) + b"\xff\xff\xff\xff" + bytes(32)),
        digested(b"yester\x01\x10" + bytes(8)),
        digested(b"yester\x01\x10" + bytes(2 << 20)),
    ],
)
def test_impossible_headers_are_damage(data: bytes) -> None:
    with pytest.raises(DamageError, match="config"):
        decode_clear(ClearKind.CONFIG, data, "config")
