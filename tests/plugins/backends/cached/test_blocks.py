from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.backends.cached.blocks import BLOCK_SIZE, blocks_of, first_byte, size_of, stretches


@given(st.integers(0, 1 << 26), st.integers(1, 1 << 24))
def test_a_part_lies_in_its_blocks_and_touches_each(offset: int, size: int) -> None:
    blocks = blocks_of(offset, size)
    assert first_byte(blocks.start) <= offset < first_byte(blocks.start + 1)
    assert first_byte(blocks.stop - 1) < offset + size <= first_byte(blocks.stop)


@given(st.integers(1, 1 << 26))
def test_the_blocks_of_an_object_are_the_object(whole: int) -> None:
    sizes = [size_of(number, whole) for number in blocks_of(0, whole)]
    assert sum(sizes) == whole
    assert all(0 < size <= BLOCK_SIZE for size in sizes)


@given(st.sets(st.integers(0, 200)), st.integers(1, 9))
def test_stretches_are_the_numbers_in_order(numbers: set[int], most: int) -> None:
    found = list(stretches(sorted(numbers), most))
    assert [number for stretch in found for number in stretch] == sorted(numbers)
    assert all(0 < len(stretch) <= most for stretch in found)
    joined = [(one, two) for one, two in pairwise(found) if one.stop == two.start]
    assert all(len(one) == most for one, _ in joined)
