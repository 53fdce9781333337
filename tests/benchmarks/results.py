"""What a run measured, as values that can be kept in a file and merged."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """One measure of one tool in one repetition. Times are seconds, sizes and memory bytes.

    A sample with an `error` is reported and counts for nothing else.
    """

    group: str
    measure: str
    tool: str
    repetition: int
    figures: dict[str, float]
    error: str = ""


@dataclass(slots=True)
class Results:
    """A run: the machine, the tools, the data sets and the samples."""

    machine: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    """Tool: version, and what it is."""
    sets: dict[str, dict[str, int]] = field(default_factory=dict)
    """Group: files, entries, bytes."""
    calibration: list[float] = field(default_factory=list)
    """Seconds for always the same work, before each repetition."""
    samples: list[Sample] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write the run as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what `save` wrote."""
        raw = json.loads(path.read_text())
        return cls(**{**raw, "samples": [Sample(**sample) for sample in raw["samples"]]})


def merged(runs: Iterable[Results]) -> Results:
    """One result out of runs on one machine; of a group measured twice the later run counts."""
    whole = Results()
    for run in runs:
        groups = {sample.group for sample in run.samples}
        whole.machine |= run.machine
        whole.tools |= run.tools
        whole.sets |= run.sets
        whole.calibration += run.calibration
        whole.samples = [sample for sample in whole.samples if sample.group not in groups] + run.samples
    return whole
