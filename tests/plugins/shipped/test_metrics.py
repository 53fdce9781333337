"""The file for node_exporter, over several runs of several profiles."""

import stat
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.plugins.shipped.rig import BEGIN, ERRORS, GOOD, WHY, fails, goes_well, made

from yester.plugins.native import Occasion
from yester.plugins.shipped.exposition import Series, read
from yester.plugins.shipped.metrics import Metrics


def figures(folder: Path, profile: str = "docs") -> dict[str, float]:
    values = read((folder / "yester.prom").read_text())
    return {
        series.name.removeprefix("yester_"): value for series, value in values.items() if series.labels[0][1] == profile
    }


def plugin(folder: Path, profile: str = "docs") -> Metrics:
    return made(Metrics, folder=str(folder), occasion=Occasion("snap", "r1", profile))[0]


def test_a_good_run_and_then_bad_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    goes_well(plugin(tmp_path))
    assert figures(tmp_path) == {
        "last_run_timestamp_seconds": 1000,
        "last_success_timestamp_seconds": 1000,
        "last_run_success": 1,
        "last_run_exit_code": 0,
        "last_run_duration_seconds": 61,
        "last_run_files": 3,
        "last_run_failed_files": 0,
        "last_run_size_bytes": 12_345,
        "last_run_added_bytes": 0,
        "last_run_stored_bytes": 0,
        "runs_total": 1,
        "failures_total": 0,
    }
    monkeypatch.setattr("time.time", lambda: 2000.0)
    plugin(tmp_path).on_error(WHY)
    now = figures(tmp_path)
    assert (now["last_success_timestamp_seconds"], now["last_run_timestamp_seconds"]) == (1000, 2000)
    assert (now["last_run_success"], now["runs_total"], now["failures_total"]) == (0, 2, 1)
    assert now["last_run_files"] == 3, "it looked at none, and the last figure stays"
    mine = plugin(tmp_path)
    mine.on_run_begin(BEGIN)
    mine.on_run_end(ERRORS)
    assert (figures(tmp_path)["last_run_exit_code"], figures(tmp_path)["failures_total"]) == (3, 2)
    assert stat.S_IMODE((tmp_path / "yester.prom").stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["yester.prom"]


def test_other_profiles_and_strange_names_are_kept(tmp_path: Path) -> None:
    strange = 'a "b"\n\\ \udcff'
    for profile in (strange, "docs", strange):
        mine = plugin(tmp_path, profile)
        mine.on_run_begin(replace(BEGIN, profile=profile))
        mine.on_run_end(GOOD)
    with (tmp_path / "yester.prom").open("a") as file:
        file.write("nonsense {\n")
    goes_well(plugin(tmp_path))
    assert figures(tmp_path)["runs_total"] == 2
    assert figures(tmp_path, 'a "b"\\n\\ \\udcff')["runs_total"] == 2
    assert "nonsense" not in (tmp_path / "yester.prom").read_text()


def test_runs_that_end_at_once_lose_nothing(tmp_path: Path) -> None:
    threads = [threading.Thread(target=goes_well, args=(plugin(tmp_path),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figures(tmp_path)["runs_total"] == 8


def test_dry_runs_checks_and_skipped_runs_leave_it_alone(tmp_path: Path) -> None:
    mine = plugin(tmp_path)
    mine.on_run_begin(replace(BEGIN, dry_run=True))
    mine.on_run_end(replace(GOOD, result="dry-run"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    mine, said = made(Metrics, folder=str(tmp_path / "gone"))
    fails(mine)
    text = f"The figures cannot be written to {tmp_path}/gone: No such file or directory"
    assert said == [(text, "warning")]


def test_the_panel(tmp_path: Path) -> None:
    assert plugin(tmp_path).figures()[0].level == "warning"
    goes_well(plugin(tmp_path))
    rows = {row.key: row.text for row in plugin(tmp_path).figures()}
    assert rows['yester_runs_total{profile="docs"}'] == 'yester_runs_total{profile="docs"} 1'
    assert Series("yester_runs_total", (("profile", "docs"),)) in read("\n".join(rows.values()))
