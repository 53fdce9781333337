"""What goes and what stays, as a pure function of how much of each pack is needed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.ids import PackId
from yester.engine.prune.plan import SMALL_PACKS, SMALL_SIZE, PackUse, Why, plan_prune
from yester.engine.sealed.sealing import ObjectKind

MEBI = 1 << 20


def use(
    number: int, needed: int, blobs: int = 16 * MEBI, *, kind: ObjectKind = ObjectKind.DATA, doomed: bool = False
) -> PackUse:
    return PackUse(PackId(number.to_bytes(32)), kind, blobs + 4096, blobs, needed, 1 if needed else 0, doomed)


def test_what_nobody_needs_goes() -> None:
    plan = plan_prune([use(1, 0), use(2, 16 * MEBI)])
    assert [(each.use.pack[-1], each.why) for each in plan.delete] == [(1, Why.UNUSED)]
    assert plan.repack == ()
    assert (plan.moved_size, plan.freed_size) == (0, 16 * MEBI + 4096)


def test_the_emptiest_are_copied_first_and_no_more_than_is_worth_it() -> None:
    packs = [use(1, 15 * MEBI), use(2, 1 * MEBI), use(3, 8 * MEBI)]
    assert [each.use.pack[-1] for each in plan_prune(packs, max_unused=0.5).repack] == [2]
    assert [each.use.pack[-1] for each in plan_prune(packs, max_unused=0.3).repack] == [2, 3]
    assert [each.use.pack[-1] for each in plan_prune(packs, max_unused=0.0).repack] == [2, 3, 1]
    assert plan_prune(packs, max_unused=1.0).is_empty


def test_a_limit_on_copying_is_kept_but_for_what_must_be_saved() -> None:
    packs = [use(1, 4 * MEBI), use(2, 5 * MEBI), use(3, 6 * MEBI, doomed=True)]
    chosen = plan_prune(packs, max_unused=0.0, max_repack=10 * MEBI).repack
    assert [(each.use.pack[-1], each.why) for each in chosen] == [(3, Why.DOOMED), (1, Why.SPARSE)]
    assert [each.why for each in plan_prune(packs, max_unused=0.0, max_repack=0).repack] == [Why.DOOMED]


def test_small_packs_are_copied_together_when_they_are_many() -> None:
    def small(count: int) -> list[PackUse]:
        return [use(number, 1000, 1000, kind=ObjectKind.META) for number in range(count)]

    assert plan_prune(small(SMALL_PACKS - 1)).is_empty
    chosen = plan_prune(small(SMALL_PACKS)).repack
    assert [each.why for each in chosen] == [Why.SMALL] * SMALL_PACKS
    assert plan_prune([use(number, SMALL_SIZE, SMALL_SIZE) for number in range(50)]).is_empty


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6), st.booleans()), max_size=40),
    st.floats(0, 2),
    st.none() | st.integers(0, 10**7),
)
def test_each_pack_has_one_fate_and_nothing_needed_is_deleted(
    sizes: list[tuple[int, int, bool]], max_unused: float, max_repack: int | None
) -> None:
    packs = [
        use(number, min(needed, blobs), blobs, doomed=doomed) for number, (needed, blobs, doomed) in enumerate(sizes)
    ]
    plan = plan_prune(packs, max_unused=max_unused, max_repack=max_repack)
    fates = [each.use.pack for each in (*plan.delete, *plan.repack)] + [each.pack for each in plan.keep]
    assert sorted(fates) == [pack.pack for pack in packs]
    assert all(not each.use.needed_blobs for each in plan.delete)
    assert not any(each.is_doomed for each in plan.keep)
    moved = sum(each.use.needed_size for each in plan.repack if each.why is not Why.DOOMED)
    assert max_repack is None or moved <= max_repack
    if max_repack is None:
        used = sum(pack.needed_size for pack in packs if not pack.is_doomed)
        assert plan.unused_size <= max_unused * used + 1


def test_what_an_archive_holds_is_not_moved_for_being_small() -> None:
    packs = [replace(use(number, 1000, 1000), is_held=True) for number in range(SMALL_PACKS)]
    assert plan_prune(packs).is_empty
    assert not plan_prune([replace(each, is_held=False) for each in packs]).is_empty


def test_what_is_offline_and_nobody_needs_is_released() -> None:
    plan = plan_prune([], [PackId(b"2" * 32), PackId(b"1" * 32)])
    assert plan.release == (b"1" * 32, b"2" * 32)
    assert not plan.is_empty
    assert plan.freed_size == 0
