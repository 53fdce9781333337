"""Whether anything starts a profile's runs, and what it costs to know."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import CRONTAB, SYSTEMCTL, said, stand_in

from yester.engine.profiles.profile import Profile, ScheduleSpec
from yester.engine.schedule import starters
from yester.engine.schedule.installing import carry_out, plan_schedule, remove_schedule
from yester.engine.schedule.launch import Launch
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.started import WORDS, Started, mending, started
from yester.engine.schedule.starters import Starters
from yester.engine.schedule.units import Units

DAILY = Profile(name="my docs", id=bytes(16), sources=(b"/home",), schedule=ScheduleSpec(when="daily", at="02:30"))
OFF = replace(DAILY, schedule=ScheduleSpec())


@pytest.mark.parametrize(
    ("when", "there", "expected"),
    [
        ("off", None, "off"),
        ("off", (False, True), "stray"),
        ("daily", None, "missing"),
        ("daily", (True, True), "on"),
        ("daily", (False, True), "outdated"),
        ("daily", (True, False), "disabled"),
        ("daily", (False, False), "disabled"),
    ],
)
def test_every_case(when: str, there: tuple[bool, bool] | None, expected: Started) -> None:
    assert started(when, there) == expected


def test_what_is_wrong_comes_with_the_command_that_mends_it() -> None:
    states: tuple[Started, ...] = ("off", "on", "unknown", "missing", "disabled", "outdated", "stray")
    assert {state for state in states if mending(state, "docs")} == set(WORDS)
    assert mending("missing", "my docs") == "yester schedule enable 'my docs'"
    assert mending("stray", "docs") == "yester schedule disable docs"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with systemd and cron, all of whose folders are the test's."""
    path = stand_in(tmp_path, systemctl=SYSTEMCTL, crontab=CRONTAB)
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    units = Units(tmp_path / "units", ("--user",))
    units.folder.mkdir()
    return Machine(True, units, tmp_path / "rules", tmp_path / "drives", "me", Launch((b"/usr/bin/yester",)))


@pytest.mark.parametrize("is_systemd", [True, False])
def test_from_missing_to_on_to_stray_and_off(machine: Machine, is_systemd: bool) -> None:
    machine = replace(machine, systemd=is_systemd)
    known = Starters(machine)
    assert (known.of(DAILY), known.of(OFF)) == ("missing", "off")
    carry_out(plan_schedule(DAILY, machine), machine)
    known.forget()
    assert (known.of(DAILY), known.of(OFF)) == ("on", "stray")
    assert known.of(replace(DAILY, schedule=ScheduleSpec(when="daily", at="03:30"))) == "outdated"
    other = replace(machine, launch=Launch((b"/opt/python", b"-m", b"yester"), (("PATH", b"/bin"),)))
    assert Starters(other).of(DAILY) == "on", "who asks may have been started in another way"
    remove_schedule(DAILY.name, machine)
    known.forget()
    assert known.of(DAILY) == "missing"


def test_a_timer_that_nothing_starts(machine: Machine) -> None:
    carry_out(plan_schedule(DAILY, machine), machine)
    for link in machine.units.folder.glob("*.wants/*"):
        link.unlink()
    assert Starters(machine).of(DAILY) == "disabled"


def test_the_crontab_is_read_once_for_all_profiles_and_anew_after_a_while(machine: Machine, tmp_path: Path) -> None:
    clock = [0.0]
    known = Starters(machine, lambda: clock[0])
    for name in ("one", "two", "three"):
        assert known.of(replace(DAILY, name=name)) == "missing"
    assert said(tmp_path) == ["crontab -l"]
    clock[0] = starters.FRESH_S + 1
    known.of(DAILY)
    assert said(tmp_path) == ["crontab -l"] * 2


def test_a_timer_is_known_without_any_other_program(machine: Machine, tmp_path: Path) -> None:
    carry_out(plan_schedule(DAILY, machine), machine)
    before = said(tmp_path)
    assert Starters(machine).of(DAILY) == "on"
    assert said(tmp_path) == before


def test_nobody_waits_for_a_crontab_that_does_not_answer(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, crontab="#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(starters, "PATIENCE_S", 0.05)
    known = Starters(machine)
    assert (known.of(DAILY), known.of(replace(DAILY, name="other"))) == ("unknown", "unknown")
    stand_in(tmp_path, crontab='#!/bin/sh\necho "you are not allowed" >&2\nexit 1\n')
    assert Starters(machine).of(DAILY) == "unknown"


def test_without_cron(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where systemd runs that is enough; where neither does, something else may start runs, as in a container."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Starters(machine).of(DAILY) == "missing"
    assert Starters(replace(machine, systemd=False)).of(DAILY) == "unknown"
