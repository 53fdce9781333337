"""What a profile's [limits] do to a run, by the command line; the machine's programs are stand-ins."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import said, stand_in
from tests.tui.cli.conftest import Ended, Yester, is_one_complaint

from yester.engine.limits.throttle import limited
from yester.engine.store import Store

NMCLI = """#!/bin/sh
echo "nmcli $*" >>"$STAND_IN/said"
printf 'GENERAL.STATE:100 (connected)\\nGENERAL.CONNECTION:Café\\nGENERAL.METERED:yes\\nIP4.GATEWAY:10.0.0.1\\n'
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on the network "Café", which is metered."""
    path = stand_in(tmp_path / "machine", nmcli=NMCLI)
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(path.parent))
    return path.parent


def snap(yester: Yester, docs: Path, *settings: str, json: bool = False) -> Ended:
    options = [word for setting in settings for word in ("--set", setting)]
    assert yester("profile", "add", "docs", docs, *options).code == 0
    return yester("snap", "docs", *(["--json"] if json else []))


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("limits.metered=skip", "The network is paid by volume"),
        ("limits.networks=Home", "The machine is connected to Café; the profile runs on Home only"),
    ],
)
def test_a_run_is_skipped(
    yester: Yester, plain: Path, docs: Path, machine: Path, home: Path, setting: str, reason: str
) -> None:
    done = snap(yester, docs, setting)
    assert done.code == 0
    assert is_one_complaint(done.err)
    assert reason in done.err
    assert json.loads(yester("list", "--json").out) == []
    [journal] = (home / ".local/state/yester/runs").glob("*.jsonl")
    end = json.loads(journal.read_text().splitlines()[-1])
    assert (end["type"], end["result"]) == ("run.end", "skipped")
    assert json.loads(yester("snap", "docs", "--json").out)["result"] == "skipped"
    assert "yester snap docs --regardless" in done.err
    assert yester("snap", "docs", "--regardless").code == 0
    assert len(json.loads(yester("list", "--json").out)) == 1


def test_a_run_that_may_is_not_held_up(yester: Yester, plain: Path, docs: Path, machine: Path) -> None:
    assert snap(yester, docs, "limits.networks=Café").code == 0
    assert len(json.loads(yester("list", "--json").out)) == 1
    assert len([line for line in said(machine) if line.startswith("nmcli")]) == 1


def test_nobody_is_asked_for_nothing(yester: Yester, plain: Path, docs: Path, machine: Path) -> None:
    assert snap(yester, docs).code == 0
    assert said(machine) == []


def test_what_is_not_known_stops_nothing(yester: Yester, plain: Path, docs: Path, machine: Path, home: Path) -> None:
    (machine / "bin" / "nmcli").write_text("#!/bin/sh\necho 'NetworkManager is not running.' >&2\nexit 8\n")
    done = snap(yester, docs, "limits.metered=skip")
    assert (done.code, done.err) == (0, "")
    [journal] = (home / ".local/state/yester/runs").glob("*.jsonl")
    assert "nmcli: NetworkManager is not running; the run goes on" in journal.read_text()


def test_a_slow_line(yester: Yester, plain: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rates reach the store; how they are kept is tested on a clock of its own."""
    rates: list[tuple[int | None, int | None]] = []

    def recorded(store: Store, upload: int | None, download: int | None, hurry: Callable[[], bool]) -> Store:
        rates.append((upload, download))
        return limited(store, upload, download, hurry)

    monkeypatch.setattr("yester.engine.limits.throttle.limited", recorded)
    assert snap(yester, docs, "limits.upload=100M").code == 0
    assert yester("check").code == 0
    monkeypatch.setenv("YESTER_DOWNLOAD_LIMIT", "50M")
    assert yester("check", "--read-data").code == 0
    assert yester("snap", "docs").code == 0
    assert rates == [(100 << 20, None), (None, 50 << 20), (100 << 20, 50 << 20)]
    for wrong in ("much", "0"):
        monkeypatch.setenv("YESTER_DOWNLOAD_LIMIT", wrong)
        refused = yester("check")
        assert (refused.code, "YESTER_DOWNLOAD_LIMIT" in refused.err) == (2, True)
