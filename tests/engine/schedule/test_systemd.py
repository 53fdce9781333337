"""The texts of units: as they are written, and as systemd reads them."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.schedule.plans import calendar_plans, repeated_plans

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import LimitSpec, Profile, ScheduleSpec
from yester.engine.schedule.launch import Launch, fingerprint_in
from yester.engine.schedule.pattern import pattern_of
from yester.engine.schedule.systemd import on_calendar, unit_texts
from yester.engine.schedule.units import Units

LAUNCH = Launch((b"/bin/true",), (("PATH", b"/usr/bin:/bin"),))


def profile(spec: ScheduleSpec, name: str = "my docs", limits: LimitSpec | None = None) -> Profile:
    return Profile(name=name, id=bytes(16), sources=(b"/home",), schedule=spec, limits=limits or LimitSpec())


def body(text: str) -> str:
    """Return a unit's text without its first line, which bears a digest."""
    return text.partition("\n\n")[2]


def test_a_daily_run() -> None:
    limits = LimitSpec(nice=10, ionice="best-effort:7")
    texts = unit_texts(profile(ScheduleSpec(when="daily", at="02:30"), limits=limits), LAUNCH)
    assert list(texts) == ["yester-my\\x20docs.service", "yester-my\\x20docs.timer"]
    service, timer = texts.values()
    assert body(service) == (
        "[Unit]\nDescription=yester: snapshot of my docs\n\n"
        '[Service]\nType=oneshot\nEnvironment="PATH=/usr/bin:/bin"\nExecStart=/bin/true "snap" "my docs"\n'
        "KillMode=process\nNice=10\nIOSchedulingClass=best-effort\nIOSchedulingPriority=7\n"
    )
    assert body(timer) == (
        "[Unit]\nDescription=yester: snapshot of my docs, every day at 02:30\n\n"
        "[Timer]\nOnCalendar=*-*-* 02:30:00\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    )


def test_a_run_when_the_last_one_is_too_old() -> None:
    service, timer = unit_texts(profile(ScheduleSpec(when="repeatedly", every=3)), LAUNCH).values()
    assert 'ExecStart=/bin/true "snap" "--if-due" "my docs"\n' in service
    assert "OnCalendar=*-*-* *:00:00\nPersistent=true\nRandomizedDelaySec=5min\n" in timer


def test_a_run_at_the_start_of_the_machine() -> None:
    _, timer = unit_texts(profile(ScheduleSpec(when="boot")), LAUNCH).values()
    assert "[Timer]\nOnBootSec=2min\n\n" in timer


def test_a_run_when_a_drive_connects() -> None:
    texts = unit_texts(profile(ScheduleSpec(when="drive", drive="1F2E-33"), "usb"), LAUNCH)
    assert list(texts) == ["yester-usb.service"]
    text = texts["yester-usb.service"]
    assert "After=dev-disk-by\\x2duuid-1F2E\\x2d33.device\n" in text
    assert 'ExecStartPre=/bin/true "schedule" "wait-for-drive" "1F2E-33"\nExecStart=' in text
    assert text.endswith("[Install]\nWantedBy=dev-disk-by\\x2duuid-1F2E\\x2d33.device\n")


@pytest.mark.parametrize(("drive", "link"), [("PARTUUID=5678-01", "partuuid-5678"), ("LABEL=A_B", "label-A_B")])
def test_a_drive_that_has_no_uuid(drive: str, link: str, tmp_path: Path) -> None:
    texts = unit_texts(profile(ScheduleSpec(when="drive", drive=drive), "usb"), LAUNCH)
    text = texts["yester-usb.service"]
    assert f"After=dev-disk-by\\x2d{link}".replace("-5678", "-5678\\x2d01") in text
    assert f'"wait-for-drive" "{drive}"\n' in text
    assert Units(tmp_path).check(texts) == ""


def test_without_a_schedule_there_are_none() -> None:
    assert unit_texts(profile(ScheduleSpec()), LAUNCH) == {}


def test_a_missed_run_is_not_made_up_for_when_it_should_not_be() -> None:
    _, timer = unit_texts(profile(ScheduleSpec(when="daily", catch_up=False)), LAUNCH).values()
    assert "Persistent" not in timer


def test_texts_tell_what_they_were_made_of_whatever_the_shell_has_set() -> None:
    daily, other = ScheduleSpec(when="daily"), Launch(LAUNCH.program, (("PATH", b"/else"),))
    first, again, later = (
        {name: fingerprint_in(text.encode()) for name, text in unit_texts(profile(spec), launch).items()}
        for spec, launch in ((daily, LAUNCH), (daily, other), (ScheduleSpec(when="daily", at="03:00"), LAUNCH))
    )
    assert first == again
    assert all(first[name] and first[name] != later[name] for name in first)


odd_names = st.from_regex(r"\w[\w.+ -]{0,63}", fullmatch=True).filter(lambda name: not name.endswith(" "))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    spec=st.one_of(calendar_plans, repeated_plans, st.just(ScheduleSpec(when="boot"))),
    name=odd_names,
    folder=st.sampled_from(("yester", "a b%c$d", 'q"u\\o', "naïve", os.fsdecode(b"caf\xe9"))),
)
def test_systemd_takes_the_units(spec: ScheduleSpec, name: str, folder: str, tmp_path: Path) -> None:
    program = tmp_path / folder / "yester"
    program.parent.mkdir(exist_ok=True)
    if not program.exists():
        program.symlink_to("/bin/true")
    launch = Launch((os.fsencode(program),), (("PATH", os.fsencode(program.parent) + b":/bin"),))
    texts = unit_texts(profile(spec, name, LimitSpec(nice=-5, ionice="idle")), launch)
    assert Units(tmp_path).check(texts) == ""


def test_systemd_refuses_in_its_own_words(tmp_path: Path) -> None:
    texts = unit_texts(profile(ScheduleSpec(when="daily")), Launch((b"/no/such/program",)))
    with pytest.raises(UsageError, match=r"/no/such/program is not executable") as refused:
        Units(tmp_path).check(texts)
    assert "yester-units-" not in refused.value.what


def test_times_that_systemd_does_not_take_are_refused(tmp_path: Path) -> None:
    texts = {"x.timer": "[Timer]\nOnCalendar=*-*-* 42:00:00\n"}
    with pytest.raises(UsageError, match=r"systemd does not take the times \*-\*-\* 42:00:00"):
        Units(tmp_path).check(texts)


@given(calendar_plans)
@settings(max_examples=25)
def test_calendars_are_in_systemds_own_form(spec: ScheduleSpec) -> None:
    pattern = pattern_of(spec)
    assert pattern is not None
    command = ["systemd-analyze", "calendar", on_calendar(pattern)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"})
    assert f"Normalized form: {on_calendar(pattern)}" in said.stdout
