"""The writer's last look: whether what was just committed lies in packs that are there to stay.

While the writer's session stands, a prune that began meanwhile waits for it and spares what its snapshots need. Where
it does not, for this machine slept too long, packs may be gone, or go: then the snapshot is walked.
"""

from collections.abc import Set

from yester.engine.capture.seen import Presence
from yester.engine.capture.standing import listed
from yester.engine.ids import PackId, SnapshotId
from yester.engine.repository import Repository
from yester.engine.sessions import WriterSession
from yester.engine.trees.directories import decode_root


class Lapsed(Exception):
    """A prune held this run dead before it committed: what it built on may be gone, and is better not committed."""


READER_SIZE = 32 << 20
"""Budget for reading earlier trees while walking, bytes."""


def is_lasting(
    repository: Repository,
    session: WriterSession,
    sid: SnapshotId,
    needed: Set[PackId],
    unsound: Set[PackId],
    *,
    archived: bool = False,
) -> bool:
    """Whether the snapshot `sid`, which was committed just now, can stay.

    `needed` are packs that it may lie in, `unsound` those that are not what was written; with `archived` it may lie in
    packs that are offline.
    """
    stands = session.stands()
    looked = listed(repository, archived=archived)
    return (stands and needed <= looked.packs) or is_whole(repository, sid, looked.lasting - unsound)


def is_whole(repository: Repository, sid: SnapshotId, lasting: Set[PackId]) -> bool:
    """Walk what was committed: whether all of it lies in packs that are there and that no prune takes."""
    index = repository.index
    index.refresh()
    index.restrict(lasting)
    snapshot, presence = repository.snapshot(sid), Presence(repository.reader(READER_SIZE), index)
    beside = (blob for blob in (snapshot.links, snapshot.errors, snapshot.profile_text) if blob is not None)
    root = decode_root(snapshot.root)
    return all(map(presence.has, beside)) and (not root.refs or presence.tree(root.tree))
