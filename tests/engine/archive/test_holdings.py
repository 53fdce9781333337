from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.engine.archive.rigging import holding

from yester.engine.archive.holdings import NOTHING, Holdings, Stock, add_up, holding_id, offline, where
from yester.engine.errors import Offline
from yester.engine.ids import PackId

PACKS = [PackId(bytes([number]) * 32) for number in range(3)]
JOBS = ["one", "two"]
HOLDINGS = [holding(pack, job=job, verified_ns=seen) for pack in PACKS for job in JOBS for seen in (0, 5)]
IDS = sorted({holding_id(each) for each in HOLDINGS})

some = st.lists(st.sampled_from(IDS), max_size=2, unique=True).map(tuple)
records = st.builds(
    Holdings,
    writer=st.just(bytes(16)),
    time_ns=st.integers(0, 9),
    held=st.lists(st.sampled_from(HOLDINGS), max_size=4).map(tuple),
    released=some,
    dropped=some,
)


def said(**what: object) -> Holdings:
    return Holdings(writer=bytes(16), time_ns=1, **what)  # type: ignore[arg-type]


def test_a_holding_is_known_by_pack_archive_and_job() -> None:
    """Fixed for ever (docs/format.md, section 4.5)."""
    assert holding_id(holding()).hex() == "7a5bc02173ccdefce57876cd9d51f5f1"
    others = (holding(b"q" * 32), holding(job="other"), replace(holding(), archive="another"))
    assert len({holding_id(each) for each in (holding(), *others)}) == 4
    assert holding_id(replace(holding(), verified_ns=9, external_ids=("x",), policy="x")) == holding_id(holding())


@settings(max_examples=40)
@given(st.lists(records, max_size=6), st.randoms())
def test_records_add_up_in_any_order(found: list[Holdings], chance: Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert add_up(shuffled) == add_up(found) == add_up([*found, *found])


@settings(max_examples=40)
@given(st.lists(records, max_size=6))
def test_what_counts_is_held_and_neither_released_nor_dropped(found: list[Holdings]) -> None:
    stock = add_up(found)
    held = {holding_id(each) for record in found for each in record.held}
    released = {id for record in found for id in record.released}
    dropped = {id for record in found for id in record.dropped}
    assert {holding_id(each) for each in stock.unneeded} == (held & released) - dropped
    counting = [each for packs in stock.held.values() for each in packs]
    assert {holding_id(each) for each in counting} == held - released - dropped
    assert all(pack == each.pack for pack, packs in stock.held.items() for each in packs)
    assert all(stock.held.values())
    for each in counting:
        seen = [other.verified_ns for record in found for other in record.held if holding_id(other) == holding_id(each)]
        assert each.verified_ns == max(seen)


@settings(max_examples=40)
@given(st.lists(records, max_size=4), st.lists(records, max_size=4))
def test_records_that_went_take_away_and_give_nothing(there: list[Holdings], gone: list[Holdings]) -> None:
    stripped = [replace(record, held=()) for record in gone]
    assert add_up(there, gone) == add_up([*there, *stripped])


def test_what_is_offline_and_what_is_verified() -> None:
    stock = add_up([said(held=(holding(PACKS[0]), holding(PACKS[1], verified_ns=0)))])
    assert stock.offline({PACKS[0], PACKS[2]}) == {PACKS[1]}
    assert [stock.is_verified(pack) for pack in PACKS] == [True, False, False]
    assert PACKS[0] in stock and PACKS[2] not in stock
    assert add_up([]) == NOTHING == Stock()


def test_the_error_says_where_it_is_and_what_to_do() -> None:
    error = offline("data.00", [holding(), replace(holding(), archive_name="", volumes=())])
    assert type(error) is Offline
    assert error.name == "data.00"
    places = "the archive LTO library on A00123 and in the archive guid"
    assert error.what == f"data.00 is offline: it is in {places}, and yester recall brings it back"
    assert "yester recall SNAPSHOT:PATH" in error.hint
    assert where(replace(holding(), volumes=tuple("ABCDE"))) == "the archive LTO library on A, B, C, …"
