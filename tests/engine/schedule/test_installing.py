"""Installing and removing schedules, with stand-ins for systemctl and crontab."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import CRONTAB, SYSTEMCTL, said, stand_in
from tests.engine.schedule.test_systemd import profile

from yester.engine.errors import UsageError, YesterError
from yester.engine.profiles.profile import ScheduleSpec
from yester.engine.schedule.installing import carry_out, check_plan, installed, plan_schedule, remove_schedule
from yester.engine.schedule.launch import Launch
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.units import Units

DAILY = profile(ScheduleSpec(when="daily", at="02:30"))
DRIVE = profile(ScheduleSpec(when="drive", drive="1F2E-33"))
TIMER, SERVICE = "yester-my\\x20docs.timer", "yester-my\\x20docs.service"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with systemd and cron, all of whose folders are the test's."""
    path = stand_in(tmp_path, systemctl=SYSTEMCTL, crontab=CRONTAB)
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    for folder in ("units", "rules"):
        (tmp_path / folder).mkdir()
    return Machine(
        systemd=True,
        units=Units(tmp_path / "units", ("--user",)),
        rules=tmp_path / "rules",
        scripts=tmp_path / "scripts",
        user="tester",
        launch=Launch((b"/bin/true",)),
    )


def in_folder(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_timers_are_written_enabled_and_removed(machine: Machine, tmp_path: Path) -> None:
    plan = plan_schedule(DAILY, machine)
    assert check_plan(plan, machine) == []
    assert installed(DAILY, machine) is None
    assert not any(machine.units.folder.iterdir())
    notes = carry_out(plan, machine)
    assert notes == ["Runs start while you are logged in only; for always: loginctl enable-linger tester"]
    told = [line for line in said(tmp_path) if line.startswith("systemctl")]
    assert told == [
        "systemctl --user daemon-reload",
        f"systemctl --user reenable {TIMER}",
        f"systemctl --user restart {TIMER}",
    ]
    there = installed(DAILY, machine)
    assert there is not None
    assert (there.how, there.matches, there.enabled) == ("systemd", True, True)
    assert in_folder(machine.units.folder) == {TIMER, SERVICE, f"timers.target.wants/{TIMER}"}
    assert sorted(remove_schedule("my docs", machine)) == [
        str(machine.units.folder / name) for name in (SERVICE, TIMER)
    ]
    assert in_folder(machine.units.folder) == set()
    assert installed(DAILY, machine) is None
    assert remove_schedule("my docs", machine) == []


def test_a_profile_that_changed_is_told_from_what_is_installed(machine: Machine) -> None:
    carry_out(plan_schedule(DAILY, machine), machine)
    for changed in (ScheduleSpec(when="daily", at="03:00"), ScheduleSpec(), ScheduleSpec(when="drive", drive="1-2")):
        there = installed(replace(DAILY, schedule=changed), machine)
        assert there is not None
        assert not there.matches
    (machine.units.folder / f"timers.target.wants/{TIMER}").unlink()
    there = installed(DAILY, machine)
    assert there is not None
    assert there.matches
    assert not there.enabled


def test_from_a_timer_to_a_drive_and_back(machine: Machine, tmp_path: Path) -> None:
    carry_out(plan_schedule(DAILY, machine), machine)
    carry_out(plan_schedule(DRIVE, machine), machine)
    wants = "dev-disk-by\\x2duuid-1F2E\\x2d33.device.wants"
    assert in_folder(machine.units.folder) == {SERVICE, f"{wants}/{SERVICE}"}
    assert [line for line in said(tmp_path) if "restart" in line] == [f"systemctl --user restart {TIMER}"]
    carry_out(plan_schedule(DAILY, machine), machine)
    assert in_folder(machine.units.folder) == {TIMER, SERVICE, f"timers.target.wants/{TIMER}"}


def test_a_timer_for_the_start_of_the_machine_is_not_started_now(machine: Machine, tmp_path: Path) -> None:
    carry_out(plan_schedule(profile(ScheduleSpec(when="boot")), machine), machine)
    assert not any("restart" in line for line in said(tmp_path))


def test_what_was_there_stays_when_systemd_refuses(machine: Machine, tmp_path: Path) -> None:
    carry_out(plan_schedule(DAILY, machine), machine)
    before = {path: path.read_bytes() for path in machine.units.folder.iterdir() if path.is_file()}
    (tmp_path / "refuse").touch()
    with pytest.raises(YesterError, match=r"`systemctl --user daemon-reload` failed: Failed to connect to bus"):
        carry_out(plan_schedule(profile(ScheduleSpec(when="weekly")), machine), machine)
    assert {path: path.read_bytes() for path in machine.units.folder.iterdir() if path.is_file()} == before


def test_nothing_is_left_of_a_timer_that_does_not_start(machine: Machine, tmp_path: Path) -> None:
    refusing = SYSTEMCTL.replace('case "$1" in\n', 'case "$1" in\nrestart) exit 1 ;;\n')
    stand_in(tmp_path, systemctl=refusing)
    with pytest.raises(YesterError, match="restart"):
        carry_out(plan_schedule(DAILY, machine), machine)
    assert in_folder(machine.units.folder) == set()


def test_a_unit_of_somebody_elses_is_left_alone(machine: Machine) -> None:
    mine = machine.units.folder / TIMER
    mine.write_text("[Timer]\nOnCalendar=daily\n")
    with pytest.raises(UsageError, match="was not written by yester"):
        carry_out(plan_schedule(DAILY, machine), machine)
    with pytest.raises(UsageError, match="was not written by yester"):
        remove_schedule("my docs", machine)
    assert in_folder(machine.units.folder) == {TIMER}


# Without systemd


@pytest.fixture
def bare(machine: Machine) -> Machine:
    """A machine without systemd."""
    return replace(machine, systemd=False)


def test_lines_of_the_crontab(bare: Machine, tmp_path: Path) -> None:
    table = tmp_path / "crontab"
    before = b"MAILTO=me\n\n0 1 * * * caf\xe9 %x"
    table.write_bytes(before)
    plan = plan_schedule(DAILY, bare)
    assert plan.how == "cron"
    carry_out(plan, bare)
    assert table.read_bytes().startswith(before + b"\n# >>> yester my docs\n")
    there = installed(DAILY, bare)
    assert there is not None
    assert (there.how, there.places, there.matches) == ("cron", ("crontab",), True)
    changed = installed(profile(ScheduleSpec(when="daily", at="04:00")), bare)
    assert changed is not None
    assert not changed.matches
    assert remove_schedule("my docs", bare) == ["crontab"]
    assert table.read_bytes() == before + b"\n"


def test_a_crontab_that_is_as_it_should_be_is_not_written(bare: Machine, tmp_path: Path) -> None:
    carry_out(plan_schedule(DAILY, bare), bare)
    carry_out(plan_schedule(DAILY, bare), bare)
    assert said(tmp_path).count("crontab -") == 1


def test_cron_refuses_in_its_own_words(bare: Machine, tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    with pytest.raises(YesterError, match="`crontab -` failed: no space left"):
        carry_out(plan_schedule(DAILY, bare), bare)
    assert installed(DAILY, bare) is None


def test_neither_systemd_nor_cron(bare: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(YesterError, match="Neither systemd nor cron"):
        carry_out(plan_schedule(DAILY, bare), bare)
    assert installed(DAILY, bare) is None
    assert remove_schedule("my docs", bare) == []


def test_one_place_at_a_time(machine: Machine, tmp_path: Path) -> None:
    carry_out(plan_schedule(DAILY, machine), machine)
    carry_out(plan_schedule(DAILY, machine, "cron"), machine)
    assert in_folder(machine.units.folder) == set()
    there = installed(DAILY, machine)
    assert there is not None
    assert there.how == "cron"
    carry_out(plan_schedule(DAILY, machine, "systemd"), machine)
    assert (tmp_path / "crontab").read_bytes() == b""


def test_a_drive_without_systemd(bare: Machine) -> None:
    plan = plan_schedule(DRIVE, bare)
    assert plan.how == "udev"
    check_plan(plan, bare)
    assert carry_out(plan, bare) == []
    (rule,) = bare.rules.iterdir()
    (script,) = bare.scripts.iterdir()
    assert rule.read_text().splitlines()[1] == (
        'ACTION=="add", SUBSYSTEM=="block", ENV{ID_FS_UUID}=="1F2E-33", '
        f'RUN+="/bin/su tester -c {script}"'
    )  # fmt: skip
    assert script.stat().st_mode & 0o777 == 0o700
    assert (
        "(/bin/true schedule wait-for-drive 1F2E-33 && /bin/true snap 'my docs') >/dev/null 2>&1 &\n"
        in script.read_text()
    )
    there = installed(DRIVE, bare)
    assert there is not None
    assert there.matches
    assert len(remove_schedule("my docs", bare)) == 2
    assert installed(DRIVE, bare) is None


@pytest.mark.parametrize(
    ("drive", "condition"),
    [("PARTUUID=5678-01", 'ENV{ID_PART_ENTRY_UUID}=="5678-01"'), ("LABEL=STICK", 'ENV{ID_FS_LABEL}=="STICK"')],
)
def test_a_drive_without_a_uuid_and_without_systemd(bare: Machine, drive: str, condition: str) -> None:
    plan = plan_schedule(profile(ScheduleSpec(when="drive", drive=drive)), bare)
    carry_out(plan, bare)
    (rule,) = bare.rules.iterdir()
    assert f'SUBSYSTEM=="block", {condition}, RUN+=' in rule.read_text()


@pytest.mark.parametrize(
    ("udevadm", "is_refused"),
    [
        ('[ "$1" = verify ] || exit 0; grep -q RUN "$2" || exit 3; exit 0', False),
        ('echo "$2:2 Invalid value" >&2; exit 1', True),
        ('echo "Unknown command verb verify" >&2; exit 1', False),
    ],
)
def test_udev_looks_at_the_rule(bare: Machine, tmp_path: Path, udevadm: str, is_refused: bool) -> None:
    stand_in(tmp_path, udevadm=f"#!/bin/sh\n{udevadm}\n")
    plan = plan_schedule(DRIVE, bare)
    if not is_refused:
        assert check_plan(plan, bare) == []
        return
    with pytest.raises(UsageError, match=r"udev does not take the rule: .*Invalid value"):
        check_plan(plan, bare)


def test_a_rule_that_only_root_may_add(bare: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    unwritable = replace(bare, rules=tmp_path / "file")
    (note,) = carry_out(plan_schedule(DRIVE, unwritable), unwritable)
    assert note.startswith("Only root may add the rule. As root: cp ")
    assert installed(DRIVE, bare) is None


def test_a_place_that_no_rule_can_name_is_refused(bare: Machine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name"):
        plan_schedule(DRIVE, replace(bare, scripts=tmp_path / "my scripts"))


def test_a_profile_without_a_schedule_is_not_enabled(machine: Machine) -> None:
    with pytest.raises(UsageError, match="my docs has no schedule"):
        plan_schedule(profile(ScheduleSpec()), machine)
