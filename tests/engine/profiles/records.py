"""Snapshot records with as much in them as recovery asks for."""

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot


def stored(time_ns: int, profile: str, profile_id: bytes, host_id: bytes) -> tuple[SnapshotId, Snapshot]:
    """Return a snapshot of a profile on the host of that id, which is called by its first letters."""
    record = Snapshot(
        time_ns=time_ns,
        end_ns=time_ns,
        host_id=host_id,
        host=host_id[:4].decode(),
        user="me",
        profile_id=profile_id,
        profile=profile,
        sources=(),
        root=b"",
        writer=host_id,
        sequence=time_ns,
        profile_text=time_ns.to_bytes(32, "big"),
    )
    return SnapshotId(time_ns.to_bytes(32, "little")), record
