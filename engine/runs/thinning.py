"""Which journals are given up for a line in the history; pure.

A run belongs to the series of its command and profile, or repository where it is about no profile. Of each series the
newest KEPT_RUNS journals are kept as long as they are younger than KEPT_NS; the last good run, the last failed one and
all since the last good one stay whatever their age, up to MOST_KEPT: they are what somebody will want to read.
"""

from collections.abc import Sequence

from yester.engine.runs.records import RunRecord

KEPT_RUNS = 50
KEPT_NS = 90 * 24 * 3600 * 10**9
MOST_KEPT = 1000
"""A profile that fails every minute must not fill the disk."""
HISTORY_RUNS = 2000
"""Lines kept in the history for each series."""

Series = tuple[str, str]


def series_of(record: RunRecord) -> Series:
    """Return what a run is one of."""
    return record.action, record.profile or record.repository


def by_series(records: Sequence[RunRecord]) -> dict[Series, list[RunRecord]]:
    """Return the runs of each series, newest first."""
    found: dict[Series, list[RunRecord]] = {}
    for record in sorted(records, key=lambda each: each.run, reverse=True):
        found.setdefault(series_of(record), []).append(record)
    return found


def plan_thinning(records: Sequence[RunRecord], now_ns: int) -> list[RunRecord]:
    """Return the runs whose journals may go, oldest first; never one that still lasts."""
    gone = [record for series in by_series(records).values() for record in _gone(series, now_ns)]
    return sorted(gone, key=lambda each: each.run)


def _gone(series: Sequence[RunRecord], now_ns: int) -> list[RunRecord]:
    good = next((rank for rank, each in enumerate(series) if each.has_succeeded), len(series))
    failed = next((rank for rank, each in enumerate(series) if each.has_failed), -1)
    return [
        each
        for rank, each in enumerate(series)
        if each.is_over
        and rank not in (good, failed)
        and (rank > good or rank >= MOST_KEPT)
        and (rank >= KEPT_RUNS or now_ns - each.began_ns > KEPT_NS)
    ]


def plan_history(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the lines of a history that are kept, oldest first."""
    kept = [record for series in by_series(records).values() for record in series[:HISTORY_RUNS]]
    return sorted(kept, key=lambda each: each.run)
