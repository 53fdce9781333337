"""Every version of the format is read for ever: repositories that were made when the version was new, by yester and by
the reader that was written from the page (tests/golden/README.md).
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from blake3 import blake3
from tests.format_description import abridged, by_reader, by_yester, outline
from tests.format_reader import Reader, recovery_secret

from yester.engine.check.checking import check
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.sealed.records import encode_record
from yester.engine.sessions import live_sessions
from yester.plugins.backends.folder import FolderStore

DESCRIPTIONS = sorted((Path(__file__).parent / "golden").glob("v*.json"))


class Golden:
    """A copy of a golden repository that a test may use, and what must be read from it."""

    def __init__(self, description: Path, place: Path) -> None:
        self.place = place
        self.says: dict[str, Any] = json.loads(description.read_text())
        shutil.copytree(description.with_suffix(""), place)

    def unlock(self) -> None:
        """Leave only the slot that needs no secret."""
        shutil.rmtree(self.place / "key")
        slot = bytes.fromhex(self.says["slot_without_secret"])
        (self.place / "key").mkdir()
        (self.place / "key" / f"key.{blake3(slot).hexdigest()}").write_bytes(slot)

    def open(self, secret: str | None) -> Repository:
        given = None if secret is None else lambda: secret.encode()
        repository = Repository.open(FolderStore(self.place), given, places=Places.default())
        repository.unlock()
        return repository


@pytest.fixture(params=DESCRIPTIONS, ids=lambda path: path.stem)
def golden(request: pytest.FixtureRequest, home: Path) -> Golden:
    return Golden(request.param, home / "golden")


def seen_by_yester(repository: Repository) -> dict[str, Any]:
    labels = repository.labels()
    records = {
        sid: outline(
            msgspec.msgpack.decode(encode_record(record)),
            msgspec.msgpack.decode(encode_record(labels[sid])) if sid in labels else None,
        )
        for sid, record in repository.snapshots()
    }
    return {
        "snapshots": {sid.hex(): record for sid, record in records.items()},
        "entries": {sid.hex(): abridged(by_yester(repository, sid)) for sid in records},
    }


def seen_by_the_reader(reader: Reader) -> dict[str, Any]:
    return {
        "snapshots": {sid: outline(record, reader.labels.get(sid)) for sid, record in reader.snapshots.items()},
        "entries": {sid: abridged(by_reader(reader, sid)) for sid in reader.snapshots},
    }


def expected(golden: Golden) -> dict[str, Any]:
    return {part: golden.says[part] for part in ("snapshots", "entries")}


def test_there_is_one_of_each_version() -> None:
    assert [path.stem for path in DESCRIPTIONS] == [f"v{number}" for number in range(1, 1 + len(DESCRIPTIONS))] != []
    folders = [path.name for path in DESCRIPTIONS[0].parent.iterdir() if path.is_dir() and path.name[0] == "v"]
    assert sorted(folders) == [path.stem for path in DESCRIPTIONS]


@pytest.mark.parametrize("by", ["passphrase", "recovery_key"])
def test_yester_reads_it_by_each_secret(golden: Golden, by: str) -> None:
    assert seen_by_yester(golden.open(golden.says[by])) == expected(golden)


def test_yester_reads_it_without_a_secret(golden: Golden) -> None:
    golden.unlock()
    assert seen_by_yester(golden.open(None)) == expected(golden)


def test_check_finds_nothing(golden: Golden) -> None:
    repository = golden.open(golden.says["passphrase"])
    report = check(repository, read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert (report.problems, report.notes) == ((), ())
    assert report.snapshots == len(golden.says["snapshots"])


def test_the_independent_reader_reads_it(golden: Golden) -> None:
    secret = golden.says["passphrase"].encode()
    assert seen_by_the_reader(Reader(golden.place, secret)) == expected(golden)
    by_recovery_key = Reader(golden.place, recovery_secret(golden.says["recovery_key"]))
    assert by_recovery_key.every_blob() == len(by_recovery_key.places) > 100
    golden.unlock()
    assert seen_by_the_reader(Reader(golden.place)) == expected(golden)


def test_what_surrounds_the_snapshots_is_read_too(golden: Golden) -> None:
    repository = golden.open(golden.says["passphrase"])
    reader = Reader(golden.place, golden.says["passphrase"].encode())
    assert repository.tombstoned() == {stone["snapshot"] for stone in reader.records("tomb").values()}
    assert len(repository.tombstoned()) == 2
    assert live_sessions(repository.store.list("session.")) == {b"s" * 16: 10}
    assert {record["purpose"] for record in reader.records("session").values()} == {"snap"}
    assert [record["packs"] for record in reader.records("mark").values()] == [[b"gone" * 8]]
    assert {reader.read(name)[12] for name in reader.packs} == {1, 2}, "two epochs"
    assert {SnapshotId(bytes.fromhex(sid)) for sid in golden.says["snapshots"]} == repository.snapshot_ids()


def test_the_golden_repositories_are_small() -> None:
    assert DESCRIPTIONS
    for description in DESCRIPTIONS:
        files = [path for path in description.with_suffix("").rglob("*") if path.is_file()]
        assert sum(os.path.getsize(path) for path in [*files, description]) < 300_000
