from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.retention.snapshots import Made, days, instant, numbered, plan, whens, why

from yester.engine.profiles.profile import RetentionSpec, SmartSpec
from yester.engine.profiles.sizes import Span
from yester.engine.retention.plan import emptied_series, plan_retention
from yester.engine.retention.reasons import Rule
from yester.engine.retention.series import is_good, series_of
from yester.engine.sealed.records import Snapshot

NOW = "2026-11-20T18:00"
BERLIN = ZoneInfo("Europe/Berlin")


def every(first: str, step: timedelta, count: int) -> list[Made]:
    """So many snapshots at equal distances."""
    start = datetime.fromisoformat(first)
    return [Made((start + step * place).isoformat()) for place in range(count)]


DAYS = every("2026-11-01T12:00", timedelta(days=1), 20)


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        (RetentionSpec(keep_last=3), ["2026-11-18", "2026-11-19", "2026-11-20"]),
        (RetentionSpec(keep_daily=2), ["2026-11-19", "2026-11-20"]),
        (RetentionSpec(keep_weekly=3), ["2026-11-08", "2026-11-15", "2026-11-20"]),
        (RetentionSpec(keep_monthly=12), ["2026-11-20"]),
        (RetentionSpec(keep_yearly=1, keep_last=2), ["2026-11-19", "2026-11-20"]),
        (RetentionSpec(keep_within=Span(days=2)), ["2026-11-18", "2026-11-19", "2026-11-20"]),
        (RetentionSpec(keep_within=Span(seconds=36 * 3600)), ["2026-11-19", "2026-11-20"]),
        (RetentionSpec(older_than=Span(days=2)), ["2026-11-18", "2026-11-19", "2026-11-20"]),
        (RetentionSpec(older_than=Span(seconds=36 * 3600)), ["2026-11-19", "2026-11-20"]),
        (RetentionSpec(keep_last=9, older_than=Span(days=1)), ["2026-11-19", "2026-11-20"]),
    ],
)
def test_rules(spec: RetentionSpec, kept: list[str]) -> None:
    assert days(plan(DAYS, spec, NOW).keep) == kept


def test_months_count_from_the_first_of_the_month_when_they_say_what_is_too_old() -> None:
    made = [Made("2026-08-31"), Made("2026-09-01"), Made("2026-09-19"), Made("2026-11-20")]
    found = plan(made, RetentionSpec(older_than=Span(months=2)), NOW)
    assert days(found.keep) == ["2026-09-01", "2026-09-19", "2026-11-20"]
    assert why(found, "2026-08-31") == ["older than 2m"]
    assert why(found, "2026-09-01") == ["not older than 2m"]


def test_periods_without_a_snapshot_do_not_count() -> None:
    made = [Made("2024-02-01"), Made("2025-07-01"), Made("2026-11-20")]
    assert plan(made, RetentionSpec(keep_daily=3), NOW).remove == ()


def test_all_reasons_are_given() -> None:
    found = plan(DAYS, RetentionSpec(keep_last=1, keep_hourly=1, keep_weekly=2, keep_yearly=1), NOW)
    assert why(found, "2026-11-20T12:00") == [
        "one of the last 1",
        "newest of the hour 2026-11-20 12h",
        "newest of the week 2026-W47",
        "newest of the year 2026",
        "newest of its series",
        "last good one",
    ]
    assert why(found, "2026-11-15T12:00") == ["newest of the week 2026-W46"]
    assert why(found, "2026-11-14T12:00") == ["no rule keeps it"]


def test_what_a_person_said_stays() -> None:
    made = [
        Made("2026-11-01", pinned=True),
        Made("2026-11-02", name="before"),
        Made("2026-11-03", tags=("a", "keep")),
        Made("2026-11-04", tags=("a",)),
        Made("2026-11-05"),
    ]
    spec = RetentionSpec(keep_last=1, keep_tags=("keep",), older_than=Span(days=3))
    found = plan(made, spec, NOW)
    assert days(found.keep) == ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-05"]
    assert [why(found, f"2026-11-0{day}") for day in (1, 2, 3)] == [["pinned"], ["has a name"], ["tag keep"]]
    assert days(plan(made, replace(spec, keep_named=False), NOW).keep) == ["2026-11-01", "2026-11-03", "2026-11-05"]


@pytest.mark.parametrize("spec", [RetentionSpec(), RetentionSpec(keep_tags=("x",)), RetentionSpec(keep_named=False)])
def test_where_nothing_is_set_nothing_goes(spec: RetentionSpec) -> None:
    made = [*DAYS, Made("2026-11-20T13:00", partial=True), Made("2026-11-20T14:00")]
    found = plan(made, spec, NOW)
    assert found.remove == ()
    assert why(found, "2026-11-01T12:00") == ["no rule is set"]


def test_each_series_by_itself() -> None:
    made = [
        Made("2026-11-01", host="a"),
        Made("2026-11-02", host="a"),
        Made("2026-11-03", host="b"),
        Made("2026-11-04", host="a", profile="other"),
        Made("2026-11-05", host="b"),
    ]
    found = plan(made, RetentionSpec(keep_last=1), NOW)
    assert days(found.remove) == ["2026-11-01", "2026-11-03"]


def test_partial_snapshots_take_no_place_and_go_when_a_later_one_is_complete() -> None:
    made = [
        Made("2026-11-01"),
        Made("2026-11-02", partial=True),
        Made("2026-11-03"),
        Made("2026-11-04", partial=True),
        Made("2026-11-05", partial=True, pinned=True),
    ]
    found = plan(made, RetentionSpec(keep_last=2), NOW)
    assert days(found.remove) == ["2026-11-02"]
    assert why(found, "2026-11-02") == ["partial, and a later one is complete"]
    assert why(found, "2026-11-04") == ["partial, and none since is complete"]
    assert days(plan(made[3:], RetentionSpec(keep_last=1), NOW).keep) == ["2026-11-04", "2026-11-05"]


def test_a_failed_run_does_not_push_out_a_series() -> None:
    """Files that fail do not make a snapshot bad: many a home has one that nobody can read."""
    made = [Made("2026-11-01"), Made("2026-11-02", failed=3)]
    assert days(plan(made, RetentionSpec(keep_last=1), NOW).keep) == ["2026-11-02"]


def test_a_suspicious_snapshot_takes_a_place_but_the_last_good_one_stays() -> None:
    """A source was not mounted for a week: what was there before stays until it is there again."""
    good = Made("2026-11-01")
    empty = [Made(f"2026-11-{day:02}", suspicious=True) for day in range(2, 9)]
    found = plan([good, *empty], RetentionSpec(keep_last=2), NOW)
    assert days(found.keep) == ["2026-11-01", "2026-11-07", "2026-11-08"]
    assert why(found, "2026-11-01") == ["last good one"]
    assert days(plan([good, *empty, Made("2026-11-09")], RetentionSpec(keep_last=1), NOW).keep) == ["2026-11-09"]


def test_of_a_period_the_newest_good_one_is_kept() -> None:
    made = [Made("2026-11-18T08:00"), Made("2026-11-18T20:00", suspicious=True), Made("2026-11-19")]
    assert whens(plan(made, RetentionSpec(keep_daily=2), NOW).keep) == ["2026-11-18 08:00", "2026-11-19 00:00"]


# Clocks.


def test_an_hour_that_the_clock_runs_through_twice_is_two_hours() -> None:
    made = [Made("2026-10-25T00:30"), Made("2026-10-25T00:40"), Made("2026-10-25T01:30"), Made("2026-10-25T01:40")]
    found = plan(made, RetentionSpec(keep_hourly=4), NOW, BERLIN)
    assert whens(found.keep) == ["2026-10-25 00:40", "2026-10-25 01:40"]
    assert why(found, "2026-10-25T00:40") == ["newest of the hour 2026-10-25 02h"]
    assert "newest of the hour 2026-10-25 02h again" in why(found, "2026-10-25T01:40")


def test_hours_are_counted_by_the_instant_also_where_the_clock_jumps() -> None:
    made = [Made("2026-10-25T00:29"), Made("2026-10-25T00:31"), Made("2026-10-25T01:30")]
    found = plan(made, RetentionSpec(keep_within=Span(seconds=3600)), NOW, BERLIN)
    assert whens(found.keep) == ["2026-10-25 00:31", "2026-10-25 01:30"]


def test_days_are_those_of_the_zone() -> None:
    made = [Made("2026-11-18T22:59"), Made("2026-11-18T23:01"), Made("2026-11-19T22:59")]
    assert whens(plan(made, RetentionSpec(keep_daily=9), NOW, UTC).keep) == ["2026-11-18 23:01", "2026-11-19 22:59"]
    assert whens(plan(made, RetentionSpec(keep_daily=9), NOW, BERLIN).keep) == ["2026-11-18 22:59", "2026-11-19 22:59"]


def test_of_two_in_one_second_the_later_number_is_the_newer() -> None:
    made = [Made("2026-11-19", sequence=7), Made("2026-11-19", sequence=8)]
    [kept] = plan(made, RetentionSpec(keep_last=1), NOW).keep
    assert kept.snapshot.sequence == 8


def test_one_from_the_future_takes_no_place_and_stays() -> None:
    made = [Made("2026-11-18"), Made("2027-01-01"), Made("2026-11-19"), Made("2026-11-20")]
    found = plan(made, RetentionSpec(keep_last=2), NOW)
    assert days(found.keep) == ["2026-11-19", "2026-11-20", "2027-01-01"]
    assert why(found, "2027-01-01") == ["its time is yet to come"]


def test_what_was_taken_last_stays_though_its_clock_had_gone_back() -> None:
    """A machine whose clock starts in 1970: the snapshot must not go before another one is there."""
    made = [Made("2026-11-18"), Made("2026-11-19"), Made("1970-01-01T00:10")]
    spec = RetentionSpec(keep_last=1, older_than=Span(days=30))
    assert days(plan(made, spec, NOW).keep) == ["1970-01-01", "2026-11-19"]
    made.append(Made("2026-11-20"))
    assert days(plan(made, spec, NOW).keep) == ["2026-11-20"]


def test_times_that_no_calendar_has() -> None:
    [made] = numbered([Made("2026-11-01")])
    for time_ns in (-(2**62), 2**62, -(10**40), 10**40):
        snapshot = Snapshot(
            **{**{name: getattr(made.snapshot, name) for name in Snapshot.__struct_fields__}, "time_ns": time_ns}
        )
        spec = RetentionSpec(keep_last=1, keep_daily=1, smart=SmartSpec(), older_than=Span(days=1))
        assert plan_retention([(made.id, snapshot)], {}, spec, made.time_ns).remove == ()


def test_rules_that_leave_only_the_safeguards_are_noticed() -> None:
    old = [Made("2026-01-01"), Made("2026-01-02")]
    found = plan(old, RetentionSpec(older_than=Span(days=30)), NOW)
    [emptied] = emptied_series(found)
    assert emptied.snapshot.profile == "docs"
    assert emptied_series(plan([*old, Made("2026-11-20")], RetentionSpec(older_than=Span(days=30)), NOW)) == []
    assert emptied_series(plan(old, RetentionSpec(keep_last=1), NOW)) == []
    assert emptied_series(plan(old[:1], RetentionSpec(older_than=Span(days=30)), NOW)) == []


# Properties.


START = datetime(2024, 12, 20, tzinfo=UTC)
SERIES = st.lists(
    st.builds(
        lambda minute, failed, partial, suspicious, pinned, name, host: Made(
            (START + timedelta(minutes=minute)).isoformat(),
            failed=failed,
            partial=partial,
            suspicious=suspicious,
            pinned=pinned,
            name="name" if name else None,
            host=host,
        ),
        st.integers(0, 3 * 365 * 24 * 60),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([False] * 9 + [True]),
        st.sampled_from([False] * 9 + [True]),
        st.sampled_from(["a", "a", "b"]),
    ),
    max_size=40,
)
COUNTS = st.integers(0, 5)
SPANS = st.none() | st.builds(Span, st.integers(0, 5), st.integers(0, 40), st.sampled_from([0, 0, 1800, 90_000]))
SPECS = st.builds(
    RetentionSpec,
    keep_last=COUNTS,
    keep_hourly=COUNTS,
    keep_daily=COUNTS,
    keep_weekly=COUNTS,
    keep_monthly=COUNTS,
    keep_yearly=COUNTS,
    keep_within=SPANS,
    keep_named=st.booleans(),
    older_than=SPANS,
    smart=st.none() | st.builds(SmartSpec, COUNTS, COUNTS, COUNTS, COUNTS),
)
NOWS = st.integers(0, 4 * 365 * 24).map(lambda hours: (START + timedelta(hours=hours)).isoformat())
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("America/Havana"), ZoneInfo("Australia/Lord_Howe")])


@given(SERIES, SPECS, NOWS, ZONES)
def test_every_snapshot_is_judged_once_and_no_series_is_emptied(
    made: list[Made], spec: RetentionSpec, now: str, zone: ZoneInfo
) -> None:
    found = plan(made, spec, now, zone)
    judged = [each.id for each in found.decisions]
    assert sorted(judged) == sorted(each.id for each in numbered(made))
    assert {*found.keep} | {*found.remove} == {*found.decisions} and not {*found.keep} & {*found.remove}
    assert all(each.reasons for each in found.decisions)
    assert all(len(each.reasons) == 1 for each in found.remove)
    for series in {series_of(each.snapshot) for each in found.decisions}:
        mine = [each for each in found.decisions if series_of(each.snapshot) == series]
        kept = [each for each in mine if each.kept]
        assert kept
        good = [each for each in mine if is_good(each.snapshot) and Rule.FUTURE not in each.rules]
        assert not good or good[-1].kept


@given(SERIES, SPECS, NOWS, ZONES)
def test_removing_again_removes_nothing(made: list[Made], spec: RetentionSpec, now: str, zone: ZoneInfo) -> None:
    found = plan(made, spec, now, zone)
    kept = {each.id for each in found.keep}
    again = plan([each for each in numbered(made) if each.id in kept], spec, now, zone)
    assert again.remove == ()


MORE_GENEROUS: dict[str, Callable[[Any], Any]] = {
    "keep_last": lambda count: count + 1,
    "keep_hourly": lambda count: count + 2,
    "keep_daily": lambda count: count + 1,
    "keep_weekly": lambda count: count + 1,
    "keep_monthly": lambda count: count + 3,
    "keep_yearly": lambda count: count + 1,
    "keep_within": lambda span: replace(span, days=span.days + 9) if span else Span(days=3),
    "keep_named": lambda _: True,
    "keep_tags": lambda _: ("tag",),
    "smart": lambda smart: (
        SmartSpec(smart.keep_all + 1, smart.per_day + 1, smart.per_week + 1, smart.per_month + 1)
        if smart
        else SmartSpec()
    ),
}


@given(SERIES, SPECS, NOWS, ZONES, st.sampled_from(sorted(MORE_GENEROUS)))
def test_a_more_generous_spec_keeps_all_that_the_other_keeps(
    made: list[Made], spec: RetentionSpec, now: str, zone: ZoneInfo, what: str
) -> None:
    spec = replace(spec, keep_last=spec.keep_last + 1)  # where nothing thins out, the first rule makes something go
    more = replace(spec, **{what: MORE_GENEROUS[what](getattr(spec, what))})
    assert {each.id for each in plan(made, spec, now, zone).keep} <= {
        each.id for each in plan(made, more, now, zone).keep
    }


@given(SERIES, SPECS, NOWS, st.integers(1, 60))
def test_what_counts_as_old_later_keeps_more(made: list[Made], spec: RetentionSpec, now: str, more: int) -> None:
    """Where none failed: else a window's healthy snapshot, no longer too old, takes the place of a failed one."""
    made = [replace(each, failed=0) for each in made]
    spec = replace(spec, older_than=Span(days=30), keep_last=0, keep_within=None)
    spec = replace(spec, keep_hourly=0, keep_daily=0, keep_weekly=0, keep_monthly=0, keep_yearly=0)
    longer = replace(spec, older_than=Span(days=30 + more))
    assert {each.id for each in plan(made, spec, now).keep} <= {each.id for each in plan(made, longer, now).keep}


@given(SERIES, SPECS, NOWS, st.integers(0, 400 * 24))
def test_what_is_kept_later_was_kept_before(made: list[Made], spec: RetentionSpec, now: str, hours: int) -> None:
    """Time alone brings nothing back, so that forgetting more often forgets nothing that would have been kept."""
    later = (datetime.fromisoformat(now) + timedelta(hours=hours)).isoformat()
    made = sorted(made, key=lambda each: each.time_ns)
    assert {each.id for each in plan(made, spec, later).keep} <= {each.id for each in plan(made, spec, now).keep}


def test_what_write_only_clients_add_pushes_nothing_out() -> None:
    real = [Made(f"2026-01-0{day}T12:00") for day in range(1, 6)]
    lies = [Made(f"2026-01-06T12:{minute:02}", host=real[0].host) for minute in range(20)]
    made = numbered([*real, *lies])
    result = plan_retention(
        [(each.id, each.snapshot) for each in made],
        {},
        RetentionSpec(keep_last=3),
        instant("2026-02-01"),
        UTC,
        apart={each.id for each in made[5:]},
    )
    assert days(result.keep) == ["2026-01-03", "2026-01-04", "2026-01-05", *["2026-01-06"] * 3]
