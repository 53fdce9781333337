import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.holding import some_entry

from yester.engine.errors import DamageError
from yester.engine.ids import FragmentId
from yester.engine.packs.fragments import Fragment

NAME = "index." + "0" * 64


@given(st.lists(st.integers(0, 30), max_size=5), st.lists(st.binary(min_size=32, max_size=32), max_size=4))
def test_a_fragment_comes_back_as_it_was(blobs: list[int], replaces: list[bytes]) -> None:
    packs = tuple(some_entry(number, count) for number, count in enumerate(blobs))
    fragment = Fragment(packs, tuple(map(FragmentId, replaces)))
    assert Fragment.decode(fragment.encode(), NAME) == fragment


@given(st.data())
def test_a_changed_fragment_raises_nothing_but_damage(data: st.DataObject) -> None:
    encoded = bytearray(Fragment((some_entry(1, 12), some_entry(2, 3)), (FragmentId(bytes(32)),)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(encoded)))
    for hostile in (bytes(encoded), bytes(encoded[:cut])):
        try:
            assert Fragment.decode(hostile, NAME).encode() == hostile
        except DamageError as error:
            assert NAME in error.what


@pytest.mark.parametrize("hostile", [b"", b"\xff\xff\xff\xff", bytes(4) + b"\xff\xff\xff\xff", bytes(9)])
def test_counts_beyond_the_bytes_are_damage(hostile: bytes) -> None:
    with pytest.raises(DamageError):
        Fragment.decode(hostile, NAME)
