"""What is handed over and what may go, as pure functions of who needs how much of each pack."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.engine.archive.rigging import holding

from yester.engine.archive.planning import MAX_HOT, PackShare, PurgePlan, plan_archive, plan_purge
from yester.engine.ids import PackId

HELD = (holding(),)
UNVERIFIED = (holding(verified_ns=0),)
ELSEWHERE = (replace(holding(), archive="another"),)


def share(number: int, hot: int = 0, *, online: bool = True, held: tuple[object, ...] = HELD) -> PackShare:
    return PackShare(PackId(number.to_bytes(32)), 100, 90, hot, online, held)  # type: ignore[arg-type]


def numbers(shares: tuple[PackShare, ...]) -> list[int]:
    return [each.pack[-1] for each in shares]


def test_what_the_archive_lacks_is_handed_over() -> None:
    found = [
        share(5, held=()),
        share(1),
        share(2, held=ELSEWHERE),
        share(3, online=False),
        share(4, online=False, held=ELSEWHERE),
    ]
    plan = plan_archive(found, "guid")
    assert numbers(plan.hand_over) == [2, 5]
    assert (numbers(plan.held), numbers(plan.offline), numbers(plan.elsewhere)) == ([1], [3], [4])
    assert (plan.size, plan.cold_size) == (200, 180)
    assert numbers(plan.forecast.purge) == [1, 2, 5]
    assert numbers(plan_archive(found).hand_over) == [5]


def test_what_may_go() -> None:
    found = [share(1), share(2, 50), share(3, 51), share(4, held=UNVERIFIED), share(5, online=False), share(6, held=())]
    plan = plan_purge(found)
    assert (numbers(plan.purge), numbers(plan.repack), numbers(plan.mixed)) == ([1], [2], [3])
    assert numbers(plan.unverified) == [4, 6]
    assert (plan.moved_size, plan.freed_size, plan.is_empty) == (50, 150, False)
    assert numbers(plan_purge(found, {found[1].pack}).repack) == [2]
    assert plan_purge(found, set()).is_empty
    assert numbers(plan_purge(found, max_hot=1.0).repack) == [2, 3]


shares = st.builds(
    share,
    st.integers(1, 50),
    st.integers(0, 100),
    online=st.booleans(),
    held=st.sampled_from([(), HELD, UNVERIFIED, ELSEWHERE]),
)


@given(st.lists(shares, max_size=12, unique_by=lambda each: each.pack), st.floats(0, 1))
def test_only_what_is_verified_goes_and_each_pack_has_one_fate(found: list[PackShare], max_hot: float) -> None:
    plan = plan_purge(found, max_hot=max_hot)
    fates = (*plan.purge, *plan.repack, *plan.mixed, *plan.unverified)
    assert sorted(numbers(fates)) == sorted(each.pack[-1] for each in found if each.is_online)
    assert all(each.is_verified and each.is_online for each in (*plan.purge, *plan.repack))
    assert all(each.hot_share <= max_hot for each in plan.repack)
    assert plan_purge(found, max_hot=MAX_HOT, only=()) == PurgePlan((), ())
