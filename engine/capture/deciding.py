"""Asking hooks about entries before they are taken, many at a time.

Hooks live in other processes, where each question costs as much as dozens of files do: so questions go out by the
hundred. Most directories hold fewer entries than that. A *scout* therefore runs ahead of the walk, in the order of
os.walk, lists directories until enough entries have come together, asks about all of them, and keeps the listings with
what was decided until the walk comes by. It goes into no folder that was left out. Where the two lose sight of each
other, because a folder came or went between them, the walk's own listing is asked about, and the scout goes on from
there.

Decisions meet the comparison with earlier runs in the listing: what is skipped is not in it, and the stamp of what is
altered is made of the alteration too (altering.py). So a directory is as it was only when the decisions about it are,
and a row is copied from an earlier snapshot only when what was decided about it is the same. Content that is replaced
has no stamp, since nobody knows when it changes: it is taken anew each time.

An altered entry says so by the time of its last change, which is ALTERED_NS then: no file system has that. So where
the file cache is lost, and earlier snapshots alone are compared with, such an entry never passes for one that is as it
was.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from yester.engine.capture.altering import Decided, Special, decided_of
from yester.engine.capture.borders import Surroundings, open_folder
from yester.engine.capture.filters import Filter
from yester.engine.capture.listing import Listing, digest_of, list_directory
from yester.engine.capture.statx import Probe, Status, Statuses
from yester.engine.decisions import Candidate, Decision, Decisions, not_below

AT_ONCE = 256
"""Entries that are asked about together."""

Decide = Callable[[Sequence[Candidate]], Decisions]

_AS_IT_IS = Decision()
_NOTHING = Listing([], Statuses(b""), b"", digest_of([], b""), [])


@dataclass(slots=True)
class _Sight:
    """A directory that was listed and is being asked about."""

    folder: bytes
    """Its path with a closing slash."""
    place: bytes
    """The same where it is read, which may be elsewhere (detours.py); empty where nobody can say."""
    listing: Listing
    decisions: dict[int, Decision] = field(default_factory=dict)


class Scout:
    """Looks ahead of one walk. Not for two threads at once."""

    def __init__(
        self, decide: Decide, probe: Probe, rules: Filter, surroundings: Surroundings, tick: Callable[[], None]
    ) -> None:
        self._decide, self._probe, self._rules, self._surroundings = decide, probe, rules, surroundings
        self._tick = tick
        self._ahead: list[tuple[bytes, bytes, Status]] = []
        """Folders that are still to be looked at, the next one last: path, where it is read, what its parent says."""
        self._known: dict[bytes, Decided] = {}
        self._empty: set[bytes] = set()
        """Folders of which nothing is taken."""

    def source(self, path: bytes, status: Status) -> Special | None:
        """Return what becomes of a source; None when it is not taken."""
        decision = self._answers([_candidate(path, status)]).get(0, _AS_IT_IS)
        if decision.empty:
            self._empty.add(path + b"/")
        return None if decision.skip else Special.of(status, decision)

    def decided(self, fd: int, folder: bytes, status: Status) -> Decided:
        """Return the open directory `fd` as it will be taken; `folder` is its path with a closing slash.

        OSError when it cannot be listed.
        """
        if folder in self._empty:
            self._empty.discard(folder)
            return Decided(_NOTHING, {})
        if folder not in self._known:
            self._fall_in(folder)
            self._look_ahead(_Sight(folder, _place_of(fd), self._listed(fd, folder)), status)
        return self._known.pop(folder)

    def _fall_in(self, folder: bytes) -> None:
        """Forget folders that were seen before this one, and which the walk did not come to."""
        place = next((place for place, (path, _, _) in enumerate(self._ahead) if path == folder), None)
        if place is not None:
            del self._ahead[place:]
            self._known.clear()

    def _look_ahead(self, first: _Sight, status: Status) -> None:
        """Ask about a directory and about those that come after it."""
        sights = [first]
        self._note_below(first, status)
        seen = len(first.listing.names)
        while self._ahead and seen < AT_ONCE:
            sight = self._next()
            if sight is not None:
                sights.append(sight)
                seen += len(sight.listing.names)
        shut = self._ask(sights)
        if shut:
            self._ahead = [each for each in self._ahead if not each[0].startswith(shut)]
            sights = [sight for sight in sights if not sight.folder.startswith(shut)]
        for sight in sights:
            self._known[sight.folder] = decided_of(sight.listing, sight.decisions)

    def _next(self) -> _Sight | None:
        """List the next folder; None when it is not what it was, and the walk will have to see for itself."""
        folder, place, status = self._ahead.pop()
        try:
            fd = open_folder(place)
        except OSError:
            return None
        try:
            there = os.fstat(fd)
            if (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
                return None
            sight = _Sight(folder, place, self._listed(fd, folder))
        except OSError:
            return None
        finally:
            os.close(fd)
        self._note_below(sight, status)
        return sight

    def _listed(self, fd: int, folder: bytes) -> Listing:
        around = self._surroundings
        return list_directory(self._probe, fd, folder, self._rules, around.hidden(folder), around.detours)

    def _note_below(self, sight: _Sight, status: Status) -> None:
        """Note the folders of a directory that will be walked."""
        if not sight.place:
            return
        names, stats = sight.listing.names, sight.listing.stats
        for row in reversed([row for row, mode in enumerate(stats.modes) if stat.S_ISDIR(mode)]):
            below = stats[row]
            if self._surroundings.is_entered(below, status, one_file_system=self._rules.one_file_system):
                path = sight.folder + names[row]
                place = self._surroundings.detours.opened(path, sight.place + names[row])
                self._ahead.append((path + b"/", place + b"/", below))

    def _ask(self, sights: Sequence[_Sight]) -> tuple[bytes, ...]:
        """Ask about all entries, a part at a time; return the folders that are shut, each with a closing slash."""
        rows = [(sight, row) for sight in sights for row in range(len(sight.listing.names))]
        shut: tuple[bytes, ...] = ()
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            part = [each for each in part if not each[0].folder.startswith(shut)] if shut else part
            shut += self._settle(part)
        return shut

    def _answers(self, candidates: Sequence[Candidate]) -> Decisions:
        """Ask hooks. A run that was cancelled meanwhile ends here: perhaps they were not heard to the end."""
        decisions = self._decide(candidates)
        self._tick()
        return decisions

    def _settle(self, part: Sequence[tuple[_Sight, int]]) -> tuple[bytes, ...]:
        """Ask about some rows, and note what was decided; return the folders that it shuts."""
        candidates = [
            _candidate(sight.folder + sight.listing.names[row], sight.listing.stats[row]) for sight, row in part
        ]
        decisions = self._answers(candidates) if candidates else {}
        if not decisions:
            return ()
        shut = []
        heard = {*not_below(candidates, decisions)}
        for place, decision in decisions.items():
            if place not in heard:
                continue
            sight, row = part[place]
            sight.decisions[row] = decision
            if stat.S_ISDIR(candidates[place].mode) and (decision.skip or decision.empty):
                shut.append(candidates[place].path + b"/")
                if not decision.skip:
                    self._empty.add(shut[-1])
        return tuple(shut)


def _place_of(fd: int) -> bytes:
    """Return the path of an open directory with a closing slash; nothing when it is too long to be opened by it."""
    try:
        return os.readlink(b"/proc/self/fd/%d" % fd).rstrip(b"/") + b"/"
    except OSError:
        return b""


def _candidate(path: bytes, status: Status) -> Candidate:
    return Candidate(
        path,
        status.st_mode,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_uid,
        status.st_gid,
    )
