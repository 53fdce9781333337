import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.test_bad_input import remount, small_disk
from tests.tui.cli.conftest import environment

from yester.engine.errors import YesterError
from yester.engine.messages import store as module
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore

WRITER = """
import sys
from pathlib import Path
from yester.engine.messages import store
from yester.engine.messages.posted import Posted
store.MAX_SIZE = 4000
messages = store.MessageStore(Path(sys.argv[1]))
sys.stdin.read()
for number in range(20):
    print(messages.post(Posted(text=f"{sys.argv[2]} {number}")).id)
"""


@pytest.fixture
def store(tmp_path: Path) -> MessageStore:
    return MessageStore(tmp_path, lambda: 7)


def lines(tmp_path: Path) -> Path:
    return tmp_path / "messages" / "messages.jsonl"


def test_nothing_is_there_at_first(store: MessageStore, tmp_path: Path) -> None:
    assert store.messages() == []
    assert not store.mark().has(1)
    assert list(tmp_path.iterdir()) == []


def test_messages_get_ids_and_times(store: MessageStore, tmp_path: Path) -> None:
    first, second = store.post(Posted(text="a")), store.post(Posted(text="b", level="error"))
    assert (first.id, second.id, first.time_ns) == (1, 2, 7)
    assert store.messages() == [first, second]
    assert lines(tmp_path).stat().st_mode & 0o777 == 0o600


def test_read_marks_are_of_all_processes(store: MessageStore, tmp_path: Path) -> None:
    for text in "abc":
        store.post(Posted(text=text))
    store.mark_read([1, 3])
    mark = MessageStore(tmp_path).mark()
    assert [id for id in (1, 2, 3) if mark.has(id)] == [1, 3]


def test_a_torn_line_costs_itself_alone(store: MessageStore, tmp_path: Path) -> None:
    store.post(Posted(text="a"))
    store.post(Posted(text="torn"))
    whole = lines(tmp_path).read_bytes()
    for torn in (whole[:-9], whole[:-9] + bytes(9)):  # by a power cut; some file systems leave zeros
        lines(tmp_path).write_bytes(torn)
        store.post(Posted(text="b"))
        assert [(message.id, message.text) for message in store.messages()] == [(1, "a"), (2, "b")]


def test_a_line_that_lacks_its_end_alone_is_whole(store: MessageStore, tmp_path: Path) -> None:
    store.post(Posted(text="a"))
    lines(tmp_path).write_bytes(lines(tmp_path).read_bytes()[:-1])
    store.post(Posted(text="b"))
    assert [message.text for message in store.messages()] == ["a", "b"]


def test_an_id_that_was_read_is_not_given_again(store: MessageStore, tmp_path: Path) -> None:
    for text in "abc":
        store.post(Posted(text=text))
    store.mark_read([2])
    lines(tmp_path).write_bytes(b"")  # lost with a power cut
    assert store.post(Posted(text="new")).id == 3
    assert not store.mark().has(3)


def test_damage_at_the_end_starts_no_ids_anew(store: MessageStore, tmp_path: Path) -> None:
    store.post(Posted(text="a"))
    with open(lines(tmp_path), "ab") as file:
        file.write(bytes(100_000) + b"\n")
    assert store.post(Posted(text="b")).id == 2


def test_old_ones_go(store: MessageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SIZE", 1000)
    for number in range(200):
        assert store.post(Posted(text=f"text {number}")).id == number + 1
    ids = [message.id for message in store.messages()]
    assert ids == list(range(ids[0], 201))
    assert 20 < len(ids) < 70
    assert sum(each.stat().st_size for each in (tmp_path / "messages").iterdir()) < 2200


def test_ten_processes_write_at_once(tmp_path: Path) -> None:
    """While the files are turned over, too: an id is given once, and each message is whole."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, f"w{row}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        for row in range(10)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
        writer.stdin = None
    ids = [int(line) for writer in writers for line in writer.communicate()[0].split()]
    assert sorted(ids) == list(range(1, 201))
    kept = MessageStore(tmp_path).messages()
    assert [message.id for message in kept] == list(range(kept[0].id, 201))


def test_a_writer_that_was_stopped_keeps_nobody_for_ever(
    store: MessageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.05)
    store.post(Posted(text="a"))
    descriptor = os.open(tmp_path / "messages" / "lock", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(YesterError, match="locked by another process"):
            store.post(Posted(text="b"))
        assert [message.text for message in store.messages()] == ["a"]
    finally:
        os.close(descriptor)
    assert store.post(Posted(text="c")).id == 2


@pytest.mark.usefixtures("as_root")
def test_a_full_disk_takes_no_half_messages(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        store = MessageStore(disk)
        with pytest.raises(YesterError, match="No space left"):
            for _ in range(1000):
                store.post(Posted(text="x" * 300))
        before = store.messages()
        assert len(before) > 50
        assert lines(disk).read_bytes().endswith(b"\n")
        remount(disk, "ro")
        assert store.messages() == before
        with pytest.raises(YesterError, match="Read-only file system"):
            store.mark_read([1])
