"""Keeps a file of figures for node_exporter's textfile collector: when each profile was backed up last, for example."""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from yester.engine.events import clean
from yester.plugins.native import Option, Row, panel
from yester.plugins.shipped.endings import Ending
from yester.plugins.shipped.exposition import Figure, Series, Values, exposed, read
from yester.plugins.shipped.telling import Teller

FIGURES = (
    Figure("yester_last_run_timestamp_seconds", "gauge", "When the last run of a profile ended, seconds since 1970."),
    Figure("yester_last_success_timestamp_seconds", "gauge", "When the last good run ended, seconds since 1970."),
    Figure("yester_last_run_success", "gauge", "1 when the last run was good, 0 when it failed or lacks files."),
    Figure("yester_last_run_exit_code", "gauge", "The exit code of the last run."),
    Figure("yester_last_run_duration_seconds", "gauge", "How long the last run took."),
    Figure("yester_last_run_files", "gauge", "Files that the last run looked at."),
    Figure("yester_last_run_failed_files", "gauge", "Entries that the last run could not take whole."),
    Figure("yester_last_run_size_bytes", "gauge", "Size of what the last run looked at."),
    Figure("yester_last_run_added_bytes", "gauge", "What the repository had not held before, uncompressed."),
    Figure("yester_last_run_stored_bytes", "gauge", "What the last run sent to the repository."),
    Figure("yester_runs_total", "counter", "Runs that ended, as far as this file has seen them."),
    Figure("yester_failures_total", "counter", "Runs among these that failed or lacked files."),
)
_NAME = "yester.prom"
_MODE = 0o644
"""node_exporter is another user."""


class Metrics(Teller):
    """Write when each profile was backed up last, and more figures, for node_exporter."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "folder": Option(
            "path", "/var/lib/prometheus/node-exporter",
            "The collector's folder, as in `--collector.textfile.directory`.",
        ),
    }  # fmt: skip

    def told(self, ending: Ending) -> None:
        """Put the run's figures in the place of the profile's last ones."""
        if ending.action != "snap" or not ending.profile or ending.result in ("skipped", "cancelled"):
            return
        folder, now = Path(self.options["folder"]), time.time()
        try:
            with _alone(folder):
                _replace(folder / _NAME, exposed(FIGURES, merged(_kept(folder / _NAME), ending, now)))
        except OSError as problem:
            self.say(f"The figures cannot be written to {folder}: {problem.strerror}", "warning")

    @panel("figures", "What node_exporter reads")
    def figures(self) -> list[Row]:
        """Return the lines of the file."""
        text = exposed(FIGURES, _kept(Path(self.options["folder"]) / _NAME))
        rows = [Row(line, key=line.rpartition(" ")[0]) for line in text.splitlines() if not line.startswith("#")]
        return rows or [Row("no run has ended yet since this plugin is on", "warning", "none")]


def merged(values: Values, ending: Ending, now: float) -> Values:
    """Return the series of a file after one more run, of other profiles as they were; pure."""
    profile = clean(ending.profile)
    is_good = ending.result in ("complete", "unchanged")
    new: dict[str, float] = {
        "yester_last_run_timestamp_seconds": now,
        "yester_last_run_success": float(is_good),
        "yester_last_run_exit_code": ending.exit_code,
        "yester_runs_total": _one_more(values, "yester_runs_total", profile, 1),
        "yester_failures_total": _one_more(values, "yester_failures_total", profile, 0 if is_good else 1),
        **({"yester_last_success_timestamp_seconds": now} if is_good else {}),
        **_sums(ending),
    }
    return {**values, **{_of(name, profile): value for name, value in new.items()}}


def _sums(ending: Ending) -> Mapping[str, float]:
    end = ending.end
    if end is None:  # it failed before it began: the last one's sums say more than none
        return {}
    return {
        "yester_last_run_duration_seconds": end.duration_ns / 1e9,
        "yester_last_run_files": end.files,
        "yester_last_run_failed_files": end.failed,
        "yester_last_run_size_bytes": end.size,
        "yester_last_run_added_bytes": end.added_size,
        "yester_last_run_stored_bytes": end.stored_size,
    }


def _of(name: str, profile: str) -> Series:
    return Series(name, (("profile", profile),))


def _one_more(values: Values, name: str, profile: str, step: int) -> float:
    return values.get(_of(name, profile), 0.0) + step


def _kept(path: Path) -> Values:
    try:
        return read(path.read_bytes().decode("utf-8", "replace"))
    except FileNotFoundError:
        return {}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only run that writes there; runs of other profiles may end at the same time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")  # the collector reads names that end in .prom alone
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
        with open(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(text)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
