"""The host's side of one worker process.

A thread of its own reads what the worker says and what its plugins print; whoever calls a plugin waits on his own
thread, and any number may. A call ends in one of five ways: it returns, it raises (PluginError), it takes longer than
its deadline (PluginTimedOut), nobody wants it any more (PluginBrokenOff), or the worker dies under it (WorkerDied).
After the latter three the worker is of no use any more, and what was under way in it is over; `culprit` says whose
doing it was, as far as that can be known.
"""

import os
import selectors
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from itertools import count
from math import inf
from typing import IO, Any

from yester.plugins.worker.frames import FrameReader, ProtocolError, frame, from_worker
from yester.plugins.worker.messages import (
    VERSION,
    Answer,
    Ask,
    Bye,
    Call,
    Cancel,
    Failure,
    FromHost,
    FromWorker,
    Hello,
    Loaded,
    Now,
    PluginFile,
    Ready,
    Refusal,
    Reply,
)
from yester.plugins.worker.output import Lines, Printed
from yester.plugins.worker.pipes import Pipes
from yester.plugins.worker.problems import AskRefused, PluginBrokenOff, PluginError, PluginTimedOut, WorkerDied

MEMORY_SIZE = 2 << 30
"""Bytes that a worker and each process of its plugins may write to."""
LOAD_TIMEOUT_S = 30.0
"""How long a plugin may take to load."""
GRACE_S = 2.0
"""How long a worker that was told to go, or a call that was cancelled, may take."""

SEND_TIMEOUT_S = 10.0
"""How long a worker may take to read what it is told."""

_STEP_S = 0.1
"""How soon a call is broken off."""

_CHUNK = 1 << 16
_PIPEFULS = 4
"""Chunks that are read before the worker is heard again: more than a pipe holds."""
_ANSWERERS = 4

Told = Callable[[str, str, str], None]
"""Called with the plugin's name, `stdout` or `stderr`, and a line. Never raises."""
Answers = Callable[[str, str, Sequence[Any]], Any]
"""Answers what a plugin asks: its name, the method, the arguments. AskRefused when it does not."""


class WorkerProcess:
    """One worker. Its methods may be called from any thread."""

    def __init__(
        self,
        world: str,
        *,
        printed: Told,
        answers: Answers,
        memory_size: int = MEMORY_SIZE,
        folder: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the process; `folder` is where it works, `environment` another than this process's. OSError."""
        self._world = world
        self._printed, self._answers = printed, answers
        self._ids = count(1)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._waiting: dict[int, tuple[str, str, Future[Any]]] = {}
        self._ready: Future[tuple[Loaded, ...]] = Future()
        self._running: dict[int, str] = {}
        """Plugins whose code runs, by call; 0 while they load."""
        self._load_began = 0.0
        """When a plugin was begun with that is being loaded."""
        self._ended: WorkerDied | None = None
        self._token = os.urandom(16).hex()
        self._lines = {"stdout": Lines(self._token), "stderr": Lines(self._token)}
        self._answering = ThreadPoolExecutor(_ANSWERERS, "answers")
        self._pipes = Pipes()
        try:
            self._process = self._pipes.start(memory_size, folder, environment)
        except BaseException:
            self._pipes.close()
            raise
        self._reader = threading.Thread(target=self._read, name=f"worker {world}", daemon=True)
        self._reader.start()

    @property
    def culprit(self) -> str:
        """The plugin whose code runs, of several the one that began last; empty when none does."""
        running = list(self._running.values())
        return running[-1] if running else ""

    def load(self, plugins: Sequence[PluginFile], settings: dict[str, Any]) -> tuple[Loaded, ...]:
        """Load plugins, and return what became of each. WorkerDied, PluginTimedOut: the plugin that did it."""
        self._load_began = time.monotonic()
        self._send(Hello(VERSION, self._world, tuple(plugins), settings, self._token))
        while (left := self._load_began + LOAD_TIMEOUT_S - time.monotonic()) > 0:
            with suppress(FutureTimeoutError):
                return self._ready.result(left)
        culprit = self.culprit
        self.kill()
        raise PluginTimedOut(culprit, "load", LOAD_TIMEOUT_S)

    def call(
        self,
        plugin: str,
        method: str,
        arguments: Sequence[Any],
        deadline_s: float | None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> Any:
        """Call a plugin and return what it returns; with a deadline of None it may take as long as it likes.

        The call is broken off as soon as `given_up` says so. PluginError; PluginTimedOut and PluginBrokenOff, after
        which the worker has ended unless they say otherwise; WorkerDied; ProtocolError for what cannot be sent.
        """
        future: Future[Any] = Future()
        id = next(self._ids)
        with self._lock:
            if self._ended is not None:
                raise self._ended
            self._waiting[id] = plugin, method, future
        try:
            self._send(Call(id, plugin, method, list(arguments)))
            return _awaited(future, deadline_s, given_up)
        except FutureTimeoutError:
            raise PluginTimedOut(plugin, method, deadline_s or 0.0, is_over=self._ends(id, future)) from None
        except _GivenUp:
            raise PluginBrokenOff(plugin, method, is_over=self._ends(id, future)) from None
        finally:
            with self._lock:
                self._waiting.pop(id, None)

    def _ends(self, id: int, future: "Future[Any]") -> bool:
        """Give a call that nobody waits for a moment to notice it; else there is no way but to end the worker."""
        with suppress(WorkerDied):
            self._send(Cancel(id))
        if _is_done(future):
            return self._ended is None
        self.kill()
        return False

    def dismiss(self) -> None:
        """Let the worker end, without waiting for it."""
        with suppress(WorkerDied):
            self._send(Bye())

    def close(self) -> None:
        """Let the worker end, and everything below it; wait until it has."""
        self.dismiss()
        self._reader.join(GRACE_S)  # it ends when the worker has
        self.kill()

    def kill(self) -> None:
        """End the worker and everything below it at once, and wait until it has ended."""
        self._pipes.cut_lifeline()
        self._process.wait()
        self._reader.join()

    def _send(self, message: FromHost) -> None:
        data = frame(message)
        with self._sending:
            is_sent = self._pipes.write(data, SEND_TIMEOUT_S)
        if not is_sent:
            # It has ended, or does not even read: then nothing can be done with it any more.
            self.kill()
            assert self._ended is not None
            raise self._ended

    # The reading thread

    def _read(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        outputs: dict[str, IO[bytes]] = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        for pipe in outputs.values():
            os.set_blocking(pipe.fileno(), False)
        reader = from_worker()
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipes.from_worker, selectors.EVENT_READ, "")
            for stream, pipe in outputs.items():
                selector.register(pipe, selectors.EVENT_READ, stream)
            speaks = True
            while speaks:
                ready = {key.data for key, _ in selector.select()}
                said = os.read(self._pipes.from_worker, _CHUNK) if "" in ready else None
                # Now what was printed before that was said is all there, and is told first.
                for stream, pipe in outputs.items():
                    if not self._drained(stream, pipe) and pipe in selector.get_map():
                        selector.unregister(pipe)
                speaks = said is None or self._understood(reader, said)
        self._die(outputs)

    def _drained(self, stream: str, pipe: IO[bytes]) -> bool:
        """Tell what a stream holds; False when it has ended."""
        for _ in range(_PIPEFULS):
            data = pipe.read(_CHUNK)
            if not data:
                return data is None
            self._print(stream, self._lines[stream].feed(data))
        return True

    def _understood(self, reader: FrameReader[FromWorker], data: bytes) -> bool:
        """Take what the worker says; False when it says no more, or nothing that makes sense."""
        try:
            for message in reader.feed(data):
                self._take(message)
        except ProtocolError:
            return False
        return bool(data)

    def _take(self, message: FromWorker) -> None:
        match message:
            case Now(plugin=plugin, call=id):
                self._running.pop(0, None)
                self._load_began = time.monotonic()
                if plugin:
                    self._running[id] = plugin
            case Ready(plugins=plugins):
                _settle(self._ready, plugins)
            case Answer() | Failure():
                self._call_ended(message)
            case Ask():
                self._answering.submit(self._answer, message)

    def _call_ended(self, outcome: Answer | Failure) -> None:
        self._running.pop(outcome.id, None)
        with self._lock:
            waiting = self._waiting.pop(outcome.id, None)
        if waiting is None:  # it was given up
            return
        plugin, method, future = waiting
        if isinstance(outcome, Answer):
            _settle(future, outcome.value)
        else:
            future.set_exception(PluginError(plugin, method, outcome.kind, outcome.text, outcome.trace))

    def _answer(self, asked: Ask) -> None:
        plugin = self._running.get(asked.call, "")
        try:
            reply: Reply | Refusal = Reply(asked.id, self._answers(plugin, asked.method, asked.arguments))
        except AskRefused as refusal:
            reply = Refusal(asked.id, str(refusal))
        with suppress(WorkerDied):
            self._send(reply)

    def _print(self, stream: str, lines: Iterable[Printed]) -> None:
        for plugin, line in lines:
            self._printed(plugin, stream, line)

    def _die(self, outputs: Mapping[str, IO[bytes]]) -> None:
        """End everything below the worker, and let nobody wait for it any longer."""
        self._pipes.cut_lifeline()
        exit_code = self._process.wait()
        for stream, pipe in outputs.items():
            # What a plugin printed last is often what explains its end.
            self._drained(stream, pipe)
            self._print(stream, self._lines[stream].end())
            pipe.close()
        with self._lock:
            self._ended = WorkerDied(self.culprit, self._world, exit_code)
            waiting, self._waiting = self._waiting, {}
        self._answering.shutdown(wait=False)
        for future in (self._ready, *(future for _, _, future in waiting.values())):
            if not future.done():
                future.set_exception(self._ended)
        with self._sending:
            self._pipes.close()


class _GivenUp(Exception):
    """Nobody waits for the call any more."""


def _awaited(future: "Future[Any]", deadline_s: float | None, given_up: Callable[[], bool]) -> Any:
    """Return a call's result; FutureTimeoutError after the deadline, _GivenUp when that is said before."""
    end = inf if deadline_s is None else time.monotonic() + deadline_s
    while (left := end - time.monotonic()) > _STEP_S:
        with suppress(FutureTimeoutError):
            return future.result(_STEP_S)
        if given_up():
            raise _GivenUp
    return future.result(max(0.0, left))


def _settle(future: "Future[Any]", value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _is_done(future: "Future[Any]") -> bool:
    try:
        future.exception(GRACE_S)
    except FutureTimeoutError:
        return False
    return True
