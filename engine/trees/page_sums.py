"""Sums over the rows of a node and over what is below them (docs/format.md, section 6, columns 17 to 22).

Each node sums up what it has, and its parent keeps that for each child or directory, so that the totals of a snapshot
are in its root entry alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, compress

from yester.engine.entries import Mark, Summary
from yester.engine.trees.page_columns import IS_FILE, MAX_COUNT, MAX_SUM, Column, pack

NOTHING_BELOW = Summary()


def summary_columns(sums: Sequence[Summary]) -> dict[int, bytes]:
    """Return the columns of what is below each directory of a leaf, or each child of an inner node."""
    return {
        Column.ENTRIES_BELOW: pack("Q", list(accumulate([each.entries for each in sums]))),
        Column.FILES_BELOW: pack("Q", [each.files for each in sums]),
        Column.BYTES_BELOW: pack("Q", [each.size for each in sums]),
        Column.NEWEST_BELOW: pack("q", [each.newest_ns for each in sums]),
        Column.UNREADABLE_BELOW: pack("I", [each.unreadable for each in sums]),
        Column.CHANGED_BELOW: pack("I", [each.changed for each in sums]),
    }


def own_sums(modes: bytes, sizes: Sequence[int], mtimes: Sequence[int], marks: Sequence[int]) -> Summary:
    """Return the sums over a leaf's own rows, without what is below them; `modes` is the packed column."""
    files = modes[1::2].translate(IS_FILE)
    marked = any(marks)
    return Summary(
        len(mtimes),
        files.count(1),
        saturated(compress(sizes, files)),
        max(mtimes),
        sum([mark & Mark.UNREADABLE.value != 0 for mark in marks]) if marked else 0,
        sum([mark & Mark.CHANGED.value != 0 for mark in marks]) if marked else 0,
    )


def add_up(sums: Sequence[Summary], own: Summary) -> Summary:
    """Return all the sums as one."""
    if not sums:
        return own
    every = [own, *sums]
    return Summary(
        sum([each.entries for each in every]),
        sum([each.files for each in every]),
        saturated([each.size for each in every]),
        max([each.newest_ns for each in every]),
        min(sum([each.unreadable for each in every]), MAX_COUNT),
        min(sum([each.changed for each in every]), MAX_COUNT),
    )


def raised(summary: Summary, mtime_ns: int) -> Summary:
    """Return the summary with the directory's own time counted among those below it."""
    if summary.newest_ns >= mtime_ns:
        return summary
    return replace(summary, newest_ns=mtime_ns)


def saturated(sizes: Iterable[int]) -> int:
    """Return the sum of file sizes, at most MAX_SUM."""
    return min(sum(sizes), MAX_SUM)
