from hypothesis import given
from hypothesis import strategies as st

from yester.engine.limits.bucket import BURST_S, Bucket


@given(st.integers(1, 1 << 40), st.lists(st.tuples(st.integers(0, 1 << 30), st.floats(0, 100)), max_size=20))
def test_no_more_passes_than_the_rate_allows(rate: int, steps: list[tuple[int, float]]) -> None:
    bucket, now, passed = Bucket(rate), 0.0, 0
    for size, rest in steps:
        bucket, wait = bucket.take(size, now)
        now += wait
        passed += size
        assert passed <= rate * (now + BURST_S) * (1 + 1e-9) + 1
        now += rest


def test_nothing_waits_longer_than_its_bytes_take() -> None:
    bucket, waits = Bucket(1000), []
    for _ in range(5):
        bucket, wait = bucket.take(100, 10.0)
        waits.append(round(wait, 6))
    assert waits == [0, 0, 0, 0, 0]  # the burst after a rest
    bucket, wait = bucket.take(100, 10.0)
    assert round(wait, 6) == 0.1
    assert Bucket(1000, 0.0).take(2000, 0.0)[1] == 2.0


@given(st.integers(1, 1 << 40))
def test_slices_are_short_in_time(rate: int) -> None:
    assert 4096 <= Bucket(rate).slice_size <= max(4096, rate / 8)
