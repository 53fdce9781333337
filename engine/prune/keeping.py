"""Of each blob that is needed one copy is kept: which one, and how much of each pack that makes needed.

A blob lies twice after a prune that was killed, or when two runs stored it at once, or when a run stored anew what was
damaged. Which copy stays is chosen for the packs' sake: the pack of which most is needed anyway keeps it, so that the
others empty. The copy that stays is read and compared with its id first: of a damaged and a whole copy the damaged one
must not be the one that is left.

Packs that are offline keep only what lies in no other: there every copy stays, since none of them can be looked at.
"""

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from yester.engine.errors import Broken, DamageError, Missing
from yester.engine.ids import SHORT_ID_SIZE, PackId
from yester.engine.packs.compression import PLAIN, decompress
from yester.engine.packs.segments import PACK_PREFIX_SIZE, PACK_ROW, Copy, Location, copy_of
from yester.engine.prune.needs import Needs, distinct
from yester.engine.prune.plan import PackUse
from yester.engine.prune.repacking import read_part
from yester.engine.sealed.keys import Keys, blob_id
from yester.engine.sealed.sealing import Domain, ObjectKind, Opener, name_of
from yester.engine.store import Buffer, Store, mending

_BATCH = 1 << 12
"""Copies that are verified in the order in which they lie, rather than in that of their ids."""


class Keeping:
    """Chooses copies, and counts. For one thread."""

    def __init__(
        self,
        needs: Needs,
        store: Store,
        keys: Keys,
        listed: Collection[PackId],
        doomed: Collection[PackId],
        held: Collection[PackId] = (),
    ) -> None:
        """Only copies in listed packs count; in doomed ones, which may go at any time, where no other is whole.

        What is in none of them may be in one that is held.
        """
        self._needs = needs
        self._verifier = Verifier(store, keys)
        self._rows = [row for row in needs.segment.pack_rows() if PackId(row[:32]) in listed]
        self._number = {row[:PACK_PREFIX_SIZE]: number for number, row in enumerate(self._rows)}
        self._doomed = {pack[:PACK_PREFIX_SIZE] for pack in doomed}
        self._held = {pack[:PACK_PREFIX_SIZE] for pack in held}
        self._offline = {
            row[:PACK_PREFIX_SIZE]: PackId(row[:32])
            for row in needs.segment.pack_rows()
            if row[:PACK_PREFIX_SIZE] in self._held and row[:PACK_PREFIX_SIZE] not in self._number
        }
        self._needed_offline: set[PackId] = set()
        self._blobs_size = array("Q", bytes(8 * len(self._rows)))
        self._needed_size = array("Q", bytes(8 * len(self._rows)))
        self._needed_blobs = array("Q", bytes(8 * len(self._rows)))
        self._twice = array("Q")
        """Of each blob with several copies that may be kept, the number of the first one."""
        self.lost = 0
        """Needed blobs of which no copy is in a listed pack, nor in one that is held."""

    @property
    def unneeded_offline(self) -> set[PackId]:
        """The packs that are offline and keep nothing, once `choose` has chosen."""
        return set(self._offline.values()) - self._needed_offline

    def choose(self, tick: Callable[[], None]) -> list[PackUse]:
        """Let one copy of each needed blob be needed, and return all listed packs. StoreError when the store fails."""
        for rows, records in self._needs.blobs():
            self._keep_only(rows, distinct(rows, records))
            tick()
        groups = iter(self._twice)
        while batch := list(islice(groups, _BATCH)):
            self._keep_best(batch, tick)
        self._measure()
        return list(self._uses())

    def _keep_only(self, rows: range, copies: Sequence[tuple[int, Copy]]) -> None:
        """Keep the one copy that can be kept; leave blobs with several for later."""
        there = [each for each in copies if each[1].pack in self._number]
        if len(there) > 1:
            self._twice.append(rows.start)
        elif there:
            self._keep(rows, *there[0])
        elif offline := {self._offline[copy.pack] for _, copy in copies if copy.pack in self._offline}:
            self._needed_offline |= offline
        else:
            self.lost += 1

    def _keep(self, rows: range, row: int, copy: Copy) -> None:
        self._needs.keep(rows, row)
        number = self._number[copy.pack]
        self._needed_size[number] += copy.stored_size
        self._needed_blobs[number] += 1

    def _keep_best(self, firsts: Sequence[int], tick: Callable[[], None]) -> None:
        """Keep the first whole copy of each of these blobs; the first one when none is whole."""
        candidates = [self._candidates(first) for first in firsts]
        candidates.sort(key=lambda copies: (copies[0][1].pack, copies[0][1].offset))
        for copies in candidates:
            sound = (each for each in copies if self._verifier.is_sound(self._location(each[0]), each[1].short))
            rows = self._needs.segment.rows(copies[0][1].short)
            self._keep(rows, *next(sound, copies[0]))
            tick()

    def _candidates(self, first: int) -> list[tuple[int, Copy]]:
        """Return the copies that may be kept, the best one first; those in doomed packs last, as they cost a copy."""
        record = self._needs.segment.records(range(first, first + 1))[0]
        copies = self._needs.copies(record[:SHORT_ID_SIZE])
        return sorted([each for each in copies if each[1].pack in self._number], key=self._rank)

    def _rank(self, each: tuple[int, Copy]) -> tuple[bool, int, bytes]:
        pack = each[1].pack
        return pack in self._doomed, -self._needed_size[self._number[pack]], pack

    def _location(self, row: int) -> Location:
        segment = self._needs.segment
        return segment.location(segment.records(range(row, row + 1))[0])

    def _measure(self) -> None:
        """Count what lies in each pack."""
        before = b""
        for record in self._needs.records():
            if record == before:
                continue
            before, copy = record, copy_of(record)
            number = self._number.get(copy.pack)
            if number is not None:
                self._blobs_size[number] += copy.stored_size

    def _uses(self) -> Iterator[PackUse]:
        for number, row in enumerate(self._rows):
            pack, size, header = PACK_ROW.unpack(row)
            yield PackUse(
                PackId(pack),
                ObjectKind(header[7]),
                size,
                self._blobs_size[number],
                self._needed_size[number],
                self._needed_blobs[number],
                pack[:PACK_PREFIX_SIZE] in self._doomed,
                pack[:PACK_PREFIX_SIZE] in self._held,
            )


class Verifier:
    """Reads single copies of blobs; remembers the frame that it read last."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._last: tuple[PackId, int] | None = None
        self._plain: Buffer | None = None

    def is_sound(self, location: Location, short: bytes) -> bool:
        """Whether a copy of a blob is what its id says."""
        if self._last != (location.pack, location.frame):
            self._last = (location.pack, location.frame)
            self._plain = self._read(location)
        if self._plain is None:
            return False
        piece = memoryview(self._plain)[location.start : location.start + location.size]
        return blob_id(self._keys.id_key(location.blob_kind), piece)[:SHORT_ID_SIZE] == short

    def _read(self, location: Location) -> Buffer | None:
        name = name_of(location.kind, location.pack)

        def read() -> bytes:
            sealed = read_part(self._store, name, location.offset, location.sealed_size)
            return Opener(location.header, self._keys, name).open(Domain.FRAME, location.frame, sealed)

        try:
            stored = mending(self._store, name, read)
            return stored if location.codec == PLAIN else decompress(stored, location.plain_size)
        except (DamageError, Broken, Missing, ValueError):
            return None
