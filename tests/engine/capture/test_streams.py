"""Files that come out of pipes."""

import os
import random
import select
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rig import Rig, write

from yester.engine.capture.pipes import CommandSource, from_command, from_descriptor
from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.capture.streams import Stream, StreamSource, stream_path
from yester.engine.check.checking import check
from yester.engine.entries import Mark
from yester.engine.errors import CancelledError, UsageError, YesterError
from yester.engine.events import Message
from yester.engine.hooks import NoHooks
from yester.engine.progress import NoProgress
from yester.engine.trees.content import Content
from yester.engine.trees.page_columns import INLINE_REFS

pytestmark = pytest.mark.usefixtures("settled")


class Pieces:
    """A stream that comes in pieces, and may break off."""

    def __init__(self, pieces: list[bytes], fails: str = "") -> None:
        self.pieces, self.fails, self.closed, self.windows = [*pieces], fails, 0, list[int]()

    def read(self, window: memoryview, idle: Callable[[], None]) -> int:
        self.windows.append(len(window))
        idle()
        if not self.pieces:
            return 0
        piece, rest = self.pieces[0][: len(window)], self.pieces[0][len(window) :]
        self.pieces[:1] = [rest] if rest else []
        window[: len(piece)] = piece
        return len(piece)

    def finish(self, idle: Callable[[], None]) -> None:
        if self.fails:
            raise YesterError(self.fails)

    def close(self) -> None:
        self.closed += 1


def stream(path: bytes, *pieces: bytes, fails: str = "") -> tuple[Stream, list[Pieces]]:
    begun: list[Pieces] = []

    def begin(say: Callable[[str], None]) -> StreamSource:
        begun.append(Pieces(list(pieces), fails))
        return begun[-1]

    return Stream(path, begin), begun


def snap(
    rig: Rig, *streams: Stream, alone: bool = True, cancelled: Callable[[], bool] = lambda: False
) -> SnapshotResult:
    return take_snapshot(
        rig.open(),
        SnapshotRequest(rig.profile, "run", streams=streams, only_streams=alone),
        places=rig.places,
        hooks=rig.hooks,
        progress=NoProgress(),
        cancelled=cancelled,
    )


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    write(folder / "file", b"content")
    return Rig.of(home, folder)


NOISE = random.Random(1).randbytes(5_000_000)


def test_a_stream_alone_is_the_one_file_of_its_snapshot(rig: Rig) -> None:
    result = snap(rig, stream(b"/db/dump.sql", NOISE[:70_000], NOISE[70_000:])[0])
    taken = rig.taken(result.snapshot)
    assert set(taken.entries) == {b"/", b"/db", b"/db/dump.sql"}
    assert taken.content(b"/db/dump.sql") == NOISE
    assert (taken.record.sources, taken.record.streams) == ((), (b"/db/dump.sql",))
    assert (taken[b"/db"].mode, taken[b"/db/dump.sql"].mode) == (0o40700, 0o100600)
    assert taken[b"/db/dump.sql"].owner.uid == os.geteuid()
    assert taken.record.statistics.files == 1 and taken.record.statistics.size == len(NOISE)
    assert check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()


@pytest.mark.parametrize("size", [0, 1, 64 << 10, (64 << 10) + 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20 << 20])
def test_every_size_comes_whole(rig: Rig, size: int) -> None:
    content = (NOISE * (size // len(NOISE) + 1))[:size]
    pieces = [content[at : at + 60_001] for at in range(0, size, 60_001)]
    one, begun = stream(b"/dump", *pieces)
    result = snap(rig, one)
    taken = rig.taken(result.snapshot)
    assert taken.content(b"/dump") == content
    # Where chunks end depends on the repository's key: 8 MiB are some more or some fewer than fit into the entry.
    chunks = list(Content.of(taken[b"/dump"], taken.source).pieces(0, size))
    assert bool(taken[b"/dump"].marks & Mark.LIST) == (len(chunks) > INLINE_REFS)
    assert len(chunks) > INLINE_REFS or size < 20 << 20
    assert max(begun[0].windows) <= 8 << 20 and begun[0].closed == 1


def test_it_deduplicates_against_files_and_itself(rig: Rig, folder: Path) -> None:
    write(folder / "same", NOISE)
    rig.snap()
    result = snap(rig, stream(b"/dump", NOISE)[0])
    assert result.statistics.added_size < 10_000
    again = snap(rig, stream(b"/dump", NOISE[:2_000_000], b"changed", NOISE[2_000_000:])[0])
    assert again.statistics.added_size < 2_500_000
    assert (again.statistics.new, again.statistics.changed) == (0, 1)


def test_the_same_content_again_is_unchanged(rig: Rig) -> None:
    rig.profile = replace(rig.profile, when_unchanged="skip")
    first = snap(rig, stream(b"/db/dump", NOISE)[0])
    assert snap(rig, stream(b"/db/dump", NOISE)[0]).result == "unchanged"
    changed = snap(rig, stream(b"/db/dump", NOISE + b"!")[0])
    assert changed.result == "complete"
    assert rig.taken(changed.snapshot)[b"/db/dump"].mtime_ns > rig.taken(first.snapshot)[b"/db/dump"].mtime_ns
    rig.profile = replace(rig.profile, when_unchanged="keep")
    kept = snap(rig, stream(b"/db/dump", NOISE + b"!")[0])
    assert rig.taken(kept.snapshot)[b"/db/dump"] == rig.taken(changed.snapshot)[b"/db/dump"]


def test_streams_stand_beside_folders(rig: Rig, folder: Path) -> None:
    beside = os.fsencode(folder.parent / "beside" / "dump")
    streams = [stream(b"/a/1", b"one")[0], stream(b"/a/2", b"two")[0], stream(beside, b"three")[0]]
    for lost in (False, True):
        if lost:
            shutil.rmtree(rig.places.cache)
        result = snap(rig, *streams, alone=False)
        taken = rig.taken(result.snapshot)
        assert (taken.content(b"/a/1"), taken.content(b"/a/2"), taken.content(beside)) == (b"one", b"two", b"three")
        assert taken.content(folder / "file") == b"content"
        assert taken.record.sources == rig.profile.sources
        assert taken.record.streams == (b"/a/1", b"/a/2", beside)
        streams = [stream(b"/a/1", b"one")[0], stream(b"/a/2", b"two")[0], stream(beside, b"three")[0]]
    assert result.statistics.unchanged == 4
    assert check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()


def test_a_run_of_streams_leaves_the_one_of_folders_alone(
    rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is compared with its own, and the file cache stays valid."""
    first = rig.snap()
    snap(rig, stream(b"/dump", b"one")[0])
    snap(rig, stream(b"/other", b"two")[0])
    monkeypatch.setattr("yester.engine.capture.walk.Capture._moved", None)
    again = rig.snap()
    assert rig.taken(again.snapshot).record.parent == first.snapshot
    monkeypatch.undo()
    dump = snap(rig, stream(b"/dump", b"one")[0])
    assert dump.statistics.unchanged == 1
    assert dump.suspicions == ()


def test_a_stream_that_became_short_is_suspicious(rig: Rig) -> None:
    snap(rig, stream(b"/dump", NOISE)[0])
    [said] = snap(rig, stream(b"/dump", b"")[0]).suspicions
    assert "/dump has shrunk to 1 file of 0 bytes" in said


@pytest.mark.parametrize("alone", [True, False])
def test_one_that_does_not_come_whole_makes_no_snapshot(rig: Rig, alone: bool) -> None:
    one, begun = stream(b"/dump", NOISE, fails="it broke off")
    with pytest.raises(YesterError, match="it broke off"):
        snap(rig, one, alone=alone)
    assert rig.open().snapshots() == []
    assert begun[0].closed == 1


def test_where_a_stream_cannot_be(rig: Rig, folder: Path) -> None:
    for path in (os.fsencode(folder / "file"), os.fsencode(folder / "a" / "b"), os.fsencode(folder)):
        with pytest.raises(UsageError, match="lies in a source, or where one is"):
            snap(rig, stream(path, b"")[0], alone=False)
    for pair in ((b"/a", b"/a"), (b"/a", b"/a/b"), (b"/a/b", b"/a")):
        with pytest.raises(UsageError, match="lies in a source, or where one is"):
            snap(rig, *(stream(path, b"")[0] for path in pair))


@pytest.mark.parametrize(
    ("name", "path"), [(b"a", b"/a"), (b"/a//b", b"/a/b"), (b"./a", b"/a"), (b"\xff", b"/\xff"), (b"...", b"/...")]
)
def test_names(name: bytes, path: bytes) -> None:
    assert stream_path(name) == path


@pytest.mark.parametrize("name", [b"", b"/", b"a/", b"..", b"a/../b", b"a\0b", b"a" * 256, b"."])
def test_odd_names(name: bytes) -> None:
    with pytest.raises(UsageError, match="cannot name a file"):
        stream_path(name)


# Pipes and commands


def command(*words: str, path: bytes = b"/dump") -> Stream:
    return Stream(path, from_command(words))


def shell(text: str) -> Stream:
    return command("sh", "-c", text)


def test_a_pipe(rig: Rig) -> None:
    reading, writing = os.pipe()

    def write_slowly() -> None:
        for at in range(0, len(NOISE), 100_000):
            os.write(writing, NOISE[at : at + 100_000])
        os.close(writing)

    thread = threading.Thread(target=write_slowly)
    thread.start()
    result = snap(rig, Stream(b"/dump", from_descriptor(reading)))
    thread.join()
    os.close(reading)
    assert rig.taken(result.snapshot).content(b"/dump") == NOISE


def test_a_pipe_that_nobody_writes_to_can_be_left(rig: Rig) -> None:
    reading, writing = os.pipe()
    asked = iter([False, False, True])
    with pytest.raises(CancelledError):
        snap(rig, Stream(b"/dump", from_descriptor(reading)), cancelled=lambda: next(asked))
    os.close(writing)
    os.close(reading)
    assert rig.open().snapshots() == []


def test_a_pipe_is_not_read_twice() -> None:
    begin = from_descriptor(0)
    begin(print)
    with pytest.raises(YesterError, match="cannot be read again"):
        begin(print)


def test_a_commands_output(rig: Rig) -> None:
    result = snap(rig, shell("printf out; printf complaint >&2; printf put"))
    assert rig.taken(result.snapshot).content(b"/dump") == b"output"
    [said] = [event for event in rig.hooks.events if isinstance(event, Message)]
    assert (said.level, said.text) == ("warning", "complaint")


@pytest.mark.parametrize(
    ("text", "how"),
    [("printf much; exit 3", "ended with status 3"), ("printf much; kill -KILL $$", "was ended by SIGKILL")],
)
def test_a_command_that_fails_makes_no_snapshot(rig: Rig, text: str, how: str) -> None:
    with pytest.raises(YesterError, match=how) as caught:
        snap(rig, shell(f"echo first >&2; echo last >&2; {text}"))
    assert "no snapshot was taken" in caught.value.what and caught.value.hint == "It said: last"
    assert rig.open().snapshots() == []


def test_a_command_that_there_is_not(rig: Rig) -> None:
    with pytest.raises(YesterError, match="no-such-program cannot be run: No such file"):
        snap(rig, command("no-such-program"))


def test_a_command_that_complains_without_end_neither_blocks_nor_floods(rig: Rig) -> None:
    result = snap(rig, shell("head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; seq 1000 >&2; printf done"))
    assert rig.taken(result.snapshot).content(b"/dump") == b"done"
    said = [event for event in rig.hooks.events if isinstance(event, Message)]
    assert sum(event.level == "warning" for event in said) == 20
    assert said[-1].text == "1000" and max(len(event.text) for event in said) <= 8192


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_a_cancelled_run_ends_the_command_and_what_it_started(rig: Rig, tmp_path: Path, trap: str) -> None:
    """Also one that does not listen. Each holds the pipe, whose end comes when the last of them is gone."""
    held = tmp_path / "held"
    os.mkfifo(held)
    reading = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    looks = iter(range(1000))
    with pytest.raises(CancelledError):
        snap(
            rig,
            shell(f"exec 9> {held}; {trap}sleep 1000 & printf both >&9; printf some; wait; sleep 1000"),
            cancelled=lambda: next(looks) > 1 and bool(select.select([reading], [], [], 0)[0]),
        )
    os.set_blocking(reading, True)
    with open(reading, "rb") as pipe:
        assert pipe.read() == b"both"
    assert rig.open().snapshots() == []


def test_a_command_that_closed_its_output_is_waited_for(rig: Rig) -> None:
    with pytest.raises(YesterError, match="status 4"):
        snap(rig, shell("printf some; exec >&-; sleep 0.3; exit 4"))


def test_a_command_gets_no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "secret")
    source = CommandSource(["env"], print)
    window = bytearray(1 << 20)
    found = bytes(window[: source.read(memoryview(window), lambda: None)])
    source.finish(lambda: None)
    source.close()
    assert b"HOME=" in found and b"secret" not in found
