from math import floor, log2

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.sealed.padding import padme


def as_the_format_says(size: int) -> int:
    e = floor(log2(size))
    s = floor(log2(e)) + 1
    step = 1 << (e - s)
    return (size + step - 1) // step * step


@given(st.integers(2, 2**40))
def test_is_the_function_of_the_format(size: int) -> None:
    assert padme(size) == as_the_format_says(size)


@given(st.integers(0, 2**40), st.integers(0, 2**17))
def test_grows_little_and_is_stable(size: int, minimum: int) -> None:
    padded = padme(size, minimum)
    assert padded >= max(size, minimum)
    assert padded <= max(size, minimum) * 1.12 + 1
    assert padme(padded, minimum) == padded


def test_known_lengths() -> None:
    assert [padme(size) for size in (0, 1, 2, 9, 1000, 1024, 1025, 10**6, 2**20 + 1)] == [
        0,
        1,
        2,
        10,
        1024,
        1024,
        1088,
        1015808,
        1081344,
    ]
    assert padme(1, 1024) == 1024
    assert padme(3, 65536) == 65536
