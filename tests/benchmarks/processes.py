"""Commands run and measured: wall time, CPU and memory of all their processes.

Each command gets a group of its own: a cgroup that accounts its CPU where one can be made, else its process tree.
Memory is the highest sum of the resident sizes over the group, sampled 40 times a second: pages that two processes
share count twice, and a command shorter than a sample may show none.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.025
CGROUP_ROOTS = ("/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup")
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, where it runs, and the exit codes that count as success."""

    argv: tuple[str, ...]
    folder: Path | None = None
    accepted: tuple[int, ...] = (0,)


def shell(line: str, accepted: tuple[int, ...] = (0,)) -> Command:
    """A line for /bin/sh."""
    return Command(("/bin/sh", "-c", line), accepted=accepted)


@dataclass(slots=True)
class Usage:
    """What commands cost; `error` says why the figures must not be used."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory: int = 0
    error: str = ""

    def add(self, other: "Usage") -> None:
        """Count a command that ran after this one."""
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds
        self.memory = max(self.memory, other.memory)
        self.error = self.error or other.error


class ProcessGroup:
    """The processes of one command."""

    def __init__(self) -> None:
        self._cgroup = self._make_cgroup()
        self._leader = 0
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def _make_cgroup() -> Path | None:
        name = f"yester-bench-{os.getpid()}-{next(_serial)}"
        for root in CGROUP_ROOTS:
            path = Path(root, name)
            unified = Path(root, "cgroup.controllers").exists()
            if not unified and root == CGROUP_ROOTS[-1]:
                continue
            with contextlib.suppress(OSError):
                path.mkdir()
                return path
        return None

    def start(self, command: Command, environment: Mapping[str, str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the command inside this group."""
        argv: Sequence[str] = command.argv
        if self._cgroup is not None:
            enter = 'echo 0 > "$0/cgroup.procs" && exec "$@"'
            argv = ("/bin/sh", "-c", enter, str(self._cgroup), *argv)
        self._process = subprocess.Popen(
            argv,
            cwd=command.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        self._leader = self._process.pid
        return self._process

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        if self._cgroup is not None:
            with contextlib.suppress(OSError):
                stat = dict(line.split() for line in (self._cgroup / "cpu.stat").read_text().splitlines())
                if "usage_usec" in stat:
                    return int(stat["usage_usec"]) / 1e6
            with contextlib.suppress(OSError):
                return int((self._cgroup / "cpuacct.usage").read_text()) / 1e9
        return sum(_process_ticks(pid) for pid in self._processes()) / TICKS

    def memory(self) -> int:
        """Sum of the resident sizes, in bytes."""
        return sum(_resident(pid) for pid in self._processes())

    def _processes(self) -> list[int]:
        if self._cgroup is not None:
            with contextlib.suppress(OSError):
                return [int(pid) for pid in (self._cgroup / "cgroup.procs").read_text().split()]
        return list(_tree(self._leader))

    def wait(self, seconds: float) -> None:
        """Let the command end by itself for so long."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def kill(self) -> None:
        """Kill every process of the group."""
        for pid in self._processes():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill what is left of the group and forget it."""
        self.kill()
        if self._process is not None:
            self._process.wait()
        for _ in range(50) if self._cgroup is not None else ():
            try:
                assert self._cgroup is not None
                self._cgroup.rmdir()
                return
            except OSError:
                time.sleep(0.02)


class MemorySampler:
    """Follows a group's memory from a thread; `peak` is the highest sum seen."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._stop = threading.Event()
        self.peak = 0
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, self._group.memory())

    def __enter__(self) -> "MemorySampler":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()


def measure(commands: Sequence[Command], environment: Mapping[str, str], timeout: float = 3600) -> Usage:
    """Run the commands one after the other; dirty pages are written out before each, nothing is synced after it."""
    total = Usage()
    for command in commands:
        total.add(_measure_one(command, environment, timeout))
        if total.error:
            break
    return total


def _measure_one(command: Command, environment: Mapping[str, str], timeout: float) -> Usage:
    group = ProcessGroup()
    os.sync()
    with open(Path(environment["TMPDIR"], "errors"), "w+b") as errors, contextlib.closing(group):
        started = time.perf_counter()
        process = group.start(command, environment, errors)
        with MemorySampler(group) as sampler, deadline(group, timeout) as expired:
            code = process.wait()  # not with a timeout, which would poll every 50 ms
            seconds = time.perf_counter() - started
        usage = Usage(seconds, group.cpu_seconds(), sampler.peak)
        if expired.is_set():
            usage.error = f"given up after {timeout:.0f} s"
        elif code not in command.accepted:
            usage.error = f"exit code {code}: {tail(errors)}"
    return usage


@contextlib.contextmanager
def deadline(group: ProcessGroup, seconds: float) -> Iterator[threading.Event]:
    """Kill the group when the block takes longer, so that nobody hangs in it; the event says that it came to that."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        group.kill()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def tail(file: IO[bytes]) -> str:
    """The last words a command said, on one line."""
    file.seek(0)
    return " | ".join(file.read()[-400:].decode(errors="replace").split("\n")).strip(" |")


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * PAGE_SIZE
    except (OSError, IndexError):
        return 0


def _stat_fields(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat after the program's name; parent is [1], user and system ticks [11] and [12]."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _process_ticks(pid: int) -> int:
    """Own ticks and those of children waited for."""
    return sum(int(field) for field in _stat_fields(pid)[11:15])


def _tree(leader: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat_fields(name)):
            children.setdefault(int(fields[1]), []).append(int(name))
    todo = [leader] if leader else []
    while todo:
        pid = todo.pop()
        yield pid
        todo += children.get(pid, [])
