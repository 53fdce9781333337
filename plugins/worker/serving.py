"""The worker's side: takes calls from the host and carries them out in a world.

One thread reads what the host says. Calls of a world with one thread run on the main thread, one after the other, so
that plugins may use signals and event loops; else as many at once as the world says. What plugins print goes to the
descriptors 1 and 2, which the host reads; the messages have descriptors of their own, which plugins do not know of.
"""

import os
import sys
import threading
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from queue import SimpleQueue
from typing import Any

from msgspec.structs import replace

from yester.engine.events import clean
from yester.plugins.worker.frames import ProtocolError, frame, from_host
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
    Ready,
    Refusal,
    Reply,
)
from yester.plugins.worker.output import mark
from yester.plugins.worker.worlds import World, open_world

_CHUNK = 1 << 16


class AskError(Exception):
    """The host did not answer, and why."""


class Worker:
    """Speaks with the host over two descriptors."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        for descriptor in (incoming, outgoing):
            os.set_inheritable(descriptor, False)
        self._pid = os.getpid()
        self._reader = from_host()
        self._sending = threading.Lock()
        self._asked: dict[int, SimpleQueue[Reply | Refusal]] = {}
        self._ids = count(1)
        self._cancelled: set[int] = set()
        self._token = ""
        self._calls: SimpleQueue[Call | None] = SimpleQueue()

    def run(self) -> None:
        """Load the plugins that the host names, then serve until it says Bye or goes away."""
        hello = self._hello()
        world = open_world(hello.world, hello.settings, _Context(self, 0))
        self._token = hello.token
        threading.Thread(target=self._listen, name="host", daemon=True).start()
        loaded = world.load(hello.plugins, self._announce)
        self._announce("")
        self.say(Ready(VERSION, tuple(map(_sendable, loaded))))
        if world.threads == 1:
            while (call := self._calls.get()) is not None:
                self._carry_out(world, call)
        else:
            with ThreadPoolExecutor(world.threads, "call") as pool:
                while (call := self._calls.get()) is not None:
                    pool.submit(self._carry_out, world, call)

    def say(self, message: FromWorker) -> None:
        """Send a message. A host that has gone is no failure: the guardian sees to it."""
        data = memoryview(frame(message))
        with self._sending:
            while data:
                data = data[os.write(self._outgoing, data) :]

    def ask(self, call: int, method: str, arguments: Sequence[Any]) -> Any:
        """Ask the host, and wait for what it says."""
        answers: SimpleQueue[Reply | Refusal] = SimpleQueue()
        id = next(self._ids)
        self._asked[id] = answers
        try:
            self.say(Ask(id, call, method, list(arguments)))
            answer = answers.get()
        finally:
            del self._asked[id]
        if isinstance(answer, Refusal):
            raise AskError(answer.text)
        return answer.value

    def is_cancelled(self, call: int) -> bool:
        """Whether nobody waits for a call any more."""
        return call in self._cancelled

    def _hello(self) -> Hello:
        while True:
            for message in self._received():
                if not isinstance(message, Hello) or message.v != VERSION:
                    raise ProtocolError(f"a host of another version of yester: {message}")
                return message

    def _received(self) -> list[FromHost]:
        data = os.read(self._incoming, _CHUNK)
        if not data:
            raise EOFError
        return list(self._reader.feed(data))

    def _listen(self) -> None:
        try:
            while True:
                for message in self._received():
                    self._take(message)
        except EOFError:
            self._calls.put(None)

    def _take(self, message: FromHost) -> None:
        match message:
            case Call():
                self._calls.put(message)
            case Cancel():
                self._cancelled.add(message.id)
            case Reply() | Refusal():
                asked = self._asked.get(message.id)
                if asked is not None:
                    asked.put(message)
            case Bye():
                self._calls.put(None)
            case Hello():
                raise ProtocolError("a second greeting")

    def _carry_out(self, world: World, call: Call) -> None:
        self._announce(call.plugin, call.id)
        try:
            answer: Answer | Failure = Answer(call.id, self._result(world, call))
        except BaseException as problem:  # noqa: BLE001  a plugin's own affair; the host has the rules about it
            kind = type(problem)
            name = f"{kind.__module__}.{kind.__qualname__}"
            answer = Failure(call.id, clean(name), clean(str(problem)), clean(traceback.format_exc()))
        if os.getpid() != self._pid:
            # A plugin forked, and the child came back from its call as well: only the parent goes on.
            os._exit(0)
        self._cancelled.discard(call.id)
        self._mark("")
        try:
            self.say(answer)
        except ProtocolError as problem:
            self.say(Failure(call.id, "yester.ProtocolError", clean(f"its result: {problem}")))

    def _announce(self, plugin: str, call: int = 0) -> None:
        self._mark(plugin)
        self.say(Now(plugin, call))

    def _mark(self, plugin: str) -> None:
        """Let the host have what was printed, and mark whose output comes next."""
        for stream in (sys.stdout, sys.stderr):
            # A plugin may have closed the streams, or what is below them.
            with suppress(OSError, ValueError):
                stream.flush()
        for descriptor in (1, 2):
            with suppress(OSError):
                os.write(descriptor, mark(self._token, plugin))

    def _result(self, world: World, call: Call) -> Any:
        return world.call(call.plugin, call.method, call.arguments, _Context(self, call.id))


def _sendable(loaded: Loaded) -> Loaded:
    """Return what can be told of a plugin: one whose facts cannot be sent is as good as broken."""
    loaded = replace(loaded, problem=clean(loaded.problem))
    try:
        frame(Ready(VERSION, (loaded,)))
    except ProtocolError as problem:
        return Loaded(loaded.name, clean(f"what it says of itself is of no use: {problem}"))
    return loaded


class _Context:
    """A call's surroundings."""

    def __init__(self, worker: Worker, call: int) -> None:
        self._worker = worker
        self._call = call

    def ask(self, method: str, *arguments: Any) -> Any:
        """Ask the host. AskError when it refuses."""
        return self._worker.ask(self._call, method, arguments)

    def cancelled(self) -> bool:
        """Whether nobody waits for this call any more."""
        return self._worker.is_cancelled(self._call)
