"""What a run tells of its failures: the code, and the snapshot that it is about."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.rig import Rig, write

from yester.engine.errors import Exists
from yester.engine.events import Error, ErrorCode, RunEnd, SnapshotNew
from yester.engine.store import Buffer
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")


class Once(MemoryStore):
    """Holds everything already whose name begins so."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if name.startswith(self.prefix):
            raise Exists(f"{name} is there already", name=name)
        super().put(name, buffers, if_absent=if_absent, group=group)


@pytest.mark.parametrize(
    ("prefix", "code"), [("snap.", ErrorCode.SNAPSHOT_EXISTS), ("data.", ErrorCode.FAILED), ("x", None)]
)
def test_a_snapshot_that_exists_has_a_code_of_its_own(
    home: Path, folder: Path, prefix: str, code: ErrorCode | None
) -> None:
    write(folder / "a", bytes(range(256)) * 300)
    rig = Rig.of(home, folder)
    rig.store = Once(prefix)
    if code is None:
        rig.snap()
    else:
        with pytest.raises(Exists):
            rig.snap()
    errors = [event for event in rig.hooks.events if isinstance(event, Error)]
    assert [each.code for each in errors] == ([] if code is None else [code])
    assert [each.time_ns > 0 for each in errors] == ([] if code is None else [code is ErrorCode.SNAPSHOT_EXISTS])


def test_errors_are_told_before_the_snapshot_that_they_are_about(home: Path, folder: Path) -> None:
    write(folder / "a")
    gone = write(folder.parent / "gone" / "b").parent
    rig = Rig.of(home, folder, gone)
    shutil.rmtree(gone)
    rig.snap()
    told = [event for event in rig.hooks.events if isinstance(event, Error | SnapshotNew | RunEnd)]
    error, snapshot, end = told
    assert isinstance(error, Error)
    assert isinstance(snapshot, SnapshotNew)
    assert isinstance(end, RunEnd)
    assert (error.code, error.time_ns, end.result) == (ErrorCode.WITH_ERRORS, snapshot.time_ns, "errors")
