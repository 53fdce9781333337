"""The life of one `yester serve`: read requests, answer each on a thread of its own, end when the client is gone.

Standard output belongs to the protocol alone: whatever else this process or a library prints goes to standard error.
"""

import importlib
import os
import select
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from typing import Any

import msgspec

from yester import __version__
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.tui.cli.failures import worded
from yester.tui.serve.call import Call, refusal
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.kinds import Change, Look
from yester.tui.serve.methods.params import NO_NUL, Params, field_with_nul
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.outbox import Outbox
from yester.tui.serve.protocol import MAX_LINE, VERSION, Failure, Request, Splitter, decode_request, encode_line
from yester.tui.serve.repositories import NeedsPassphrase
from yester.tui.serve.signals import signals_heard

AT_ONCE = 64
"""Requests that are answered side by side; one more is refused."""
_NOBODY = -1
"""The queue of answers to lines that are no request."""
_BLOCK = 64 << 10
_LOOK_MS = 50
"""How often it is looked whether a client that does not read has begun to."""
_PATIENCE_S = 5.0
"""How long the work of a client that is gone may take to end."""


class Server:
    """Answers one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._outbox = Outbox()
        self._calls: dict[int, Call] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()

    def serve(self, requests: int, answers: int) -> None:
        """Read and answer until the client closes its end, or reads no more, or a signal comes."""
        hello = encode_line(v=VERSION, program=f"yester {__version__}", pid=os.getpid(), methods=[*METHODS])
        self._outbox.put(_NOBODY, hello)
        gone, has_gone = os.pipe()
        writer = threading.Thread(target=self._write, args=(answers, has_gone), daemon=True)
        writer.start()
        came: list[int] = []
        try:
            with signals_heard(came) as woken:
                for line in lines_of(requests, (gone, woken), self._outbox.is_crowded):
                    self._take(line)
        finally:
            self._end(writer)
            os.close(gone)
        for number in came[:1]:
            signal.raise_signal(number)

    def _write(self, answers: int, has_gone: int) -> None:
        with suppress(OSError):  # nobody reads, so nobody is to be told
            self._outbox.write_all(answers)
        os.close(has_gone)

    def _end(self, writer: threading.Thread) -> None:
        with self._lock:
            calls, threads = [*self._calls.values()], [*self._threads.values()]
        for call in calls:
            call.leave()
        for thread in threads:
            thread.join(_PATIENCE_S)
        self._desk.close()
        self._outbox.close()
        writer.join(_PATIENCE_S)

    def _take(self, line: bytes | None) -> None:
        if line is None:
            asked: Request | Failure = Failure(2, f"A line is longer than {MAX_LINE:,} bytes", "Ask for less at once.")
        else:
            asked = decode_request(line)
        if isinstance(asked, Failure):
            self._outbox.put_last(_NOBODY, refusal(None, asked))
        elif asked.cancel is not None:
            self._cancel(asked.cancel)
        else:
            self._start(asked)

    def _cancel(self, id: int) -> None:
        """Cancel a request; one that is answered already needs nothing."""
        with self._lock:  # all the while: else it may end meanwhile, and the next one of its id would be cancelled
            call = self._calls.get(id)
            if call is not None:
                call.cancel()

    def _start(self, asked: Request) -> None:
        assert asked.id is not None
        with self._lock:
            problem = self._refusal(asked.id)
            if problem is None:
                call = self._calls[asked.id] = Call(asked.id, self._outbox)
                thread = threading.Thread(target=self._answer, args=(asked, call), daemon=True)
                self._threads[asked.id] = thread
        if problem is not None:
            self._outbox.put_last(_NOBODY, refusal(asked.id, problem))
        else:
            thread.start()

    def _refusal(self, id: int) -> Failure | None:
        if id < 0:
            return Failure(2, f"The id {id} is below 0", "Count requests from 1.")
        if id in self._calls:
            return Failure(2, f"The request {id} is not answered yet", "Give each request an id of its own.")
        if len(self._calls) >= AT_ONCE:
            return Failure(4, f"{AT_ONCE} requests are being answered", "Wait for one of them, or cancel it.")
        return None

    def _answer(self, asked: Request, call: Call) -> None:
        """Answer a request, whatever becomes of it."""
        try:
            end = self._ending(asked, call)
        except BaseException as problem:  # noqa: BLE001  this is the outermost place of this thread
            failure = failure_of(problem)
            end = lambda: call.fail(failure)  # noqa: E731
        with self._lock:  # before the last line is on its way: then the client may use the id again
            del self._calls[call.id], self._threads[call.id]
            end()

    def _ending(self, asked: Request, call: Call) -> Callable[[], None]:
        """Do the work of a request and return what sends its last line."""
        method = METHODS.get(asked.method)
        if method is None:
            failure = Failure(2, f"There is no method {asked.method}", did_you_mean(asked.method, METHODS))
            return lambda: call.fail(failure)
        params = params_of(method.takes, asked)
        if isinstance(params, Failure):
            return lambda: call.fail(params)
        if isinstance(method, Change):
            from yester.tui.serve.commands import run_command

            return run_command(self._desk, method, params, call)
        result = _looked(method, self._desk, params, call)
        return lambda: call.done(result)


def _looked(method: Look, desk: Desk, params: Params, call: Call) -> object:
    """Send the items of a method that changes nothing and return what `done` says."""
    module, _, name = method.answered_by.partition(":")
    answer: Callable[[Desk, Params, Call], Generator[object, None, Any]]
    answer = getattr(importlib.import_module(f"yester.tui.serve.{module}"), name)
    with closing(answer(desk, params, call)) as items:
        try:
            while True:
                call.item(next(items))
        except StopIteration as end:
            return end.value or {}


def params_of(kind: type[Params], asked: Request) -> Params | Failure:
    """Return what a request says, or why it says nothing that a method of this kind could do."""
    try:
        params = msgspec.json.decode(asked.params, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return Failure(2, f"The parameters of {asked.method} are wrong: {problem}", "See docs/serve.md.")
    nul = field_with_nul(params)
    if nul:
        return Failure(2, f"The parameters of {asked.method} are wrong: there is a NUL byte in {nul}", NO_NUL)
    return params


def failure_of(problem: BaseException) -> Failure:
    """Return why a request failed, in the words of the command line."""
    what, hint, code = worded(problem)
    if os.environ.get("YESTER_DEBUG") == "1":
        traceback.print_exception(problem)
    return Failure(code, what, hint, "passphrase" if isinstance(problem, NeedsPassphrase) else "")


def lines_of(requests: int, ends: Sequence[int], is_crowded: Callable[[], bool]) -> Iterator[bytes | None]:
    """Yield what the client sends, line by line; ends when it closes its end, or when any of `ends` can be read.

    None stands for a line that is too long. While it is crowded no line is taken.
    """
    splitter = Splitter()
    while True:
        ready, _, _ = select.select([requests, *ends], [], [])
        if ready != [requests]:
            return
        data = os.read(requests, _BLOCK)
        if not data:
            return
        for line in splitter.feed(data):
            if not _room_comes(requests, ends, is_crowded):
                return
            yield line


def _room_comes(requests: int, ends: Sequence[int], is_crowded: Callable[[], bool]) -> bool:
    """Wait while it is crowded; False when it ends meanwhile."""
    watched = select.poll()
    watched.register(requests, 0)  # that it was closed is told in any case
    for end in ends:
        watched.register(end, select.POLLIN)
    while is_crowded():
        if watched.poll(_LOOK_MS):
            return False
    return True


def serve(places: Places, secrets: int | None) -> None:
    """Serve the client on standard input and output until it is gone."""
    answers = os.dup(1)
    os.set_inheritable(answers, False)
    os.dup2(2, 1)
    Server(Desk.at(places, secrets)).serve(0, answers)
