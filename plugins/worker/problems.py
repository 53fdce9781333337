"""How a call of a plugin can go wrong. What is done about each is a rule of the hook that was called."""

from signal import Signals


class PluginProblem(Exception):
    """A plugin did not do what it was called for. `plugin` names it; empty when nobody can say which one it was."""

    def __init__(self, plugin: str, text: str) -> None:
        super().__init__(text)
        self.plugin = plugin


class PluginError(PluginProblem):
    """A plugin raised something. The worker goes on."""

    def __init__(self, plugin: str, method: str, kind: str, text: str, trace: str = "") -> None:
        super().__init__(
            plugin, f"{plugin}: {method} failed: {kind.rpartition('.')[2]}" + (f": {text}" if text else "")
        )
        self.method, self.kind, self.text, self.trace = method, kind, text, trace


class PluginTimedOut(PluginProblem):
    """A plugin took longer than it may. Its worker was ended, unless `is_over`: the call ended once cancelled."""

    def __init__(self, plugin: str, method: str, seconds: float, *, is_over: bool = False) -> None:
        super().__init__(plugin, f"{plugin}: {method} took longer than {seconds:g} s")
        self.method, self.is_over = method, is_over


class PluginBrokenOff(PluginProblem):
    """A call was given up because nobody wants what it is for any more. Its worker was ended, unless `is_over`."""

    def __init__(self, plugin: str, method: str, *, is_over: bool) -> None:
        super().__init__(plugin, f"{plugin}: {method} was broken off, since the run is to stop")
        self.is_over = is_over


class WorkerDied(PluginProblem):
    """A worker ended while it was needed."""

    def __init__(self, plugin: str, world: str, exit_code: int) -> None:
        whose = f"{plugin}: it ended" if plugin else "A plugin ended"
        super().__init__(plugin, f"{whose} the worker process of {world} plugins: {_in_words(exit_code)}")
        self.world, self.exit_code = world, exit_code


class AskRefused(Exception):
    """The host does not answer what a plugin asks, and why."""


def _in_words(exit_code: int) -> str:
    """Return how a process ended, by its exit code or the one that a shell would give."""
    number = -exit_code if exit_code < 0 else exit_code - 128
    if exit_code < 0 or exit_code > 128:
        try:
            return f"killed by {Signals(number).name}"
        except ValueError:
            return f"killed by signal {number}"
    return f"exit code {exit_code}"
