"""status: at a glance, and for monitoring."""

import json
import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.engine.runs.made import HOUR_NS, NOON_NS, run_id, write_journal, write_run
from tests.engine.schedule.stand_ins import CRONTAB, stand_in
from tests.tui.cli.conftest import Yester, is_one_complaint

from yester.engine.events import Error, ErrorCode, RunBegin, RunEnd
from yester.engine.runs import status
from yester.engine.runs.history import all_runs
from yester.engine.runs.records import RunRecord
from yester.engine.runs.status import ProfileStatus, judge
from yester.tui.cli.status import status_as_json

GOLDEN = Path(__file__).with_name("status.json")


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def test_no_profiles(yester: Yester, home: Path) -> None:
    assert yester("status").out == "no profiles yet: yester profile add NAME FOLDER\n"
    assert json.loads(yester("status", "--json").out) == {"ok": True, "profiles": []}
    assert yester("status", "docs").code == 2


def test_from_never_to_ok_to_failed_and_back(yester: Yester, profile: str, plain: Path) -> None:
    never = yester("status")
    assert never.code == 1
    assert never.out.splitlines()[1].split() == ["docs", "never", "-", "-"]
    assert yester("snap", profile).code == 0
    assert yester("status").code == 0
    away = plain.with_name("away")
    plain.rename(away)
    assert yester("snap", profile).code == 6
    failed = yester("status")
    assert failed.code == 1
    assert failed.out.splitlines()[1].split()[:2] == ["docs", "failed"]
    assert "docs: There is no repository" in failed.out and "(1 run since" in failed.out and "hint: " in failed.out
    assert json.loads(yester("status", "--json").out)["ok"] is False
    away.rename(plain)
    assert yester("snap", profile).code == 0
    assert yester("status").code == 0


def test_a_schedule_that_nothing_starts_and_a_run_that_was_missed(
    yester: Yester, profile: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stand_in(home, crontab=CRONTAB)
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setenv("STAND_IN", str(home))
    monkeypatch.setattr("yester.engine.schedule.machine.systemd_runs", lambda: False)
    file = home / ".config/yester/profiles/docs.toml"
    text = re.sub(
        r"\n\[schedule\]\n", '\n[schedule]\nwhen = "minutes"\nevery = 1\n', file.read_text() + "\n[schedule]\n", count=1
    )
    file.write_text(text.removesuffix("\n[schedule]\n"))
    assert yester("snap", profile).code == 0
    idle = yester("status")
    assert idle.code == 1
    assert "docs: Its times are in the profile, but nothing starts it\n" in idle.out
    assert "docs:   hint: yester schedule enable docs\n" in idle.out
    told = json.loads(yester("status", "--json").out)
    assert (told["ok"], told["profiles"][0]["started"], told["profiles"][0]["health"]) == (False, "missing", "ok")
    assert yester("schedule", "enable", profile).code == 0
    fine = yester("status")
    assert fine.code == 0
    assert fine.out.splitlines()[1].split()[-1] != "-"
    monkeypatch.setattr("yester.tui.cli.status.GRACE", timedelta(hours=-2))
    late = yester("status")
    assert late.code == 1
    assert late.out.splitlines()[1].split()[1] == "late"
    assert "A run was due and did not begin" in late.out and "Is its timer enabled?" in late.out
    assert yester("schedule", "disable", profile).code == 0
    late = yester("status")
    assert "hint: Its times are in the profile, but nothing starts it: yester schedule enable docs\n" in late.out
    assert late.out.count("nothing starts it") == 1


def test_a_profile_that_cannot_be_read(yester: Yester, profile: str, home: Path) -> None:
    """At night nobody sees the complaint: the run is in the list, and the profile is not well."""
    assert yester("snap", profile).code == 0
    file = home / ".config/yester/profiles/docs.toml"
    text = file.read_text()
    file.write_text("sources = [")
    assert yester("snap", profile).code == 2
    assert "failed" in yester("runs").out.splitlines()[-1]
    broken = yester("status")
    assert broken.code == 1
    assert str(file) in broken.out
    file.unlink()
    assert yester("snap", profile).code == 2
    gone = yester("status")
    assert gone.code == 1
    assert "There is no profile docs" in gone.out
    file.write_text(text)
    assert yester("snap", profile).code == 0
    assert yester("status").code == 0


def test_profiles_that_cannot_even_be_listed(yester: Yester, profile: str, home: Path) -> None:
    assert yester("snap", profile).code == 0
    folder = home / ".config/yester/profiles"
    folder.rename(folder.with_name("away"))
    folder.write_text("in the way")
    assert yester("snap", profile).code == 2
    assert yester("runs").out.splitlines()[-1].split()[5] == "failed"
    folder.unlink()
    folder.with_name("away").rename(folder)
    assert yester("status").code == 1
    assert yester("snap", profile).code == 0
    assert yester("status").code == 0


def test_a_name_that_was_mistyped_is_no_run(yester: Yester, profile: str) -> None:
    assert yester("snap", "dosc").code == 2
    assert yester("runs").out == "nothing ran yet\n"


def test_maintenance_that_failed_is_named(yester: Yester, profile: str, plain: Path, home: Path) -> None:
    assert yester("snap", profile).code == 0
    assert yester("profile", "copy", profile, "other").code == 0
    assert yester("snap", "other").code == 0
    [pack, *_] = sorted(plain.rglob("data.*"))
    whole = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(whole[:-1] + b"x")
    assert yester("check", "--read-data").code == 5
    bad = yester("status")
    assert bad.code == 1
    assert "docs, other: check " in bad.out
    assert bad.out.count("check") == 1, "it is said once"
    pack.write_bytes(whole)
    assert yester("check").code == 0
    assert yester("status").code == 1, "it did not look at the content"
    assert yester("check", "--read-data").code == 0
    assert yester("status").code == 0


def test_a_source_that_shrank_stays_in_sight_until_somebody_accepts_it(
    yester: Yester, profile: str, docs: Path
) -> None:
    for row in range(9):
        (docs / f"{row}").write_bytes(b"x" * 100)
    assert yester("snap", profile).code == 0
    for row in range(9):
        (docs / f"{row}").unlink()
    assert "has shrunk to" in yester("snap", profile).err
    for _ in range(2):
        bad = yester("status")
        assert bad.code == 1
        assert "suspicious" in bad.out and f"docs: The source {docs} has shrunk to" in bad.out
        yester("snap", profile)
    assert yester("snap", profile, "--accept-shrink").err == ""
    assert yester("status").code == 0


def test_one_profile_may_be_asked_for(yester: Yester, profile: str, docs: Path) -> None:
    yester("profile", "add", "other", docs)
    yester("snap", profile)
    assert (yester("status", "docs").code, yester("status", "other").code, yester("status").code) == (0, 1, 1)
    mistyped = yester("status", "dosc")
    assert mistyped.code == 2
    assert is_one_complaint(mistyped.err)


def test_the_form_of_the_json_is_fixed(home: Path) -> None:
    """Monitoring reads it: keys are added, never renamed."""
    state = home / "state"
    write_run(state, 1)
    id = run_id(2)
    error = Error(ErrorCode.TARGET_MISSING, "There is no repository", "Connect the disk.")
    write_journal(state, id, RunBegin(id, "docs", "00"), error, RunEnd(id, "failed", 6), began_ns=NOON_NS + HOUR_NS)
    runs: list[RunRecord] = all_runs(state)
    found = judge("docs", runs)
    text = msgspec.json.format(msgspec.json.encode(status_as_json(found)), indent=2).decode() + "\n"
    assert text == GOLDEN.read_text()
    assert timedelta(hours=1) == status.GRACE


def test_every_field_is_documented() -> None:
    pages = Path(__file__).parents[3] / "docs"
    runs, guide = (pages / "runs.md").read_text(), (pages / "user-guide.md").read_text()
    fields = [*ProfileStatus.__struct_fields__, "is_fine"]
    assert [name for name in fields if f"`.{name}`" not in runs and f"`.{name}[]`" not in runs] == []
    about_runs = guide[guide.index("- `runs --json`") : guide.index("- `log --json`")]
    shown = [name for name in RunRecord.__struct_fields__ if name != "course"]
    assert [name for name in shown if f"`{name}`" not in about_runs] == []
