"""A tool's mount, served in the foreground by a process group whose CPU and memory are followed."""

import contextlib
import os
import random
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType

from tests.benchmarks.processes import MemorySampler, ProcessGroup, Usage, deadline, tail
from tests.benchmarks.tools import Tool

READY_SECONDS = 300.0
POLL_SECONDS = 0.005
READ_SIZE = 4096


class MountFailed(Exception):
    """The mount did not come up, or had to be given up."""


class Mount:
    """A mount from the start of its command to the unmount; `seconds` is the time to the first listing of `root`."""

    def __init__(self, tool: Tool, source: Path, listed: str = "") -> None:
        self._tool = tool
        self._point = tool.work / "mount"
        self._command, self.root = tool.mount(source, self._point)
        self._first = self._point / listed if listed else self.root
        self._group = ProcessGroup()
        self._open = contextlib.ExitStack()
        self.seconds = 0.0
        self.listed = 0

    def __enter__(self) -> "Mount":
        with contextlib.ExitStack() as undo:
            undo.callback(self._close)
            self._start()
            undo.pop_all()
        return self

    def _start(self) -> None:
        self._point.mkdir(parents=True, exist_ok=True)
        os.sync()
        errors = self._open.enter_context((self._tool.work / "tmp/mount-errors").open("w+b"))
        with self.deadline(READY_SECONDS):
            started = time.perf_counter()
            process = self._group.start(self._command, self._tool.environment(), errors)
            self._sampler = self._open.enter_context(MemorySampler(self._group))
            while not self.listed:
                with contextlib.suppress(OSError):
                    self.listed = len(os.listdir(self._first))
                if process.poll() is not None:
                    raise MountFailed(f"exit code {process.returncode}: {tail(errors)}")
                if not self.listed:
                    time.sleep(POLL_SECONDS)
            self.seconds = time.perf_counter() - started

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        for argv in (["fusermount3", "-u"], ["fusermount3", "-u"], ["fusermount3", "-u", "-z"]):
            if not os.path.ismount(self._point):
                break
            subprocess.run([*argv, str(self._point)], capture_output=True, check=False)
            self._group.wait(10 if not os.path.ismount(self._point) else 1)
        self._open.close()
        self._group.close()

    def deadline(self, seconds: float) -> contextlib.AbstractContextManager[threading.Event]:
        """Kill the mount when the block takes longer: whoever waits in it gets an error instead of hanging."""
        return deadline(self._group, seconds)

    def resident(self) -> int:
        """Memory of the serving process now."""
        return self._group.memory()

    def usage(self) -> Usage:
        """CPU so far and the highest memory of the serving process."""
        return Usage(self.seconds, self._group.cpu_seconds(), max(self._sampler.peak, self._group.memory()))


def random_reads(path: Path, count: int, seconds: float, seed: int) -> tuple[float, float]:
    """Page-aligned 4 KiB reads one at a time, `count` of them or for `seconds`: mean and 99th percentile in seconds."""
    rnd = random.Random(seed)
    times: list[float] = []
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        pages = os.fstat(descriptor).st_size // READ_SIZE
        began = time.perf_counter()
        while len(times) < count and time.perf_counter() - began < seconds:
            at = rnd.randrange(pages) * READ_SIZE
            started = time.perf_counter()
            if len(os.pread(descriptor, READ_SIZE, at)) != READ_SIZE:
                raise OSError(f"short read at {at}")
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
    return sum(times) / len(times), sorted(times)[len(times) * 99 // 100]
