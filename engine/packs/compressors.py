"""Compression in processes of their own, over slots of shared memory.

Threads would do, but for the interpreter lock: a thread that walks directories lets go of it at each system call, ten
times a file, and whenever another thread waits for it, taking it back costs a wake-up. With two compressing threads
the walk took half as long again, the machine a third more time. A process takes only messages of eight bytes.

The memory is a file without a name, mapped here and in each process. Whoever fills a slot hands it over, or hears
that all are busy and compresses it himself, which is what keeps every processor at work, one alone as well. Nothing
that a process does can be lost: the plain bytes stay in their slot until its answer is taken, and those of a process
that died are given back to be compressed here.
"""

import mmap
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from select import POLLIN, poll

import zstandard

from yester.engine.errors import YesterError
from yester.engine.packs.compressing import MESSAGE, SLOT_SIZE
from yester.engine.packs.compressing import __file__ as _PROGRAM

_BACKLOG = 24
"""Slots that may wait in all: what comes while a process starts."""
_BATCH = 4
"""Jobs that are sent at once: to wake a process that sleeps takes as long as to read three files."""
_HELD = 3
"""Slots that the one who fills them has at a time: data, metadata, a large blob."""
_MOST = 12
"""Processes at most: more than one thread can feed."""


def spare_processors() -> int:
    """Return how many processors this process may use besides the one that it is on."""
    return min(len(os.sched_getaffinity(0)) - 1, _MOST)


class Slot:
    """A piece of shared memory: `plain` for the bytes, `packed` for the compressed ones, SLOT_SIZE each."""

    __slots__ = ("number", "packed", "plain")

    def __init__(self, number: int, memory: memoryview) -> None:
        self.number = number
        self.plain = memory[:SLOT_SIZE]
        self.packed = memory[SLOT_SIZE:]


class _Compressor:
    """A process and the numbers of the slots that it has not answered for."""

    __slots__ = ("_process", "_unsent", "answers", "slots")

    def __init__(self, memory: int, level: int) -> None:
        """Start it. OSError when that fails."""
        library = Path(zstandard.__file__).parents[1]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", _PROGRAM, str(library), str(memory), str(level)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(memory,),
        )
        assert self._process.stdout is not None
        self.answers = self._process.stdout.fileno()
        self.slots: set[int] = set()
        self._unsent = b""

    def add(self, slot: int, size: int) -> None:
        """Let a job be sent with others."""
        self.slots.add(slot)
        self._unsent += MESSAGE.pack(slot, size)

    def send(self, least: int = 1) -> None:
        """Send the jobs, when there are so many. OSError when it has died."""
        assert self._process.stdin is not None
        if len(self._unsent) >= least * MESSAGE.size:
            self._process.stdin.write(self._unsent)
            self._unsent = b""

    def receive(self) -> list[tuple[int, int]]:
        """Wait for answers and return them, slot and compressed size; nothing when it has died."""
        answers = list(MESSAGE.iter_unpack(os.read(self.answers, MESSAGE.size * _BACKLOG)))
        self.slots.difference_update(slot for slot, _ in answers)
        return answers

    def end(self) -> None:
        """End it, whatever it does: nothing that it has is needed."""
        with self._process:
            self._process.kill()


class Compressors:
    """Slots, and processes that compress what is in them. For one thread."""

    def __init__(self, level: int, processes: int) -> None:
        """Start nothing yet. YesterError when there is no memory for the slots."""
        self._level = level
        self._wanted = processes
        self._each = max(2, _BACKLOG // processes) if processes else 0
        self._batch = max(1, min(_BATCH, self._each // _BATCH))
        count = _HELD + self._each * processes
        self._file = os.memfd_create("yester-frames")
        try:
            os.ftruncate(self._file, 2 * SLOT_SIZE * count)
            memory = memoryview(mmap.mmap(self._file, 0))
        except OSError as error:
            os.close(self._file)
            raise YesterError(
                f"There is no memory to compress in: {error.strerror}",
                hint="End other programs, or raise the limit of this one, and run it again.",
            ) from error
        self._slots = [
            Slot(number, memory[start : start + 2 * SLOT_SIZE])
            for number, start in enumerate(range(0, len(memory), 2 * SLOT_SIZE))
        ]
        # Last in, first out: memory that was never needed is never touched.
        self._free = self._slots[::-1]
        self._running: dict[int, _Compressor] = {}
        self._answering = poll()
        self._lost: list[Slot] = []

    def start(self) -> None:
        """Start the processes, unless that was done. Where none can be started, none is."""
        for _ in range(self._wanted):
            with suppress(OSError):
                process = _Compressor(self._file, self._level)
                self._running[process.answers] = process
                self._answering.register(process.answers, POLLIN)
        self._wanted = 0

    def take(self) -> Slot | None:
        """Return a free slot; None when all are in use, which the first three never are."""
        return self._free.pop() if self._free else None

    def give_back(self, slot: Slot) -> None:
        """Let a slot be used again."""
        self._free.append(slot)

    def hand_over(self, slot: Slot, size: int) -> bool:
        """Let a process compress the first `size` bytes of a slot; False when all are busy enough."""
        self.start()
        process = min(self._running.values(), key=lambda process: len(process.slots), default=None)
        if process is None or len(process.slots) >= self._each:
            return False
        process.add(slot.number, size)
        self._send(process, self._batch)
        return True

    def _send(self, process: _Compressor, least: int) -> None:
        try:
            process.send(least)
        except OSError:
            self._bury(process)

    def answers(self, *, wait: bool = False) -> list[tuple[Slot, int | None]]:
        """Return slots that are done, with their compressed size: 0 when they stay plain, None when nobody did it.

        With `wait` not before there is one, unless nothing was handed over; without it perhaps later, with others.
        """
        open_jobs = sum([len(process.slots) for process in self._running.values()])
        if not wait and open_jobs < 2 * self._batch and not self._lost:
            return []
        if wait:
            for process in list(self._running.values()):
                self._send(process, 1)
        wait = wait and open_jobs > 0 and not self._lost
        done: list[tuple[Slot, int | None]] = []
        for file, _ in self._answering.poll(None if wait else 0):
            process = self._running[file]
            answers = process.receive()
            done += [(self._slots[number], size) for number, size in answers]
            if not answers:
                self._bury(process)
        lost, self._lost = self._lost, []
        return [*done, *((slot, None) for slot in lost)]

    def _bury(self, process: _Compressor) -> None:
        """Give up on a process that died."""
        self._answering.unregister(process.answers)
        del self._running[process.answers]
        process.end()
        self._lost += [self._slots[number] for number in process.slots]

    def close(self) -> None:
        """End all processes. Slots must not be used any more."""
        for process in self._running.values():
            process.end()
        self._running.clear()
        self._wanted = 0
        self._slots.clear()
        self._free.clear()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
