from pathlib import Path

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.engine.witness import Seen, Witness, compare

ME, YOU = b"m" * 16, b"y" * 16

Listed = tuple[SnapshotId, Snapshot]


def sid(writer: bytes, sequence: int) -> SnapshotId:
    return SnapshotId(writer + sequence.to_bytes(16, "big"))


def series(writer: bytes, *sequences: int) -> list[Listed]:
    """Snapshots that each name the one before of a full series."""
    return [
        (
            sid(writer, sequence),
            Snapshot(
                time_ns=sequence,
                end_ns=sequence,
                host_id=bytes(16),
                host="",
                user="",
                profile_id=bytes(16),
                profile="",
                sources=(),
                root=b"",
                writer=writer,
                sequence=sequence,
                previous=sid(writer, sequence - 1) if sequence > 1 else None,
            ),
        )
        for sequence in sequences
    ]


def seen(writer: bytes, sequence: int) -> dict[str, Seen]:
    return {writer.hex(): Seen(sequence, sid(writer, sequence).hex())}


def test_a_whole_list_is_remembered_without_a_word() -> None:
    listed = [*series(ME, 1, 2, 3), *series(YOU, 1)]
    assert compare({}, listed, ()) == ([], seen(ME, 3) | seen(YOU, 1))
    assert compare(seen(ME, 2), listed, ()) == ([], seen(ME, 3) | seen(YOU, 1))
    assert compare({}, [], ()) == ([], {})


def test_a_rollback_is_said_and_not_forgotten() -> None:
    for listed in (series(ME, 1, 2), series(YOU, 1), []):
        warnings, kept = compare(seen(ME, 3), listed, ())
        assert len(warnings) == 1
        assert "older than" in warnings[0]
        assert sid(ME, 3).hex()[:8] in warnings[0]
        assert kept[ME.hex()] == Seen(3, sid(ME, 3).hex())


def test_thinning_is_said_even_to_a_new_client() -> None:
    for listed in (series(ME, 1, 3), series(ME, 2, 3)):
        warnings, _ = compare({}, listed, ())
        assert len(warnings) == 1
        assert "not forgotten" in warnings[0]
    assert "(and 1 more)" in compare({}, series(ME, 1, 3, 5), ())[0][0]


def test_what_was_forgotten_on_purpose_is_not_missed() -> None:
    assert compare(seen(ME, 3), series(ME, 1, 2), {sid(ME, 3)}) == ([], seen(ME, 3))
    assert compare(seen(ME, 3), series(ME, 1, 3), {sid(ME, 2)}) == ([], seen(ME, 3))
    assert compare(seen(ME, 3), [], {sid(ME, 3)})[0] == []


def test_one_before_the_last_that_was_forgotten_is_not_missed() -> None:
    """Its own tombstone went when a later snapshot was there, and that one was forgotten afterwards."""
    for listed in (series(ME, 1), []):
        assert compare(seen(ME, 2), listed, {sid(ME, 3)}, {ME.hex(): 3})[0] == []
        assert len(compare(seen(ME, 4), listed, {sid(ME, 3)}, {ME.hex(): 3})[0]) == 1
        assert len(compare(seen(ME, 2), listed, {sid(YOU, 3)}, {YOU.hex(): 3})[0]) == 1


def test_a_new_snapshot_after_a_rollback_ends_the_warning() -> None:
    listed = series(ME, 1, 2)
    new_id, new = series(ME, 4)[0]
    listed.append((new_id, Snapshot(**{**{f: getattr(new, f) for f in new.__struct_fields__}, "previous": sid(ME, 2)})))
    assert compare(seen(ME, 3), listed, ()) == ([], seen(ME, 4))


def test_remembers_over_processes(tmp_path: Path) -> None:
    path = tmp_path / "state" / "witness"
    assert Witness(path).observe(series(ME, 1, 2), ()) == []
    assert path.stat().st_mode & 0o777 == 0o600
    assert Witness(path).recall() == seen(ME, 2)
    assert len(Witness(path).observe(series(ME, 1), ())) == 1
    assert len(Witness(path).observe(series(ME, 1), ())) == 1
    assert {found.name for found in path.parent.iterdir()} == {"turn", "witness"}


def test_writes_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    Witness(path).observe(series(ME, 1), ())
    before = path.stat().st_mtime_ns, path.stat().st_ino
    Witness(path).observe(series(ME, 1), ())
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_a_damaged_memory_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    for content in (
        b"",
        b"{",
        b'{"a": 1}',
        b'{"a": {"sequence": 1, "snapshot": "xy"}}',
        b'{"a": {"sequence": 1, "snapshot": "00"}}',
    ):
        path.write_bytes(content)
        assert Witness(path).recall() == {}
    assert Witness(path).observe(series(ME, 1), ()) == []
    assert Witness(path).recall() == seen(ME, 1)


def test_a_memory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    warnings = Witness(tmp_path / "file" / "witness").observe(series(ME, 1), ())
    assert len(warnings) == 1
    assert "cannot be written" in warnings[0]


def test_one_that_listed_before_another_committed_misses_nothing(tmp_path: Path) -> None:
    """What the other remembers meanwhile is neither missed in the older list, nor forgotten again."""
    slow, fast = Witness(tmp_path / "witness"), Witness(tmp_path / "witness")
    assert fast.observe(series(ME, 1), ()) == []
    memory, listed = slow.recall(), [*series(ME, 1), *series(YOU, 1)]
    assert fast.observe(series(ME, 1, 2, 3), ()) == []
    assert slow.observe(listed, (), memory) == []
    assert slow.recall() == seen(ME, 3) | seen(YOU, 1)
