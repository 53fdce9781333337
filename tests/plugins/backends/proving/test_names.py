import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.store import checked_name
from yester.plugins.backends.proving.names import TESTING, Names

RESTS = st.text("abcz019.-", max_size=100)


@given(st.integers(0, 2**32 - 1), st.binary(min_size=3, max_size=3), RESTS)
def test_every_name_of_a_test_is_one_and_says_whose_it_is(begun_s: int, chance: bytes, rest: str) -> None:
    names = Names.new(begun_s, chance)
    assert names.begun_s == begun_s
    for name in (names.name(rest), names.mark, names.longest()):
        assert checked_name(name).startswith(TESTING)
        assert Names.of(name) == names
    assert len(names.longest()) == 80


@pytest.mark.parametrize(
    "name",
    [
        "config",
        f"data.{'ab' * 32}",
        "yester-test-",
        "yester-test-mine",
        "yester-test-6920000-616263.x",
        "yester-test-69200000-61626.x",
        "yester-test-69200000-616263",
        "yester-test-69200000-61626g.x",
        "yester-test-69200000-616263.X",
        "my-yester-test-69200000-616263.x",
    ],
)
def test_what_somebody_else_named_is_of_no_test(name: str) -> None:
    assert Names.of(name) is None
