"""Samples as they come in: kept, told, and added up against a budget."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.processes import Usage
from tests.benchmarks.results import Results, Sample
from tests.benchmarks.tools import Tool


@dataclass(frozen=True, slots=True)
class Turn:
    """One tool's turn in one repetition of a group, and the tree that it works on."""

    group: str
    repetition: int
    tool: Tool
    source: Path


@dataclass(slots=True)
class Recorder:
    """Where measures report to."""

    results: Results
    say: Callable[[str], None]
    budget: float
    """Seconds that a tool may spend on one measure before further repetitions are dropped."""
    spent: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def add(self, turn: Turn, measure: str, usage: Usage, **figures: float) -> bool:
        """Keep what a command cost, with further figures; False when it failed."""
        cost = {"seconds": usage.seconds, "cpu_seconds": usage.cpu_seconds, "memory": usage.memory}
        self.keep(turn, measure, cost | figures, usage.error)
        return not usage.error

    def keep(self, turn: Turn, measure: str, figures: dict[str, float], error: str = "") -> None:
        """Keep figures of any kind."""
        sample = Sample(turn.group, measure, turn.tool.name, turn.repetition, figures, error)
        self.results.samples.append(sample)
        key = (sample.group, sample.measure, sample.tool)
        self.spent[key] = self.spent.get(key, 0.0) + figures.get("seconds", 0.0)
        told = error or "  ".join(f"{name} {value:.6g}" for name, value in figures.items())
        self.say(f"{sample.group}: {measure}, {sample.tool} #{sample.repetition + 1}: {told}")

    def affordable(self, turn: Turn, measure: str) -> bool:
        """One more repetition of this measure would stay inside the budget."""
        spent = self.spent.get((turn.group, measure, turn.tool.name), 0.0)
        return turn.repetition == 0 or spent * (turn.repetition + 1) / turn.repetition <= self.budget
