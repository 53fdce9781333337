"""Which copies of blobs are needed: one bit for each record of the index.

A segment (engine/packs/segments.py) of a prune's own holds a record for every copy of every blob, sorted by id, so
that copies of one blob are neighbours. Here is a bit for each of them: an eighth of a byte, where a set of ids would
take a hundred. First all copies of what snapshots refer to have their bits; then one copy of each is kept.
"""

from collections.abc import Iterator

from yester.engine.ids import SHORT_ID_SIZE
from yester.engine.packs.segments import Copy, Segment, copy_of

_BLOCK = 1 << 12
"""Records that are read at once: 240 KiB."""


class Needs:
    """Bits over the records of a segment. For one thread."""

    def __init__(self, segment: Segment) -> None:
        """Nothing is needed yet."""
        self.segment = segment
        self._bits = bytearray((len(segment) + 7) >> 3)

    def copy(self) -> "Needs":
        """Return the same bits, to change."""
        copied = Needs(self.segment)
        copied._bits[:] = self._bits
        return copied

    def __contains__(self, row: int) -> bool:
        return self._bits[row >> 3] >> (row & 7) & 1 == 1

    def keep(self, rows: range, kept: int) -> None:
        """Of the copies of one blob let one be needed."""
        for row in rows:
            self._bits[row >> 3] &= ~(1 << (row & 7))
        self._bits[kept >> 3] |= 1 << (kept & 7)

    def refer(self, blob: bytes) -> bool | None:
        """Let all copies of a blob be needed; whether none was before. None when the index does not have the blob."""
        rows = self.segment.rows(blob[:SHORT_ID_SIZE])
        if not rows:
            return None
        if self.among(rows):
            return False
        for row in rows:
            self._bits[row >> 3] |= 1 << (row & 7)
        return True

    def among(self, rows: range) -> bool:
        """Whether any of these copies is needed."""
        return any(self._bits[row >> 3] >> (row & 7) & 1 for row in rows)

    def blobs(self) -> Iterator[tuple[range, list[bytes]]]:
        """Yield, for each blob that is needed, the numbers and the records of all its copies."""
        group: list[bytes] = []
        first = 0
        for row, record in enumerate(self.records()):
            if group and record[:SHORT_ID_SIZE] == group[0][:SHORT_ID_SIZE]:
                group.append(record)
                continue
            if group and self.among(range(first, row)):
                yield range(first, row), group
            first, group = row, [record]
        if group and self.among(range(first, first + len(group))):
            yield range(first, first + len(group)), group

    def records(self) -> Iterator[bytes]:
        """Yield the records of all copies, sorted by id."""
        total = len(self.segment)
        for start in range(0, total, _BLOCK):
            yield from self.segment.records(range(start, min(start + _BLOCK, total)))

    def copies(self, short: bytes) -> list[tuple[int, Copy]]:
        """Return the number of each copy of a blob, and what its record says."""
        rows = self.segment.rows(short)
        return distinct(rows, self.segment.records(rows)) if rows else []


def distinct(rows: range, records: list[bytes]) -> list[tuple[int, Copy]]:
    """Return the numbers of copies and what their records say; of equal records, of a pack named twice, the first."""
    if len(records) == 1:
        return [(rows.start, copy_of(records[0]))]
    firsts = dict(zip(reversed(records), reversed(rows), strict=True))
    return [(firsts[record], copy_of(record)) for record in dict.fromkeys(records)]
