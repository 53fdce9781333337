"""Our lines in a crontab, and everybody else's."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.schedule.plans import calendar_plans
from tests.engine.schedule.test_systemd import profile

from yester.engine.profiles.profile import ScheduleSpec
from yester.engine.schedule.cron import block_in, cron_block, with_block
from yester.engine.schedule.launch import Launch
from yester.engine.schedule.times import next_times

LAUNCH = Launch((b"/usr/bin/yester",))

LINES = {
    "minutes": (ScheduleSpec(when="minutes", every=30), ["0,30 * * * * S"]),
    "hours": (ScheduleSpec(when="hours", every=6, at="01:15"), ["15 1,7,13,19 * * * S", "@reboot D"]),
    "daily": (ScheduleSpec(when="daily", at="02:30", catch_up=False), ["30 2 * * * S"]),
    "sunday": (ScheduleSpec(when="weekly", weekday=7, catch_up=False), ["0 0 * * 0 S"]),
    "monthly": (ScheduleSpec(when="monthly", day=28, catch_up=False), ["0 0 28 * * S"]),
    "yearly": (ScheduleSpec(when="yearly", day=24, month=12, catch_up=False), ["0 0 24 12 * S"]),
    "repeatedly": (ScheduleSpec(when="repeatedly"), ["0 * * * * D"]),
    "boot": (ScheduleSpec(when="boot"), ["@reboot S"]),
    "off": (ScheduleSpec(), []),
    "drive": (ScheduleSpec(when="drive", drive="1234-ABCD"), []),
}


@pytest.mark.parametrize(("spec", "lines"), LINES.values(), ids=LINES)
def test_the_lines_of_a_schedule(spec: ScheduleSpec, lines: list[str]) -> None:
    block = cron_block(profile(spec), LAUNCH).decode()
    snap = "/usr/bin/yester snap 'my docs' >/dev/null"
    wanted = [line.replace("S", snap).replace("D", snap.replace("snap", "snap --if-due")) for line in lines]
    if not lines:
        assert block == ""
        return
    first, why, *middle, last = block.splitlines()
    assert (first, middle, last) == ("# >>> yester my docs", wanted, "# <<< yester my docs")
    assert why.startswith("# ")


def fires(fields: str, moment: datetime) -> bool:
    """Whether the five fields name that minute, by crontab(5)."""
    values = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    return all(f == "*" or v in map(int, f.split(",")) for f, v in zip(fields.split(), values, strict=True))


@given(calendar_plans, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_cron_fires_at_the_times_that_are_shown(spec: ScheduleSpec, after: datetime) -> None:
    line = cron_block(profile(spec), LAUNCH).decode().splitlines()[2]
    fields = " ".join(line.split(" ")[:5])
    first, second = next_times(spec, after.replace(tzinfo=ZoneInfo("UTC")), 2)
    assert fires(fields, first)
    assert fires(fields, second)
    between = (first + timedelta(minutes=step) for step in range(1, 3000))
    assert all(not fires(fields, moment) for moment in between if moment < second)


tables = st.lists(
    st.one_of(st.binary(max_size=30).filter(lambda line: b"\n" not in line), st.just(b"# >>> yester other"))
).map(b"\n".join)


@given(tables, st.booleans())
def test_everything_else_stays_byte_for_byte(table: bytes, ended: bool) -> None:
    table += b"\n" if ended and table else b""
    block = cron_block(profile(ScheduleSpec(when="daily")), LAUNCH)
    added = with_block(table, "my docs", block)
    assert added.startswith(table)
    assert block_in(added, "my docs") == block
    assert with_block(added, "my docs", block) == added
    assert with_block(added, "my docs", b"") in (table, table + b"\n")


def test_a_block_is_replaced_where_it_stands() -> None:
    old, new = (cron_block(profile(ScheduleSpec(when="daily", at=at)), LAUNCH) for at in ("01:00", "02:00"))
    other = cron_block(profile(ScheduleSpec(when="daily"), "my docs 2"), LAUNCH)
    assert with_block(b"1 * * * * a\n" + old + other + b"2 * * * * b", "my docs", new) == (
        b"1 * * * * a\n" + new + other + b"2 * * * * b"
    )


def test_a_block_whose_end_was_deleted_does_not_swallow_what_follows() -> None:
    block = cron_block(profile(ScheduleSpec(when="daily")), LAUNCH)
    broken = block.rpartition(b"# <<<")[0] + b"5 * * * * mine\n"
    other = cron_block(profile(ScheduleSpec(when="daily"), "other"), LAUNCH)
    table = broken + other
    assert block_in(table, "my docs") == b""
    assert with_block(table, "my docs", b"") == table
