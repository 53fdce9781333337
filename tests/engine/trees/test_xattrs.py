import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import DamageError
from yester.engine.trees.xattrs import MAX_SET_SIZE, decode_set, encode_set

attribute_names = st.binary(min_size=1, max_size=255).filter(lambda name: b"\0" not in name)


@given(st.dictionaries(attribute_names, st.binary(max_size=300), max_size=10))
def test_attributes_survive(attributes: dict[bytes, bytes]) -> None:
    decoded = decode_set(encode_set(attributes))
    assert decoded == attributes
    assert list(decoded) == sorted(attributes)


def test_order_does_not_matter() -> None:
    assert encode_set({b"user.b": b"1", b"user.a": b"2"}) == encode_set({b"user.a": b"2", b"user.b": b"1"})


def test_golden_set() -> None:
    encoded = encode_set({b"user.\xff": b"\0\1", b"a": b""})
    assert encoded.hex() == "010000000000" + "61" + "060002000000" + "757365722eff" + "0001"


@pytest.mark.parametrize("attributes", [{b"": b""}, {b"a\0": b""}, {b"a": bytes(MAX_SET_SIZE)}, {b"a" * 2**16: b""}])
def test_impossible_attributes_are_not_written(attributes: dict[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="attribute"):
        encode_set(attributes)


@pytest.mark.parametrize(
    "encoded",
    [
        b"\1",
        b"\1\0\0\0\0\0",
        b"\0\0\0\0\0\0",
        b"\1\0\1\0\0\0a",
        b"\1\0\xff\xff\xff\xffa",
        b"\1\0\0\0\0\0b" + b"\1\0\0\0\0\0a",
        b"\1\0\0\0\0\0a" * 2,
        b"\1\0\0\0\0\0\0",
    ],
)
def test_hostile_sets_are_damage(encoded: bytes) -> None:
    with pytest.raises(DamageError):
        decode_set(encoded)


@given(st.binary(max_size=60))
def test_random_bytes_are_survived(data: bytes) -> None:
    try:
        attributes = decode_set(data)
    except DamageError:
        return
    assert encode_set(attributes) == data
