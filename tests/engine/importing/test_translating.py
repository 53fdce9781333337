"""Back In Time's profiles as ours."""

import pytest

from yester.engine.errors import UsageError
from yester.engine.importing.config_file import ForeignProfile, read_config
from yester.engine.importing.translating import (
    DEFAULT_EXCLUDES,
    Translation,
    general_said,
    name_for,
    translate_profile,
)
from yester.engine.profiles.profile import LimitSpec, RetentionSpec, ScheduleSpec, SmartSpec
from yester.engine.profiles.reading import parse_profile
from yester.engine.profiles.sizes import Span
from yester.engine.profiles.writing import render

HOME = {"snapshots.include.size": "1", "snapshots.include.1.value": "/home/me", "snapshots.exclude.size": "0"}


def translated(**keys: str) -> Translation:
    said = HOME | {key.replace("__", "."): value for key, value in keys.items()}
    result = translate_profile(
        ForeignProfile("2", "Theirs", said), name="mine", id=bytes(16), repository="/r", own_folders=("own",)
    )
    # What is written is a profile, and says the same.
    again = parse_profile("mine", render(result.profile), "here")
    for part in ("sources", "filters", "schedule", "retention", "limits", "maintenance", "notify", "when_unchanged"):
        assert getattr(again, part) == getattr(result.profile, part)
    return result


def test_a_profile_with_nothing_said() -> None:
    profile = translated().profile
    assert profile.sources == (b"/home/me",)
    assert profile.filters.excludes == ("own",)
    assert not (profile.filters.defaults or profile.filters.caches or profile.filters.one_file_system)
    assert profile.schedule == ScheduleSpec()
    assert profile.retention == RetentionSpec(
        older_than=Span(months=120), min_free_size=1 << 30, min_free_inodes=2.0, keep_named=True
    )
    assert profile.limits == LimitSpec(nice=19, ionice="best-effort:7")
    assert profile.when_unchanged == "skip"
    assert profile.notify.on == "failure"
    assert profile.maintenance.forget
    assert profile.maintenance.prune == Span(days=7)


KINDS = {
    "0": ScheduleSpec(),
    "1": ScheduleSpec(when="boot"),
    "2": ScheduleSpec(when="minutes", every=5),
    "4": ScheduleSpec(when="minutes", every=10),
    "7": ScheduleSpec(when="minutes", every=30),
    "10": ScheduleSpec(when="hours", every=1),
    "12": ScheduleSpec(when="hours", every=2),
    "14": ScheduleSpec(when="hours", every=4),
    "16": ScheduleSpec(when="hours", every=6),
    "18": ScheduleSpec(when="hours", every=12),
    "19": ScheduleSpec(when="custom-hours", hours="8,9,10,18"),
    "20": ScheduleSpec(when="daily", at="02:05"),
    "25": ScheduleSpec(when="repeatedly", every=3, unit="weeks"),
    "27": ScheduleSpec(when="drive", drive="12-AB-34"),
    "30": ScheduleSpec(when="weekly", weekday=4, at="02:05"),
    "40": ScheduleSpec(when="monthly", day=28, at="02:05"),
    "80": ScheduleSpec(when="yearly", at="02:05"),
}


@pytest.mark.parametrize(("mode", "spec"), KINDS.items())
def test_when_runs_start(mode: str, spec: ScheduleSpec) -> None:
    result = translated(
        schedule__mode=mode,
        schedule__time="205",
        schedule__custom_time="8-10,18",
        schedule__weekday="4",
        schedule__day="28",
        schedule__repeatedly__period="3",
        schedule__repeatedly__unit="30",
        snapshots__path__uuid="12-AB-34",
    )
    assert result.profile.schedule == spec


@pytest.mark.parametrize(
    "keys",
    [
        {"schedule__mode": "3"},
        {"schedule__mode": "20", "schedule__time": "2400"},
        {"schedule__mode": "19", "schedule__custom_time": "*/0"},
        {"schedule__mode": "27"},
        {"schedule__mode": "40", "schedule__day": "31"},
        {"schedule__mode": "25", "schedule__repeatedly__period": "0"},
    ],
)
def test_a_schedule_that_cannot_be_kept_is_said(keys: dict[str, str]) -> None:
    result = translated(**keys)
    assert result.profile.schedule == ScheduleSpec()
    assert any("chedule" in note for note in result.notes)


def test_what_is_left_out() -> None:
    result = translated(
        snapshots__path="/media/disk/",
        snapshots__exclude__size="3",
        snapshots__exclude__1__value="*.iso",
        snapshots__exclude__2__value="a**b",
        snapshots__exclude__3__value="[[:digit:]]x",
        snapshots__exclude__bysize__enabled="true",
        snapshots__one_file_system="1",
    )
    filters = result.profile.filters
    assert filters.excludes == ("/media/disk", "own", "*.iso", "a*b", "a*/**/*b")
    assert filters.larger_than == 500 << 20
    assert filters.one_file_system
    assert any("[[:digit:]]x" in note for note in result.notes)


def test_without_a_list_its_default_one_counts() -> None:
    said = {key: value for key, value in HOME.items() if "exclude" not in key}
    profile = translate_profile(
        ForeignProfile("1", "x", said), name="x", id=bytes(16), repository="", own_folders=()
    ).profile
    assert profile.filters.excludes == DEFAULT_EXCLUDES
    assert len(DEFAULT_EXCLUDES) == 22


def test_retention() -> None:
    profile = translated(
        snapshots__remove_old_snapshots__value="3",
        snapshots__remove_old_snapshots__unit="30",
        snapshots__smart_remove="true",
        snapshots__smart_remove__keep_one_per_day="9",
        snapshots__min_free_space__value="500",
        snapshots__min_free_space__unit="10",
        snapshots__min_free_inodes__enabled="false",
        snapshots__dont_remove_named_snapshots="false",
    ).profile
    assert profile.retention == RetentionSpec(
        older_than=Span(days=27), smart=SmartSpec(2, 9, 4, 24), min_free_size=500 << 20, keep_named=False
    )


def test_nothing_to_keep_by() -> None:
    profile = translated(
        snapshots__remove_old_snapshots__enabled="false",
        snapshots__min_free_space__enabled="false",
        snapshots__min_free_inodes__enabled="false",
    ).profile
    assert not profile.maintenance.forget


def test_limits() -> None:
    profile = translated(
        snapshots__bwlimit__enabled="true",
        snapshots__cron__nice="false",
        snapshots__cron__ionice="false",
        snapshots__no_on_battery="true",
    ).profile
    assert profile.limits == LimitSpec(upload=3000 << 10, on_battery="skip")


def test_every_key_is_accounted_for() -> None:
    result = translated(
        snapshots__copy_links="true",
        snapshots__copy_unsafe_links="false",
        snapshots__rsync_options__enabled="true",
        snapshots__rsync_options__value="--sparse",
        snapshots__ssh__host="h",
        snapshots__ssh__password__save="true",
        snapshots__what_is_this="1",
    )
    said = {each.key: (each.verdict, each.words) for each in result.said}
    assert said["snapshots.include.1.value"] == ("taken", "sources")
    assert said["snapshots.copy_links"][0] == "lost"
    assert said["snapshots.copy_unsafe_links"] == ("ignored", "it is off")
    assert said["snapshots.rsync_options.enabled"][0] == "lost"
    assert said["snapshots.ssh.password.save"][1] == "the repository has a passphrase of its own"
    assert said["snapshots.what_is_this"] == ("ignored", "unknown to yester")
    general = general_said(read_config("profiles=1\nprofile1.name=x\nqt.last_path=/\nglobal.new=1\n", "c"))
    assert [each.words for each in general] == ["unknown to yester", "how to read the file", "it is about its windows"]


@pytest.mark.parametrize("mode", ["ssh", "local_encfs", "ssh_encfs"])
def test_other_targets_come_with_a_note(mode: str) -> None:
    assert any("--snapshots-from" in note for note in translated(snapshots__mode=mode).notes)


def test_a_profile_without_sources_is_refused() -> None:
    foreign = ForeignProfile("1", "empty", {"snapshots.include.size": "1", "snapshots.include.1.value": "relative"})
    with pytest.raises(UsageError, match="includes no folder"):
        translate_profile(foreign, name="x", id=bytes(16), repository="", own_folders=())


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Main profile", "Main profile"),
        ("a/b", "a-b"),
        ("docs", "docs-2"),
        (".hidden", "profile .hidden"),
        ("", "profile"),
    ],
)
def test_names(theirs: str, ours: str) -> None:
    assert name_for(theirs, {"docs"}) == ours
