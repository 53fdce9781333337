"""The folder of a client's segments: what earlier runs left is opened, new ones are written, small ones are merged.

It is a cache. A folder that cannot be written, or has no room, is done without: an open segment needs no name.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from yester.engine.ids import FragmentId
from yester.engine.packs.packs import PackEntry
from yester.engine.packs.segment_writing import Records, Run, pack_row, plan_merge, sweep, write_segment
from yester.engine.packs.segments import SUFFIX, Segment, SegmentDamaged
from yester.engine.places import unwritable


class SegmentFolder:
    """Where the segments of one index are. For who holds the index's lock."""

    def __init__(self, path: Path) -> None:
        """Nothing is made or read yet."""
        self._path = path

    def opened(self) -> tuple[Segment, ...]:
        """Make the folder, 0700, and open what earlier runs left, what covers most first; delete what is of no use."""
        with suppress(OSError):  # whoever writes into it says so
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(self._path, time.time())
        kept: list[Segment] = []
        covered: set[FragmentId] = set()
        for segment in sorted(self._found(), key=lambda segment: len(segment.fragments), reverse=True):
            if covered.isdisjoint(segment.fragments):
                covered |= segment.fragments
                kept.append(segment)
            else:
                discard(segment.path)
        return tuple(kept)

    def written(
        self, packs: Sequence[PackEntry], fragments: Collection[FragmentId], replaced: Collection[FragmentId]
    ) -> Segment:
        """Write a segment of packs that fragments name. YesterError when it can be written nowhere."""
        return self._written([Records(packs)], fragments, replaced, map(pack_row, packs))

    def merged(self, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """Return few segments that have what these have, each record rarely copied."""
        ordered = sorted(segments, key=len, reverse=True)
        count = plan_merge([len(segment) for segment in ordered])
        if not count:
            return segments
        kept, small = ordered[:-count], ordered[-count:]
        try:
            merged = self._written(
                small,
                frozenset().union(*(segment.fragments for segment in small)),
                frozenset().union(*(segment.replaced for segment in small)),
                (row for segment in small for row in segment.pack_rows()),
            )
        except SegmentDamaged:
            # The look-up that meets the damaged block builds the segment again; until then more segments do no harm.
            return segments
        for segment in small:
            discard(segment.path)
        return (*kept, merged)

    def _found(self) -> list[Segment]:
        found = []
        for path in self._path.glob(f"*{SUFFIX}"):
            try:
                found.append(Segment(path))
            except SegmentDamaged:
                discard(path)
        return found

    def _written(
        self,
        runs: Sequence[Run],
        fragments: Collection[FragmentId],
        replaced: Collection[FragmentId],
        pack_rows: Iterable[bytes],
    ) -> Segment:
        rows = list(pack_rows)
        try:
            return write_segment(self._path, runs, fragments, replaced, rows)
        except OSError as error:
            unwritten = unwritable(self._path, error)
        # Whoever has no room left needs to get at his files more than ever.
        try:
            with TemporaryDirectory(prefix="yester-index-") as folder:
                return write_segment(Path(folder), runs, fragments, replaced, rows)
        except OSError:
            raise unwritten from None


def discard(path: Path) -> None:
    """Delete a segment that is of no use; one in a folder that cannot be written does no harm there."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
