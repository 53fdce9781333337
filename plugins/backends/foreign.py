"""Backends that did not ship with yester, in worker processes: one worker for each backend that is opened.

A worker is one of plugins/worker: bulk data goes by path, what the backend starts ends with it, it may not write to
more memory than its share, and it dies with yester. One that dies, hangs or has to be killed is started anew by the
next call; the calls that were under way fail as ones that may be made again, and name the backend. What backends print
goes nowhere, since it may hold anything; the last lines explain a worker's end.

A world for such backends (worker/worlds.py) has, besides what every world has:

- `load`: each Loaded has no facts that are asked for; `threads` is how many calls may be made at once.
- `call(plugin, "secrets", [])` first, which returns `{"value": […]}`: no error will repeat one of these.
- `call(plugin, "open", [arguments…])` then, which makes the backend and returns `{"value": {"methods": […],
  "threads": N, "secrets": […]}}`, or, as the former, `{"failed": …}` (codes.Failure.sent). It may know more secrets.
- `call(plugin, METHOD, arguments)` for the methods of methods.py, as performing.perform does it.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from yester.engine.urls import HIDDEN
from yester.plugins.backends.codes import ErrorCode, Failed, Failure
from yester.plugins.backends.raw import opened
from yester.plugins.worker.frames import ProtocolError
from yester.plugins.worker.hosting import MEMORY_SIZE, WorkerProcess
from yester.plugins.worker.messages import PluginFile
from yester.plugins.worker.problems import AskRefused, PluginError, PluginProblem, PluginTimedOut

SECRETS = "secrets"
OPEN = "open"
OPEN_S = 120.0
"""How long a backend may take to be made: it may connect."""
_CLOSE_S = 5.0
_LAST_LINES = 5
_SHORTEST_SECRET = 4
"""Letters of a secret that is looked for in what a backend says: a shorter one would be found everywhere."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a backend is made in a worker; again, when the worker has died."""

    world: str
    plugin: PluginFile
    opening: tuple[Any, ...]
    """What `open` is called with."""
    label: str
    """What errors call it."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What the world is opened with."""
    memory_size: int = MEMORY_SIZE
    environment: Mapping[str, str] | None = None
    """What it runs in; None: as this process."""


class Foreign:
    """A backend in a worker. Any number of threads call it."""

    def __init__(self, recipe: Recipe) -> None:
        """Start the worker, and make the backend. Failed."""
        self._recipe, self.label = recipe, recipe.label
        self._lock = threading.RLock()
        """Again by the thread that starts a worker, when that dies at once."""
        self._closed = False
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._secrets: list[str] = []
        self._worker: WorkerProcess | None = None
        self._worker, facts = self._started()
        self.methods = frozenset(facts["methods"])
        self._turns = threading.Semaphore(facts["threads"])

    def call(self, method: str, *arguments: Any, deadline_s: float | None) -> Any:
        """Make a call once it is its turn; its time begins then."""
        with self._turns:
            worker = self._at_work()
            return opened(self._asked(worker, method, arguments, deadline_s))

    def another(self) -> "Foreign":
        """Return the same backend in another worker."""
        return Foreign(self._recipe)

    def close(self) -> None:
        """Let the backend close, and end the worker and everything below it."""
        with self._lock:
            self._closed, worker = True, self._worker
            self._worker = None
        if worker is None:
            return
        if "_close" in self.methods and self._turns.acquire(blocking=False):
            with suppress(PluginProblem, ProtocolError):  # its end is all that is left to do
                worker.call(self._recipe.plugin.name, "_close", [], _CLOSE_S)
        worker.close()

    def _at_work(self) -> WorkerProcess:
        """Return the worker; a new one where the last one has died."""
        with self._lock:
            if self._closed:
                raise Failed(Failure(text="it is closed", is_fatal=True))
            if self._worker is None:
                self._worker, _ = self._started()
            return self._worker

    def _started(self) -> tuple[WorkerProcess, dict[str, Any]]:
        recipe = self._recipe
        try:
            # Where it works nothing can be imported by mistake: Python looks there first.
            worker = WorkerProcess(
                recipe.world,
                printed=self._print,
                answers=_refuse,
                memory_size=recipe.memory_size,
                folder="/",
                environment=recipe.environment,
            )
        except OSError as problem:
            raise Failed(Failure(text=f"no process can be started for it: {problem.strerror}")) from None
        try:
            (loaded,) = worker.load([recipe.plugin], recipe.settings)
            if loaded.problem:
                raise Failed(Failure(ErrorCode.CODE_ERROR, self._hidden(loaded.problem), is_fatal=True, is_usage=True))
            # Before any of the backend's own code has them.
            self._hide(opened(self._asked(worker, SECRETS, (), OPEN_S)))
            facts: dict[str, Any] = opened(self._asked(worker, OPEN, recipe.opening, OPEN_S))
            self._hide(facts["secrets"])
            return worker, facts
        except PluginProblem as problem:
            worker.kill()
            raise Failed(self._of_problem(problem)) from None
        except BaseException:
            worker.kill()
            raise

    def _asked(self, worker: WorkerProcess, method: str, arguments: Sequence[Any], deadline_s: float | None) -> Any:
        """Return what the world answers; Failed when there is no answer."""
        try:
            answer = worker.call(self._recipe.plugin.name, method, arguments, deadline_s)
        except PluginError as problem:  # it goes on
            raise Failed(self._of_problem(problem)) from None
        except PluginProblem as problem:
            if not (isinstance(problem, PluginTimedOut) and problem.is_over):
                self._drop(worker)
            raise Failed(self._of_problem(problem)) from None
        except ProtocolError as problem:
            raise Failed(Failure(text=str(problem), is_fatal=True)) from None
        if isinstance(answer, dict) and "failed" in answer:
            answer["failed"]["text"] = self._hidden(answer["failed"]["text"])
        return answer

    def _drop(self, worker: WorkerProcess) -> None:
        """A worker is of no use any more; the next call starts another one."""
        with self._lock:
            if self._worker is worker:
                self._worker = None
        worker.kill()

    def _of_problem(self, problem: PluginProblem) -> Failure:
        """Return the failure that a worker's end, or a call without an answer, is: one that may pass."""
        said = f"; it said: {' / '.join(self._said)}" if self._said else ""
        return Failure(ErrorCode.CONNECTION_FAILED, self._hidden(f"{problem}{said}"))

    def _print(self, plugin: str, stream: str, line: str) -> None:
        if line.strip():
            self._said.append(line.strip())

    def _hide(self, secrets: Iterable[str]) -> None:
        # Longest first: one may be a part of another.
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _refuse(plugin: str, method: str, arguments: Sequence[Any]) -> Any:
    raise AskRefused(f"a backend has nobody to ask: {method}")
