"""The time left of the run at hand: its own clock, and what is remembered of earlier runs."""

import time
from itertools import islice
from pathlib import Path

from yester.engine.progress import Counters
from yester.engine.runs.control import RunControl
from yester.engine.runs.estimate import SETTLED_S, Forecast, Past, estimate, forecast
from yester.engine.runs.history import course_of, known_runs
from yester.engine.runs.records import RunRecord, Step

PAST_RUNS = 5
"""Earlier runs that are asked."""


def past_runs(state: Path, profile: str) -> tuple[Past, ...]:
    """Return the newest good snapshots of a profile, newest first; no more of the journals is read than that takes.

    Those that found nothing to do are passed over: what took a moment tells nothing of what takes an hour.
    """
    known = known_runs(state) if profile else iter(())
    good = list(islice((run for run in known if _tells(run, profile)), PAST_RUNS))
    return tuple(Past(run.duration_ns / 1e9, run.files, run.size, course_of(state, run)) for run in good)


def _tells(run: RunRecord, profile: str) -> bool:
    is_own = run.action == "snap" and run.profile == profile
    return is_own and run.has_succeeded and run.duration_ns >= SETTLED_S * 1e9


class Forecaster:
    """Says how long a run still takes; pauses do not count."""

    def __init__(self, state: Path, profile: str, control: RunControl) -> None:
        """`profile`: whose earlier snapshots tell; empty when none do."""
        self._state, self._profile, self._control = state, profile, control
        self._began_s = time.monotonic()
        self._past: tuple[Past, ...] | None = None
        self._shown: Forecast | None = None

    def left_s(self, counters: Counters) -> int | None:
        """Return the seconds left; None while nobody can say."""
        elapsed_s = time.monotonic() - self._began_s - self._control.paused_s
        if elapsed_s < SETTLED_S:  # most runs are over by then, and need not look back
            return None
        if self._past is None:
            self._past = past_runs(self._state, self._profile)
        now = Step(elapsed_s, counters.files, counters.size)
        raw_s = estimate(self._past, now, counters.total_files, counters.total_size, counters.part)
        self._shown = forecast(self._shown, raw_s, elapsed_s)
        return round(self._shown.left_s) if self._shown is not None else None
