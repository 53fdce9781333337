"""Figures looked up by group, measure, tool and field, a value a repetition."""

from collections.abc import Iterable

from tests.benchmarks.results import Sample


class Values:
    """The good samples of a run; those with an error are left out."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._values: dict[tuple[str, str, str, str], dict[int, float]] = {}
        self._measures: set[tuple[str, str]] = set()
        for sample in samples:
            if not sample.error:
                self._measures.add((sample.group, sample.measure))
                for field, value in sample.figures.items():
                    key = (sample.group, sample.measure, sample.tool, field)
                    self._values.setdefault(key, {})[sample.repetition] = value

    def of(self, group: str, measure: str, tool: str, field: str) -> dict[int, float]:
        """Repetition: value; empty when it was not measured."""
        return self._values.get((group, measure, tool, field), {})

    def measured(self, group: str, measure: str) -> bool:
        """Some tool has figures of this measure."""
        return (group, measure) in self._measures
