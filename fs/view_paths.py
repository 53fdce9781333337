"""Where snapshots lie in the views: the names of profile folders, and of snapshots within any folder."""

from collections import Counter
from collections.abc import Iterable

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.fs.names import profile_name
from yester.fs.time_names import TimeFormat

PARTIAL = b".partial"
"""What the name of a snapshot ends in whose run did not come to its end."""


def folder_names(snapshots: Iterable[Snapshot]) -> dict[tuple[str, str], bytes]:
    """The folder's name for each (profile, host): PROFILE, or PROFILE@HOST when several hosts have the profile."""
    series = sorted({(snapshot.profile, snapshot.host) for snapshot in snapshots})
    hosts = Counter(profile for profile, _ in series)
    return {(profile, host): profile_name(profile, None if hosts[profile] == 1 else host) for profile, host in series}


class Paths:
    """Gives snapshots their paths, no two the same; they come in the order in which they count.

    A path stays with its snapshot, also when that is forgotten: to give it to another would show, to whoever has just
    looked it up, the files of one snapshot under the name of the other.
    """

    def __init__(self, times: TimeFormat) -> None:
        self._times = times
        self._taken: dict[bytes, int] = {b"latest": 1}
        """Paths that are taken, and how many wanted each."""
        self._given: dict[tuple[bytes, SnapshotId], bytes] = {}

    def of(self, folder: bytes, sid: SnapshotId, snapshot: Snapshot) -> bytes:
        """Return the path of a snapshot, or of a link to it, below `folder`: TIME, or TIME-2 where that is taken.

        The number comes before the mark of a partial one, so that no name changes when others are marked.
        """
        path = self._given.get((folder, sid))
        if path is None:
            time = self._times.path(snapshot.time_ns)
            free = self._free(folder + b"/" + time if folder else time)
            path = self._given[folder, sid] = free + PARTIAL if snapshot.partial else free
        return path

    def _free(self, wanted: bytes) -> bytes:
        path = wanted
        while path in self._taken:
            self._taken[wanted] += 1
            path = b"%s-%d" % (wanted, self._taken[wanted])
        self._taken[path] = 1
        return path
