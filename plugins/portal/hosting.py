"""The worker of one plugin file. One that dies, hangs or has to be killed is started anew by the next call."""

import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from yester.engine.errors import ArchiveError, UsageError
from yester.plugins.found import Found
from yester.plugins.options.layers import Layer
from yester.plugins.portal.casting import WORLD
from yester.plugins.worker.frames import ProtocolError
from yester.plugins.worker.hosting import Told, WorkerProcess
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.problems import AskRefused, PluginBrokenOff, PluginError, PluginProblem, PluginTimedOut

SHORT_S = 60.0
"""How long a plugin may take to say whether it is ready and which policies it has: it may connect."""


class Workplace:
    """Where the archives of one file work. For one thread at a time."""

    def __init__(
        self, found: Found, layers: Sequence[Layer], *, printed: Told, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Nothing is started. A call is broken off when it is `stopping`."""
        self.label = found.label
        self.seconds = 0.0
        """How long it was at work."""
        self._plugin = PluginFile(found.name, found.place, tuple(layers))
        self.settings = blake2b(msgspec.msgpack.encode(self._plugin.layers), digest_size=8).hexdigest()
        """A digest of all that is said about its options."""
        self._printed, self._stopping = printed, stopping
        self._worker: WorkerProcess | None = None
        self._loaded: Loaded | None = None

    def loaded(self) -> Loaded:
        """Load the plugin, unless it is, and return what it says of itself. UsageError when it cannot be loaded."""
        if self._loaded is None or self._worker is None:
            self._loaded = self._started()
        return self._loaded

    def call(self, method: str, arguments: Sequence[Any], deadline_s: float | None) -> Any:
        """Call the plugin. ArchiveError: it raised, took too long, was broken off, or ended its worker."""
        try:
            self.loaded()
        except UsageError as problem:
            raise ArchiveError(problem.what, hint=problem.hint) from None
        assert self._worker is not None
        began = time.monotonic()
        try:
            return self._worker.call(self._plugin.name, method, list(arguments), deadline_s, self._stopping)
        except PluginError as problem:
            raise ArchiveError(f"{self.label}: {_words(problem)}") from None
        except PluginProblem as problem:
            if not (isinstance(problem, PluginTimedOut | PluginBrokenOff) and problem.is_over):
                self.close()
            raise ArchiveError(str(problem)) from None
        except ProtocolError as problem:
            raise ArchiveError(f"{self.label}: {method} cannot be called: {problem}") from None
        finally:
            self.seconds += time.monotonic() - began

    def close(self) -> None:
        """End the worker and everything below it."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _started(self) -> Loaded:
        try:
            # Where it works nothing can be imported by mistake: Python looks there first.
            self._worker = WorkerProcess(WORLD, printed=self._print, answers=_refuse, folder="/")
            (loaded,) = self._worker.load([self._plugin], {})
        except (PluginProblem, ProtocolError, OSError) as problem:
            self.close()
            raise UsageError(f"{self.label} cannot be loaded: {problem}") from None
        except BaseException:
            self.close()
            raise
        if loaded.problem:
            self.close()
            raise UsageError(
                f"{self.label} cannot be loaded: {loaded.problem}",
                hint=f"To see what it says: yester plugin test {self.label}",
            )
        return loaded

    def _print(self, plugin: str, stream: str, line: str) -> None:
        self._printed(self.label if plugin else "", stream, line)


def _words(problem: PluginError) -> str:
    """Return what a plugin raised, in its own words; without any, what kind it was."""
    return problem.text or problem.kind.rpartition(".")[2]


def _refuse(plugin: str, method: str, arguments: Sequence[Any]) -> Any:
    raise AskRefused(f"an archive has nobody to ask: {method}")
