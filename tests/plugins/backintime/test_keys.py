"""A profile in Back In Time's keys; what can be said there comes back as it was."""

import pytest

from yester.engine.importing.config_file import read_config
from yester.engine.importing.translating import translate_profile
from yester.engine.profiles.numbers import Numbered
from yester.engine.profiles.profile import (
    FilterSpec,
    LimitSpec,
    Profile,
    RetentionSpec,
    ScheduleSpec,
    SmartSpec,
)
from yester.engine.profiles.sizes import Span
from yester.plugins.backintime.keys import as_file, config_keys, info_keys, named, profile_keys

NUMBERED = Numbered(3, "ab", "123", "docs")


def back(profile: Profile) -> Profile:
    keys = config_keys({3: profile_keys(profile, NUMBERED, "/view", "host", "me")})
    foreign = read_config(as_file(keys).decode(), "config").profiles[0]
    assert (foreign.number, foreign.name) == ("3", "docs")
    return translate_profile(foreign, name="docs", id=b"", repository="", own_folders=()).profile


@pytest.mark.parametrize(
    "schedule",
    [
        ScheduleSpec(),
        ScheduleSpec("boot"),
        ScheduleSpec("minutes", 10),
        ScheduleSpec("hours", 6),
        ScheduleSpec("daily", at="13:05"),
        ScheduleSpec("weekly", at="01:00", weekday=3),
        ScheduleSpec("monthly", day=28),
        ScheduleSpec("custom-hours", hours="8,12"),
        ScheduleSpec("repeatedly", 3, "weeks"),
        ScheduleSpec("drive", drive="1234-ABCD"),
    ],
)
def test_schedules_come_back(schedule: ScheduleSpec) -> None:
    assert back(Profile("docs", b"", (b"/home",), schedule=schedule)).schedule == schedule


def test_the_rest_comes_back() -> None:
    profile = Profile(
        "docs",
        b"",
        (b"/home", b"/etc"),
        filters=FilterSpec(("*.o",), larger_than=7 << 20, one_file_system=True),
        retention=RetentionSpec(
            older_than=Span(months=24), smart=SmartSpec(1, 2, 3, 4), min_free_size=5 << 30, min_free_inodes=3.0
        ),
        limits=LimitSpec(upload=100 << 10, nice=19, on_battery="skip"),
        when_unchanged="skip",
    )
    found = back(profile)
    assert (found.sources, found.retention, found.when_unchanged) == (profile.sources, profile.retention, "skip")
    assert (found.filters.larger_than, found.filters.one_file_system) == (7 << 20, True)
    assert "*.o" in found.filters.excludes
    assert (found.limits.upload, found.limits.on_battery) == (100 << 10, "skip")


def test_info() -> None:
    keys = {**info_keys(NUMBERED, "host", "me", "20261120-170312-123"), **named("user", "uid", {7: "me", 0: "root"})}
    assert as_file(keys).decode().splitlines() == [
        "snapshot_date=20261120-170312",
        "snapshot_machine=host",
        "snapshot_profile_id=3",
        "snapshot_tag=123",
        "snapshot_user=me",
        "snapshot_version=3",
        "user.1.name=root",
        "user.1.uid=0",
        "user.2.name=me",
        "user.2.uid=7",
        "user.size=2",
    ]


def test_a_line_feed_begins_no_line_of_its_own() -> None:
    assert as_file({"name": "a\nconfig.version=1"}) == b"name=a config.version=1\n"
