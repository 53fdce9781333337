"""What follows a run: maintenance by processes of this program, notifications, switching off (by stand-ins)."""

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import said, stand_in
from tests.tui.cli.conftest import SOURCE_ROOT, Ended, Yester, start

from yester.engine.maintenance.record import load_record
from yester.engine.places import Places

DAY_NS = 86_400 * 10**9
NOTES = '#!/bin/sh\necho "${0##*/} $*" >>"$STAND_IN/said"\n'
TELL = '#!/bin/sh\necho "$YESTER_PROFILE $YESTER_RESULT: $YESTER_TEXT" >>"$STAND_IN/said"\n'


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose programs note how they are called."""
    path = stand_in(tmp_path / "machine", systemctl=NOTES, shutdown=NOTES, tell=TELL)
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(path.parent))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    monkeypatch.setattr("yester.engine.limits.shutdown.GRACE_S", 0)
    return path.parent


@pytest.fixture
def snap(yester: Yester, plain: Path, docs: Path, machine: Path) -> "Snap":
    assert yester("profile", "add", "docs", docs).code == 0
    return Snap(yester)


class Snap:
    def __init__(self, yester: Yester) -> None:
        self.yester = yester

    def set(self, *settings: str) -> None:
        assert self.yester("profile", "edit", "docs", *(w for s in settings for w in ("--set", s))).code == 0

    def __call__(self, *options: str) -> Ended:
        return self.yester("snap", "docs", *options)


def actions(yester: Yester) -> list[str]:
    return [run["action"] for run in json.loads(yester("runs", "--json").out)]


def long_ago(plain: Path, days: int) -> None:
    """Let the repository have been known for so long."""
    [path] = (Places.default().state / "maintenance").glob("*.json")
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "since_ns": known["since_ns"] - days * DAY_NS}))


def test_what_is_due_is_done(yester: Yester, snap: Snap, plain: Path) -> None:
    snap.set("retention.keep_last=1", "maintenance.forget=true", "maintenance.prune=1w", "maintenance.check=1m")
    first = snap()
    assert (first.code, first.err) == (0, "forget after the run: done\n")
    long_ago(plain, 10)
    assert snap().err == "forget after the run: done\nprune after the run: done\n"
    long_ago(plain, 40)
    assert snap("--json").err == "forget after the run: done\ncheck after the run: done\n"
    assert len(json.loads(yester("list", "--json").out)) == 1
    assert sorted(actions(yester)) == ["check", "forget", "forget", "forget", "prune", "snap", "snap", "snap"]
    assert yester("status").code == 0


def test_what_fails_stops_nothing_and_stays_in_sight(yester: Yester, snap: Snap, plain: Path, machine: Path) -> None:
    snap.set("maintenance.prune=1w", "maintenance.check=1m", "maintenance.check_percent=100", "notify.on=failure")
    snap.set("notify.command=tell", "notify.desktop=false")
    assert snap().err == ""
    long_ago(plain, 40)
    [pack, *_] = sorted(path for path in plain.rglob("data.*") if path.is_file())
    pack.write_bytes(pack.read_bytes()[:-7] + b"damaged")
    done = snap()
    assert done.code == 0
    assert "check after the run failed with exit code 5" in done.err
    assert done.out.startswith("snapshot ")
    record = load_record(Places.default().state, str(plain), 2**62)
    assert record.done["check"].exit_code == 5
    assert record.done["prune"].has_failed is ("prune after the run failed" in done.err)
    assert any(line.startswith("docs failed: check after the run failed") for line in said(machine))
    status = yester("status")
    assert status.code == 1
    assert "check" in status.out
    again = snap()
    assert "check" not in again.err, "it is tried again tomorrow"


def test_what_fails_before_it_begins_stays_in_sight_too(
    yester: Yester, snap: Snap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that is refused at once leaves no record of its own."""
    snap.set("retention.keep_last=3", "maintenance.forget=true")
    with monkeypatch.context() as patch:
        wrong = ["forget", "nosuch", "--yes"]
        patch.setattr("yester.tui.cli.maintaining.command_line", lambda kind, profile, place: wrong)
        assert "forget after the run failed with exit code 2: " in snap().err
    status = yester("status")
    assert status.code == 1
    assert "nosuch" in status.out
    assert snap().err == "forget after the run: done\n"
    assert yester("status").code == 0


def test_a_run_that_failed_is_followed_by_words_only(yester: Yester, snap: Snap, plain: Path, machine: Path) -> None:
    snap.set("maintenance.prune=1w", "notify.on=failure", "notify.command=tell", "notify.desktop=false")
    snap.set("limits.shut_down_after=true")
    shutil.move(plain, plain.with_name("gone"))
    assert snap().code == 6
    assert actions(yester) == ["snap"]
    [told] = [line for line in said(machine) if line.startswith("docs ")]
    assert told.startswith("docs failed: The run failed: ")
    assert str(plain) in told, "whoever reads it knows why"
    assert "systemctl poweroff" not in said(machine)


def test_a_secret_on_a_descriptor_goes_to_the_children(yester: Yester, docs: Path, machine: Path) -> None:
    """As `yester serve` hands it to a run."""
    secret = os.memfd_create("secret", 0)
    os.write(secret, b"one two\n")
    option = f"--passphrase-file=/proc/self/fd/{secret}"
    try:
        assert yester("init", option).code == 0
        assert yester("profile", "add", "docs", docs, "--set", "retention.keep_last=1").code == 0
        assert yester("profile", "edit", "docs", "--set", "maintenance.forget=true").code == 0
        done = yester("snap", "docs", option)
        assert "forget after the run: done" in done.err
    finally:
        os.close(secret)


def test_a_secret_goes_to_the_children(yester: Yester, home: Path, docs: Path, machine: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    assert yester("init", "--passphrase-file", secret).code == 0
    assert yester("profile", "add", "docs", docs).code == 0
    snap = Snap(yester)
    snap.set("retention.keep_last=1", "maintenance.forget=true")
    assert snap("--passphrase-file", str(secret)).err == "forget after the run: done\n"
    snap.set(f"passphrase_command=cat {secret}")
    assert snap().err == "forget after the run: done\n"


def test_the_machine_is_switched_off_after_a_good_run_only(
    yester: Yester, snap: Snap, machine: Path, docs: Path
) -> None:
    snap.set("limits.shut_down_after=true")
    assert snap("--dry-run").code == 0
    assert "systemctl poweroff" not in said(machine)
    done = snap()
    assert "the machine is switched off in 0 s; to keep it on: Ctrl-C" in done.err
    assert said(machine).count("systemctl poweroff") == 1
    snap.set("limits.networks=Nowhere")
    (machine / "bin" / "nmcli").write_text("#!/bin/sh\nexit 0\n")
    (machine / "bin" / "nmcli").chmod(0o755)
    assert "No network is connected" in snap().err
    assert said(machine).count("systemctl poweroff") == 1, "a skipped run is not a good one"


def test_ctrl_c_keeps_the_machine_on(
    yester: Yester, snap: Snap, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    snap.set("limits.shut_down_after=true")
    monkeypatch.setattr("yester.tui.cli.after.time.sleep", interrupted)
    done = snap()
    assert done.code == 0
    assert "The machine stays on" in done.err
    assert "systemctl poweroff" not in said(machine)


def test_other_work_keeps_the_machine_on(yester: Yester, snap: Snap, machine: Path, home: Path, docs: Path) -> None:
    """Another run waits at a pipe that it reads its passphrase from."""
    snap.set("limits.shut_down_after=true")
    assert yester("init", home / "other", "--passphrase-command", "echo x").code == 0
    assert yester("profile", "add", "other", docs, "--repo", home / "other").code == 0
    os.mkfifo(home / "pipe")
    process = start("snap", "other", "--passphrase-command", f"cat {home / 'pipe'}")
    with open(home / "pipe", "w") as pipe:
        done = snap()
        assert "The machine stays on: snap other is still at work" in done.err
        pipe.write("x\n")
    assert process.wait() == 0
    process.communicate()
    assert "systemctl poweroff" not in said(machine)
    assert snap().code == 0
    assert "systemctl poweroff" in said(machine)


def test_a_notifier_that_fails_is_a_warning(yester: Yester, snap: Snap) -> None:
    snap.set("notify.on=always", "notify.command=no-such-program", "notify.desktop=false")
    done = snap()
    assert done.code == 0
    assert done.err == "yester: The notification's command is not there: no-such-program\n"
    assert "no-such-program" not in snap("--dry-run").err
