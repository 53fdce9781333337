"""The plugins of one world, in a worker that is started again without whoever ended it.

A plugin that kills its worker, or has to be killed, is named and left out from then on; all others are loaded again in
a fresh process, so that the next call of any of them finds it as new. When nobody can say whose doing it was, all get
one more chance; the second time the world is given up.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from yester.plugins.worker.hosting import WorkerProcess
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.problems import PluginBrokenOff, PluginError, PluginProblem, PluginTimedOut

_CHANCES = 2

Trouble = Callable[[str, str], None]
"""Called with a plugin's name, empty for none, and a sentence for the person. Never raises."""


class Crew:
    """Calls plugins. For one thread at a time, but for `seconds`."""

    def __init__(
        self,
        plugins: Sequence[PluginFile],
        settings: dict[str, Any],
        *,
        start: Callable[[], WorkerProcess],
        trouble: Trouble,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is started before `load`. `start` starts a worker of the world; it may raise OSError."""
        self._plugins = list(plugins)
        self._settings = settings
        self._start, self._trouble, self._clock = start, trouble, clock
        self._worker: WorkerProcess | None = None
        self._unexplained = 0
        self.seconds: dict[str, float] = {}
        """How long each plugin was at work."""

    @property
    def names(self) -> list[str]:
        """The plugins that are left."""
        return [plugin.name for plugin in self._plugins]

    def start(self) -> None:
        """Start a worker that the plugins will be loaded in. OSError."""
        self._worker = self._worker or self._start()

    def load(self) -> list[Loaded]:
        """Load the plugins into the worker that was started, or a new one; those that fail are told of and left out."""
        problems: list[Loaded] = []
        while self._plugins:
            self._worker = self._worker or self._start()
            try:
                loaded = self._worker.load(self._plugins, self._settings)
            except PluginProblem as problem:
                problems += [Loaded(plugin.name, str(problem)) for plugin in self._left_out(problem)]
                continue
            broken = {each.name for each in loaded if each.problem}
            for each in loaded:
                if each.problem:
                    self._trouble(each.name, f"{each.name} cannot be loaded: {each.problem}")
            self._plugins = [plugin for plugin in self._plugins if plugin.name not in broken]
            return [*loaded, *problems]
        return problems

    def call(
        self,
        plugin: str,
        method: str,
        arguments: Sequence[Any],
        deadline_s: float | None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> Any:
        """Call a plugin that is left. PluginProblem: it raised, took too long, was given up, or ended the worker."""
        if self._worker is None:
            self.load()
        if plugin not in self.names or self._worker is None:
            raise PluginProblem(plugin, f"{plugin}: it was left out before {method}")
        began = self._clock()
        try:
            return self._worker.call(plugin, method, arguments, deadline_s, given_up)
        except PluginBrokenOff as problem:
            if not problem.is_over:
                self.close()  # nobody's fault: all of them are loaded anew
            raise
        except PluginProblem as problem:
            if not _goes_on(problem):
                self._left_out(problem)
            raise
        finally:
            self.seconds[plugin] = self.seconds.get(plugin, 0.0) + self._clock() - began

    def dismiss(self) -> None:
        """Let the worker end; `close` waits for it."""
        if self._worker is not None:
            self._worker.dismiss()

    def close(self) -> None:
        """End the worker and everything below it."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _left_out(self, problem: PluginProblem) -> list[PluginFile]:
        """After a worker's end: drop whoever did it, and return it; with nobody to blame, in the end all."""
        self.close()
        culprits = [plugin for plugin in self._plugins if plugin.name == problem.plugin]
        if not culprits:
            self._unexplained += 1
            culprits = self._plugins if self._unexplained == _CHANCES else []
        self._plugins = [plugin for plugin in self._plugins if plugin not in culprits]
        ends = f"; {', '.join(each.name for each in culprits)} will not be called again" if culprits else ""
        self._trouble(problem.plugin, f"{problem}{ends}")
        return culprits


def _goes_on(problem: PluginProblem) -> bool:
    """Whether the worker is still of use."""
    return isinstance(problem, PluginError) or (isinstance(problem, PluginTimedOut) and problem.is_over)
