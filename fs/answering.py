"""Answers requests, those that must wait for something too: errors become an errno, and waiting costs nobody else.

The work of a request (Handlers) never waits, so it is atomic. When it needs what memory does not hold (NotAtHand, a
look at the list of snapshots, an answer of the catalogue), that is fetched on a thread and the work is done again from
its beginning. Whoever waits longer than PATIENCE_S gets EIO: a program that hangs cannot even be killed.

All is called on the one thread that serves, but for what is given to the workers.
"""

import errno
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from yester.engine.errors import YesterError
from yester.fs.complaints import Complaints
from yester.fs.file_system import NotLooked
from yester.fs.handlers import Answer, Handlers
from yester.fs.requests import UNANSWERED, Request
from yester.fs.sources import MountSource, NotAtHand
from yester.fs.versions.history import Answer as Told
from yester.fs.versions.history import History, NotAsked, Question

PATIENCE_S = 120.0
"""A store that retries by itself gives up before that."""

Reply = Callable[[Request, int, Answer], None]
"""Sends an answer: with an errno, or 0 and what was asked for."""


class Threads(Protocol):
    """Who works on other threads: does `work`, then calls `then` with its result or error on the thread that serves."""

    def run(self, work: Callable[[], Any], then: Callable[[Any, Exception | None], None]) -> None:
        """Begin."""
        ...


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request that waits."""

    request: Request
    since: float
    told: list[Told] = field(default_factory=list)
    """What the catalogue said to it so far; memory may have let go of that again, for the answers of others."""


class Answering:
    """The requests of one mount."""

    def __init__(
        self,
        handlers: Handlers,
        source: MountSource,
        history: History | None,
        reply: Reply,
        threads: Threads,
        complaints: Complaints,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handlers = handlers
        self._source = source
        self._history = history
        self._reply = reply
        self._threads = threads
        self._complaints = complaints
        self._clock = clock
        self._waiting: dict[int, _Waiting] = {}
        self._questions: deque[tuple[_Waiting, Question]] = deque()
        self._is_asking = False

    @property
    def waiting(self) -> int:
        """How many requests wait for something."""
        return len(self._waiting)

    def answer(self, request: Request) -> None:
        """Answer a request, now or later."""
        self._try(request, None)

    def give_up(self) -> None:
        """Tell those who have waited for too long that it is in vain."""
        now = self._clock()
        for waiting in [each for each in self._waiting.values() if now - each.since > PATIENCE_S]:
            self._complaints.tell(f"{_about(waiting.request)}: the store has not answered for {PATIENCE_S:.0f} s")
            self._end(waiting.request, errno.EIO)

    def _try(self, request: Request, waiting: _Waiting | None) -> None:
        try:
            answer = self._handlers.answer(request)
        except (NotAtHand, NotLooked, NotAsked) as missing:
            self._wait(waiting or self._new_waiting(request), missing)
        except OSError as error:
            self._end(request, error.errno or errno.EIO)
        except Exception as error:  # noqa: BLE001  whatever else got out would end the mount
            self._refuse(request, error)
        else:
            self._end(request, 0, answer)

    def _end(self, request: Request, error: int, answer: Answer = ()) -> None:
        self._waiting.pop(request.id, None)
        if request.call not in UNANSWERED:
            self._reply(request, error, answer)

    def _refuse(self, request: Request, error: Exception) -> None:
        known = isinstance(error, YesterError)
        self._complaints.tell(f"{_about(request)}: {error}", str(error), None if known else error)
        self._end(request, errno.EIO)

    # What must be had first

    def _new_waiting(self, request: Request) -> _Waiting:
        waiting = self._waiting[request.id] = _Waiting(request, self._clock())
        return waiting

    def _wait(self, waiting: _Waiting, missing: "NotAtHand | NotLooked | NotAsked") -> None:
        if isinstance(missing, NotAtHand):
            work = partial(self._source.reader.blob, missing.kind, missing.blob)
            self._threads.run(work, partial(self._fetched, waiting, missing.blob))
        elif isinstance(missing, NotLooked):
            self._threads.run(self._handlers.system.look, partial(self._looked, waiting))
        else:
            self._questions.append((waiting, missing.question))
            if not self._is_asking:
                self._ask_next()

    def _again(self, waiting: _Waiting, error: Exception | None = None) -> None:
        """Do the work of a request again, unless it was given up meanwhile, or what it waited for cannot be had."""
        if self._waiting.get(waiting.request.id) is not waiting:
            return
        if error is not None:
            self._refuse(waiting.request, error)
        else:
            self._try(waiting.request, waiting)

    def _fetched(self, waiting: _Waiting, id: bytes, blob: Any, error: Exception | None) -> None:
        if error is None:
            self._source.arrived(id, blob)
        self._again(waiting, error)

    def _looked(self, waiting: _Waiting, seen: Any, error: Exception | None) -> None:
        """Show what was seen; what was listed last stays visible when there was nothing to be seen."""
        try:
            if error is not None:
                raise error
            self._handlers.system.show(seen)
        except Exception as problem:  # noqa: BLE001  as above
            trace = None if isinstance(problem, YesterError) else problem
            self._complaints.tell(f"the list of snapshots: {problem}", trace=trace)
        self._again(waiting)

    def _ask_next(self) -> None:
        """Ask the catalogue what the next request wants to know.

        One request at a time does: the catalogue answers one, and who waits for it needs no thread meanwhile.
        """
        assert self._history is not None
        self._is_asking = True
        while self._questions:
            waiting, question = self._questions.popleft()
            if self._history.knows(question):
                self._told(waiting)
                continue
            try:
                told = self._history.at_once(question)
            except Exception as error:  # noqa: BLE001  as above
                self._again(waiting, error)
                continue
            if told is None:
                self._threads.run(partial(self._history.ask, question), partial(self._asked, waiting))
                return
            self._told(waiting, told)
        self._is_asking = False

    def _asked(self, waiting: _Waiting, told: Told, error: Exception | None) -> None:
        if error is None:
            self._told(waiting, told)
        else:
            self._again(waiting, error)
        self._ask_next()

    def _told(self, waiting: _Waiting, *told: Told) -> None:
        """Have an answer at hand, together with what the request asked before, and do its work again."""
        assert self._history is not None
        waiting.told += told
        for each in waiting.told:
            self._history.keep(each)
        self._again(waiting)


def _about(request: Request) -> str:
    return f"{request.call_name} of {request.inode}"
