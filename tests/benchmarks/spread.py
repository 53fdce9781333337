"""Values that vary from repetition to repetition: their spread, and the ratio of two of them.

Times, sizes and memory: less is better. A ratio is what the first needs in terms of the second, so below 1 the first is
better. It is taken repetition by repetition, since the two were measured right after each other, and the noise of the
machine that both saw cancels out.
"""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the middle and the most of some values."""

    least: float
    middle: float
    most: float
    count: int

    @classmethod
    def of(cls, values: Mapping[int, float]) -> "Spread | None":
        """The spread of the values of some repetitions; None without any."""
        if not values:
            return None
        known = list(values.values())
        return cls(min(known), statistics.median(known), max(known), len(known))

    def scaled(self, factor: float) -> "Spread":
        """The same in another unit."""
        return Spread(self.least * factor, self.middle * factor, self.most * factor, self.count)

    def text(self, digits: int) -> str:
        """`least–middle–most`, or the one value there is."""
        shown = [f"{value:,.{digits}f}" for value in (self.least, self.middle, self.most)]
        return shown[1] if self.count == 1 else "–".join(shown)


def ratios(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """First over second in each repetition that has both; of medians (as repetition 0) where none has both."""
    both = {number: first[number] / second[number] for number in first if second.get(number)}
    if both or not first or not second:
        return both
    middle = statistics.median(second.values())
    return {0: statistics.median(first.values()) / middle} if middle else {}


def differences(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """First less second in each repetition that has both."""
    return {number: first[number] - second[number] for number in first if number in second}


def rates(times: Mapping[int, float], amounts: Mapping[int, float]) -> dict[int, float]:
    """How much a second in each repetition; where no amount is known it is one."""
    return {number: amounts.get(number, 1.0) / seconds for number, seconds in times.items() if seconds}
