"""yester schedule, on a machine of the test's own."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import CRONTAB, SYSTEMCTL, stand_in
from tests.tui.cli.conftest import Yester, is_one_complaint

from yester.engine.places import Places
from yester.engine.schedule.launch import Launch
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.units import Units
from yester.engine.schedule.zone import now


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without systemd, whose crontab is a file."""
    path = stand_in(tmp_path, systemctl=SYSTEMCTL, crontab=CRONTAB)
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    here = Machine(
        False,
        Units(tmp_path / "units", ("--user",)),
        tmp_path / "rules",
        home / "drives",
        "me",
        Launch((b"/bin/true",)),
    )
    monkeypatch.setattr(Machine, "this", lambda places: here)


def scheduled(yester: Yester, home: Path, docs: Path, schedule: str) -> None:
    yester("profile", "add", "docs", docs)
    file = home / ".config/yester/profiles/docs.toml"
    file.write_text(file.read_text().replace("\n[schedule]\n", f"\n[schedule]\n{schedule}\n"))


def test_a_run_that_will_find_no_passphrase_is_said(
    yester: Yester, home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(yester, home, docs, 'when = "daily"')
    words = "Nobody is there to type the passphrase"
    assert words not in yester("schedule", "enable", "docs").out, "there is no repository yet"
    monkeypatch.setenv("YESTER_PASSPHRASE", "typed")
    assert yester("init").code == 0
    enabled = yester("schedule", "enable", "docs")
    assert enabled.code == 0 and words in enabled.out
    assert yester("profile", "edit", "docs", "--set", "passphrase_command=pass show x").code == 0
    assert words not in yester("schedule", "enable", "docs").out


def test_show_enable_change_disable(yester: Yester, home: Path, docs: Path, tmp_path: Path) -> None:
    scheduled(yester, home, docs, 'when = "weekly"\nweekday = 3\nat = "02:30"')
    shown = yester("schedule", "show")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[0] == "docs: every Wednesday at 02:30"
    assert len(lines) == 7
    assert all("Wed " in line and line.endswith("02:30") for line in lines[1:6])
    assert lines[6] == "  not installed: yester schedule enable docs"

    tried = yester("schedule", "enable", "--dry-run")
    assert "30 2 * * 3 /bin/true snap docs >/dev/null\n" in tried.out
    assert tried.out.endswith("docs would run every Wednesday at 02:30; nothing was written\n")
    assert not (tmp_path / "crontab").exists()

    assert yester("schedule", "enable", "docs").out.endswith("docs runs every Wednesday at 02:30\n")
    assert "30 2 * * 3 /bin/true snap docs >/dev/null\n" in (tmp_path / "crontab").read_text()
    (state,) = json.loads(yester("schedule", "show", "--json").out)
    assert (state["when"], state["problem"], len(state["next"])) == ("weekly", None, 5)
    assert state["installed"] == {"by": "cron", "places": ["crontab"], "matches": True, "enabled": True}

    file = home / ".config/yester/profiles/docs.toml"
    file.write_text(file.read_text().replace("weekday = 3", "weekday = 4"))
    assert "the profile says otherwise now: yester schedule enable docs" in yester("schedule", "show").out

    file.unlink()
    assert yester("schedule", "disable", "docs").out == "docs: removed crontab\n"
    assert (tmp_path / "crontab").read_bytes() == b""


def test_a_profile_goes_with_its_schedule(yester: Yester, home: Path, docs: Path, tmp_path: Path) -> None:
    scheduled(yester, home, docs, 'when = "daily"')
    yester("schedule", "enable", "docs")
    removed = yester("profile", "remove", "docs", "--yes")
    assert removed.code == 0
    assert "its schedule is removed as well: crontab" in removed.out
    assert (tmp_path / "crontab").read_bytes() == b""


def test_timers(yester: Yester, home: Path, docs: Path, tmp_path: Path) -> None:
    scheduled(yester, home, docs, 'when = "daily"')
    (done,) = json.loads(yester("schedule", "enable", "--with", "systemd", "--json").out)
    assert (done["by"], done["written"]) == ("systemd", True)
    assert [Path(text["place"]).name for text in done["texts"]] == ["yester-docs.service", "yester-docs.timer"]
    assert (tmp_path / "units/timers.target.wants/yester-docs.timer").exists()
    (gone,) = json.loads(yester("schedule", "disable", "--json").out)
    assert len(gone["removed"]) == 2


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ('when = "off"', "docs has no schedule"),
        ('when = "custom-hours"', "needs hours"),
        ('when = "custom-hours"\nhours = "25"', "takes hours from 0 to 23"),
        ('when = "minutes"\nevery = 45', "does not come out even in an hour"),
        ('when = "drive"', "needs drive"),
    ],
)
def test_a_schedule_that_never_fires(yester: Yester, home: Path, docs: Path, schedule: str, words: str) -> None:
    scheduled(yester, home, docs, schedule)
    refused = yester("schedule", "enable", "docs")
    assert refused.code == 2
    assert words in refused.err
    assert is_one_complaint(refused.err)


def test_without_profiles(yester: Yester) -> None:
    assert yester("schedule", "show").out == "no profiles yet: yester profile add NAME FOLDER\n"
    assert yester("schedule", "enable").code == 2
    assert yester("schedule", "disable").code == 0
    for word in ("show", "enable", "disable"):
        missing = yester("schedule", word, "dcos")
        assert missing.code == 2
        assert is_one_complaint(missing.err)


def test_a_drive_that_is_not_there(yester: Yester) -> None:
    waited = yester("schedule", "wait-for-drive", "no-such-drive")
    assert waited.code == 1
    assert is_one_complaint(waited.err)


def test_a_run_only_when_it_is_due(yester: Yester, plain: Path, home: Path, docs: Path) -> None:
    scheduled(yester, home, docs, 'when = "repeatedly"\nevery = 2\nunit = "days"')
    assert yester("snap", "docs", "--if-due").out.startswith("snapshot ")
    assert yester("snap", "docs", "--if-due").code == 0
    assert json.loads(yester("snap", "docs", "--if-due", "--json").out)["result"] == "not-due"
    assert len(json.loads(yester("list", "--json").out)) == 1
    (shown,) = json.loads(yester("schedule", "show", "--json").out)
    assert shown["next"][0] > (now() + timedelta(days=1)).isoformat()


def test_this_machine(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("YESTER_PASSPHRASE", "secret")
    launch = Machine.this(Places.under(home)).launch
    assert all(b"secret" not in value for _, value in launch.environment)
    assert os.path.isabs(launch.program[0])
