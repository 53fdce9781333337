"""Give a repository many snapshots quickly: the newest one written again with earlier times.

    history.py REPOSITORY COUNT

Runs in a process of its own, with yester's interpreter and the benchmark's environment; the passphrase comes from
YESTER_PASSPHRASE. Afterwards the repository has COUNT snapshots, an hour apart, and the newest is the one there was.
"""

import os
import sys
from pathlib import Path

import msgspec

from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import ObjectKind
from yester.plugins.backends.folder import FolderStore

HOUR_NS = 3600 * 10**9


def main() -> None:
    """Write COUNT - 1 snapshot objects."""
    store, count = FolderStore(Path(sys.argv[1])), int(sys.argv[2])
    repository = Repository.open(store, lambda: os.environb[b"YESTER_PASSPHRASE"], places=Places.default())
    newest = repository.snapshots()[-1][1]
    writer = bytes(len(newest.writer))  # of its own: the real writer's sequence stays without gaps
    previous: bytes | None = None
    for sequence in range(1, count):
        moment = newest.time_ns - (count - sequence) * HOUR_NS
        changes = {"time_ns": moment, "end_ns": moment, "writer": writer, "sequence": sequence, "previous": previous}
        previous = repository.put_record(ObjectKind.SNAPSHOT, msgspec.structs.replace(newest, **changes))


if __name__ == "__main__":
    main()
