"""Which tombstones nobody needs: against every client that may come back, whatever it remembers."""

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.ids import SnapshotId
from yester.engine.prune.leftovers import unneeded_tombstones
from yester.engine.sealed.records import Snapshot, Tombstone
from yester.engine.witness import Seen, compare

WRITERS = (b"a" * 16, b"b" * 16)


def sid_of(writer: int, sequence: int) -> SnapshotId:
    return SnapshotId(bytes([writer]) + sequence.to_bytes(31))


def history(writer: int, gone: list[bool]) -> tuple[dict[SnapshotId, Snapshot], list[tuple[str, Tombstone]]]:
    """A writer's snapshots, each taken after all that were to go before it had gone, and the tombstones."""
    kept: dict[SnapshotId, Snapshot] = {}
    stones = []
    last: SnapshotId | None = None
    for sequence, goes in enumerate(gone, 1):
        sid = sid_of(writer, sequence)
        kept[sid] = Snapshot(
            time_ns=0,
            end_ns=0,
            host_id=b"h" * 16,
            host="h",
            user="u",
            profile_id=b"p" * 16,
            profile="p",
            sources=(),
            root=b"",
            writer=WRITERS[writer],
            sequence=sequence,
            previous=last,
        )
        last = sid
        if goes:
            stone = Tombstone(
                snapshot=sid, writer=WRITERS[0], time_ns=0, of_writer=WRITERS[writer], of_sequence=sequence
            )
            stones.append((f"tomb.{sid.hex()}", stone))
    for sid in [sid for sid in kept if f"tomb.{sid.hex()}" in dict(stones)]:
        del kept[sid]
    return kept, stones


@given(st.lists(st.booleans(), max_size=8), st.lists(st.booleans(), max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_no_client_misses_anything_without_them(
    first: list[bool], second: list[bool], seen_first: int, seen_second: int
) -> None:
    snapshots: dict[SnapshotId, Snapshot] = {}
    stones: list[tuple[str, Tombstone]] = []
    for writer, gone in enumerate((first, second)):
        kept, buried = history(writer, gone)
        snapshots |= kept
        stones += buried
    unneeded = set(unneeded_tombstones(stones, snapshots))
    left = {stone.snapshot for name, stone in stones if name not in unneeded}
    memory = {
        WRITERS[writer].hex(): Seen(seen, sid_of(writer, seen).hex())
        for writer, (gone, seen) in enumerate(((first, seen_first), (second, seen_second)))
        if 0 < seen <= len(gone)
    }
    warnings, _ = compare(memory, list(snapshots.items()), left)
    assert warnings == []


def test_old_ones_go_and_those_that_say_less_stay() -> None:
    snapshots, stones = history(0, [True, True, True, False])
    assert set(unneeded_tombstones(stones, snapshots)) == {f"tomb.{sid_of(0, number).hex()}" for number in (1, 2)}
    old = [(name, Tombstone(snapshot=stone.snapshot, writer=stone.writer, time_ns=0)) for name, stone in stones]
    assert list(unneeded_tombstones(old, snapshots)) == []
    undead = [f"snap.{sid_of(0, 1).hex()}"]
    assert list(unneeded_tombstones(stones, snapshots, undead)) == [f"tomb.{sid_of(0, 2).hex()}"]
