"""How long the rest of a run will take; pure.

A backup does not go at an even pace: unchanged folders fly by, and one folder of changed films takes an hour. But it
goes much as last time. So each earlier run of the profile says when it had come as far as this one has now, and what it
needed from there; that is stretched by how much slower this one has been so far. Runs that went like this one count
more, newer ones too. The even pace of this run alone counts a little, and is all there is in a first run, which knows
its total only where something else told it.

Files and bytes count alike: many small files cost system calls, few large ones bytes. None means that nobody can say:
before anything has happened, without totals, or when this run has outgrown them.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from yester.engine.runs.records import Step

SETTLED_S = 2.0
"""Before this the pace says nothing."""
LEAST_S = 0.001
"""What took less says nothing of anything."""
SETTLED_SHARE = 0.02
_OWN_WEIGHT = 0.05
"""What the even pace of this run counts beside an earlier run that went like it."""
_DISTRUST = 0.5
"""How fast an earlier run counts less the more its pace differs: at a quarter of the pace half as much."""
_OLDER = 0.8
"""What a run counts beside the next newer one."""
_INERTIA = 0.01
"""The share of an earlier run's length for which its pace is believed more than this one's."""
_SMOOTHING_S = 4.0
"""Time in which the shown end moves most of the way to a new estimate; grows with the run."""
_SMOOTHING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier run that took `duration_s`, and its course; the last step's counts are not the totals."""

    duration_s: float
    files: int
    size: int
    course: tuple[Step, ...] = ()

    def elapsed_at(self, share: float) -> float:
        """Return how many seconds it had worked when it had done this share, 0 to 1."""
        shares, times = self._points()
        after = bisect_right(shares, share)
        if after == len(shares):
            return times[shares.index(shares[-1])]
        part = (share - shares[after - 1]) / (shares[after] - shares[after - 1])
        return times[after - 1] + part * (times[after] - times[after - 1])

    def _points(self) -> tuple[list[float], list[float]]:
        """Return shares and seconds, neither ever falling."""
        shares, times = [0.0], [0.0]
        for step in self.course:
            share = share_done(step.files, step.size, self.files, self.size)
            shares.append(max(shares[-1], share or 0.0))
            times.append(min(max(times[-1], step.elapsed_s), self.duration_s))
        if shares[-1] < 1.0:
            shares.append(1.0)
            times.append(self.duration_s)
        return shares, times


def share_done(files: float, size: int, total_files: int | None, total_size: int | None) -> float | None:
    """Return how much of the work is done, 0 to 1, as far as the totals are known; files and bytes count alike."""
    shares = [min(1.0, done / total) for done, total in ((files, total_files), (size, total_size)) if total]
    return sum(shares) / len(shares) if shares else None


def estimate(
    past: Sequence[Past], now: Step, total_files: int | None, total_size: int | None, part: float = 0.0
) -> float | None:
    """Return the seconds left, `past` newest first; None where nobody can say.

    Totals are what this run will have looked at; unknown ones are those of the newest earlier run. `part` is how much
    of the next file is done, which counts only without earlier runs: how far those were in a file nobody remembers.
    """
    if past:
        total_files, total_size = total_files or past[0].files, total_size or past[0].size
    share = share_done(now.files if past else now.files + part, now.size, total_files, total_size)
    if share is None or now.elapsed_s < SETTLED_S or has_outgrown(now.files, now.size, total_files, total_size):
        return None
    votes = [_vote(each, rank, now.elapsed_s, share) for rank, each in enumerate(past) if each.duration_s >= LEAST_S]
    if SETTLED_SHARE <= share < 1.0:
        votes.append((now.elapsed_s * (1 - share) / share, _OWN_WEIGHT))
    return _mean(votes)


def has_outgrown(files: int, size: int, total_files: int | None, total_size: int | None) -> bool:
    """Whether more was done than there was to do: then nobody knows how much there is. One new film is enough."""
    return size > total_size if total_size else size > 0 and files > (total_files or 0)


def _vote(past: Past, rank: int, elapsed_s: float, share: float) -> tuple[float, float]:
    """Return what an earlier run says of the seconds left, and how much that counts."""
    then_s = past.elapsed_at(share)
    inertia = _INERTIA * past.duration_s
    pace = (elapsed_s + inertia) / (then_s + inertia)
    return (past.duration_s - then_s) * pace, _OLDER**rank * math.exp(-_DISTRUST * abs(math.log(pace)))


def _mean(votes: Sequence[tuple[float, float]]) -> float | None:
    """Return the weighted geometric mean: one vote that is ten times too high does not drown the others."""
    weights = sum(weight for _, weight in votes)
    if weights <= 0:
        return None
    return max(0.0, math.exp(sum(math.log(value + 1) * weight for value, weight in votes) / weights) - 1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The end of a run as it is shown: it moves slowly, so that the time left counts down."""

    end_s: float
    """Seconds of work at which the run will end."""
    at_s: float
    """Seconds of work at which this was said."""

    @property
    def left_s(self) -> float:
        """Seconds left."""
        return max(0.0, self.end_s - self.at_s)


def forecast(before: Forecast | None, left_s: float | None, elapsed_s: float) -> Forecast | None:
    """Return what to show after a new estimate; None when there is none."""
    if left_s is None:
        return None
    end_s = elapsed_s + left_s
    if before is None:
        return Forecast(end_s, elapsed_s)
    passed_s = max(0.0, elapsed_s - before.at_s)
    part = 1 - math.exp(-passed_s / (_SMOOTHING_S + _SMOOTHING_SHARE * elapsed_s))
    return Forecast(before.end_s + part * (end_s - before.end_s), elapsed_s)
