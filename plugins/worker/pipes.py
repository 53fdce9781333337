"""The descriptors between a host and a worker: a pipe each way, and the lifeline, at the end of which it ends too."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping


class Pipes:
    """The host's ends. Any thread may write; whoever writes holds a lock of its own."""

    def __init__(self) -> None:
        self._read_by_worker, self._to_worker = os.pipe()
        self.from_worker, self._written_by_worker = os.pipe()
        self._watched_by_guardian, self._lifeline = os.pipe()
        os.set_blocking(self._to_worker, False)
        self._lock = threading.Lock()

    def start(
        self, memory_size: int, folder: str | None, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start a worker at the other ends, in this process's environment or another. OSError when it cannot be."""
        theirs = (self._watched_by_guardian, self._read_by_worker, self._written_by_worker)
        command = [sys.executable, "-m", "yester.plugins.worker", *map(str, theirs), str(memory_size)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=theirs,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        for descriptor in theirs:
            os.close(descriptor)
        self._watched_by_guardian = self._read_by_worker = self._written_by_worker = -1
        return process

    def write(self, data: bytes, timeout_s: float) -> bool:
        """Write to the worker; False when it has ended, or does not read for so long."""
        rest, end = memoryview(data), time.monotonic() + timeout_s
        poll = select.poll()
        if self._to_worker < 0:
            return False
        poll.register(self._to_worker, select.POLLOUT)
        while rest:
            if not poll.poll(max(0, (end - time.monotonic()) * 1000)):
                return False
            try:
                rest = rest[os.write(self._to_worker, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return False
        return True

    def cut_lifeline(self) -> None:
        """Let the guardian end the worker and everything below it."""
        with self._lock:
            self._lifeline = _closed(self._lifeline)

    def close(self) -> None:
        """Close what is open."""
        self.cut_lifeline()
        self._to_worker, self.from_worker = _closed(self._to_worker), _closed(self.from_worker)
        self._watched_by_guardian = _closed(self._watched_by_guardian)
        self._read_by_worker = _closed(self._read_by_worker)
        self._written_by_worker = _closed(self._written_by_worker)


def _closed(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1
