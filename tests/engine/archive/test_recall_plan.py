from yester.engine.archive.holdings import Holding
from yester.engine.archive.port import Policy
from yester.engine.archive.recall_plan import plan_recall, wanted
from yester.engine.ids import PackId

A, B, C = (PackId(bytes([number]) * 32) for number in range(3))
TAPE = Policy("tape", "Tape", is_bulk=True, costs={"restore_wait_s": 3600.0})
CLOUD = Policy("cloud", "Cloud", is_bulk=False, costs={"restore_wait_s": 60.0, "restore_per_gb": 0.5})
OFFERS = {("t", "tape"): TAPE, ("c", "cloud"): CLOUD}


def holding(pack: PackId, archive: str, policy: str, *volumes: str, size: int = 10**9) -> Holding:
    return Holding(
        pack=pack,
        archive=archive,
        policy=policy,
        job="1",
        size=size,
        sha1="00",
        archived_ns=1,
        external_ids=("x",),
        volumes=volumes,
    )


def test_a_plan_says_from_where_how_much_how_long_and_at_what_price() -> None:
    held = {
        A: [holding(A, "t", "tape", "T2", "T1")],
        B: [holding(B, "t", "tape", "T1", size=5)],
        C: [holding(C, "c", "cloud")],
    }
    plan = plan_recall([A, B, C, A], held, OFFERS)
    cloud, tape = plan.shares
    assert (plan.packs, plan.size, plan.lost) == (3, 2 * 10**9 + 5, ())
    assert (tape.volumes, tape.wait_s, tape.price) == (("T1", "T2"), 3600.0, None)
    assert (cloud.volumes, cloud.wait_s, cloud.price) == ((), 60.0, 0.5)
    assert plan.wanted() == [wanted(held[C][0]), wanted(held[A][0]), wanted(held[B][0])]


def test_of_several_archives_the_quickest_gives_it_back() -> None:
    held = {A: [holding(A, "t", "tape"), holding(A, "c", "cloud")]}
    assert [share.place for share in plan_recall([A], held, OFFERS).shares] == [("c", "cloud")]


def test_one_that_failed_comes_after_one_that_did_not() -> None:
    held = {A: [holding(A, "t", "tape"), holding(A, "c", "cloud")]}
    failed = {(A, ("c", "cloud"))}
    assert [share.place for share in plan_recall([A], held, OFFERS, failed).shares] == [("t", "tape")]


def test_one_that_is_not_there_comes_last_but_is_asked_when_there_is_no_other() -> None:
    held = {A: [holding(A, "gone", "tape"), holding(A, "t", "tape")], B: [holding(B, "gone", "tape")]}
    plan = plan_recall([A, B], held, OFFERS)
    assert {share.place: share.policy for share in plan.shares} == {("gone", "tape"): None, ("t", "tape"): TAPE}


def test_what_no_archive_holds_is_lost() -> None:
    plan = plan_recall([A, B], {B: [holding(B, "t", "tape")]}, OFFERS)
    assert (plan.packs, plan.lost) == (1, (A,))
