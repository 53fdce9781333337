"""A world of plugins that misbehave, each in one way, for the tests of workers. Imported in workers only."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World


class Trial:
    """Calls the functions below by name."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        loaded = []
        for plugin in plugins:
            announce(plugin.name)
            if plugin.path == "dies":
                os._exit(3)
            if plugin.path == "hangs":
                time.sleep(1000)
            if plugin.path == "slow":
                time.sleep(0.6)
            loaded.append(
                Loaded(plugin.name, "it is broken" if plugin.path == "broken" else "", {"got": plugin.options})
            )
        return loaded

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        return METHODS[method](context, *arguments)


def open_world(settings: dict[str, Any], context: Context) -> World:
    return Trial(settings.get("threads", 1))


def echo(context: Context, *arguments: Any) -> Any:
    return list(arguments)


def fail(context: Context, text: str) -> None:
    raise KeyError(text)


def leave(context: Context) -> None:
    raise SystemExit(7)


def exit_at_once(context: Context) -> None:
    os._exit(5)


def loop_in_c(context: Context) -> None:
    """Hold the interpreter's lock and never come back."""
    ctypes.PyDLL(None).sleep(1000)


def stop_itself(context: Context) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def fork_often(context: Context) -> int:
    """Fork fifty times; every child comes back from the call too, unless it is kept from it."""
    for _ in range(50):
        if not os.fork():
            return -1
    return os.getpid()


def slip_away(context: Context, file: str) -> int:
    """Start a process that leaves the session, and outlives its parent."""
    told = f"open({file!r}, 'w').write(str(os.getpid()))"
    code = f"import os, time; os.setsid(); os.fork() and os._exit(0); {told}; time.sleep(1000)"
    return subprocess.Popen([sys.executable, "-c", code]).wait()


SERVER = """
import os, sys, time
fuse = os.open("/dev/fuse", os.O_RDWR)
if os.fork():
    os._exit(0)
if LEAVES:
    os.setsid()
open(FILE, "w").write(str(os.getpid()))
time.sleep(1000)
"""


def serve_files(context: Context, file: str, leaves: bool, speaks: bool) -> int:
    """Start a process that holds what a server of files holds; if it `speaks`, also what the worker speaks by."""
    code = f"FILE, LEAVES = {file!r}, {leaves}\n{SERVER}"
    if not speaks:
        return subprocess.Popen([sys.executable, "-c", code]).wait()
    child = os.fork()
    if not child:
        exec(code, {})
    return os.waitpid(child, 0)[1]


def allocate(context: Context, size: int) -> int:
    return len(bytearray(size))


def print_much(context: Context, size: int) -> None:
    line = b"x" * 99 + b"\n"
    for _ in range(size // (len(line) * 1000)):
        os.write(1, line * 1000)


def say(context: Context, out: str, err: str) -> None:
    print(out)
    print(err, file=sys.stderr)


def close_descriptors(context: Context) -> None:
    os.closerange(0, 1 << 12)


def ask(context: Context, method: str, *arguments: Any) -> Any:
    return context.ask(method, *arguments)


def wait_for_cancel(context: Context) -> str:
    while not context.cancelled():
        time.sleep(0.01)
    return "gave up"


_meeting = threading.Barrier(3)


def meet(context: Context) -> int:
    """Come back only when three calls are here at once."""
    return _meeting.wait(30)


def return_what_cannot_be_sent(context: Context) -> Any:
    return object()


def return_too_much(context: Context) -> bytes:
    return bytes(20 << 20)


def big_one_way(context: Context, data: bytes) -> int:
    return len(data)


METHODS = {function.__name__: function for function in (
    echo, fail, leave, exit_at_once, loop_in_c, stop_itself, fork_often, slip_away, serve_files, allocate, print_much,
    say, close_descriptors, ask, wait_for_cancel, meet, return_what_cannot_be_sent, return_too_much, big_one_way,
)}  # fmt: skip
