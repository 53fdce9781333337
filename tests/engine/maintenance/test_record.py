import os
import subprocess
import sys
from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.engine.maintenance.due import Done
from yester.engine.maintenance.record import Record, load_record, noted, only_one, record_path, save_record


def test_kept_and_read(tmp_path: Path) -> None:
    fresh = load_record(tmp_path, "/srv/caf\udce9", 5)
    assert fresh == Record("/srv/caf\udce9", 5)
    record = noted(noted(noted(fresh, "prune", 6, 0, "fine"), "check", 7, 5, "damage"), "prune", 8, 1, "broken")
    assert record.done == {"prune": Done(8, 6, 1, "broken"), "check": Done(7, 0, 5, "damage")}
    save_record(tmp_path, record)
    assert load_record(tmp_path, "/srv/caf\udce9", 9).done == record.done
    assert load_record(tmp_path, "/srv/other", 9) == Record("/srv/other", 9)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"repository": 3}', b"[" * 5000])
def test_one_that_cannot_be_read_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = record_path(tmp_path, "r")
    path.parent.mkdir()
    path.write_bytes(content)
    assert load_record(tmp_path, "r", 5) == Record("r", 5)


def test_a_clock_that_was_ahead_puts_nothing_off(tmp_path: Path) -> None:
    save_record(tmp_path, noted(Record("r", 10**19 // 2), "prune", 10**18 * 3, 0, ""))
    found = load_record(tmp_path, "r", 7)
    assert (found.since_ns, found.done["prune"]) == (7, Done(7, 7))


def test_one_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom yester.engine.maintenance.record import only_one\n"
        "with only_one(Path(sys.argv[1]), 'r') as free:\n    print(free, flush=True)\n    sys.stdin.read()\n"
    )
    with only_one(tmp_path, "r") as free:
        assert free
        other = subprocess.run([sys.executable, "-c", code, str(tmp_path)], input=b"", capture_output=True, check=True)
        assert other.stdout == b"False\n"
        with only_one(tmp_path, "another") as free:
            assert free
    with only_one(tmp_path, "r") as free:
        assert free


def test_a_state_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(YesterError, match="cannot be written"), only_one(tmp_path / "state", "r"):
        os.abort()
