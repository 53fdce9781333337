"""The groups: which measures, on which data, in which order.

Within a repetition the tools take turns and the first one rotates, so that a drift of the machine hits all of them.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.dataset import make, mutate
from tests.benchmarks.hooks import measure_hooks
from tests.benchmarks.measures import Measures
from tests.benchmarks.processes import Command
from tests.benchmarks.recorder import Recorder, Turn
from tests.benchmarks.remote import measure_cluster, measure_far, measure_upload
from tests.benchmarks.tools import Tool, Yester

HISTORY_SCRIPT = Path(__file__).with_name("history.py")
CATALOGUE_SCRIPT = Path(__file__).with_name("million_paths.py")
SCREEN_SCRIPT = Path(__file__).with_name("screen.py")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    files: int
    mib: int
    million: int
    history: int
    repetitions: int
    seed: int = 1


class Bench:
    """One run, with the tools that are there."""

    def __init__(self, area: Path, tools: Sequence[Tool], plan: Plan, recorder: Recorder, measures: Measures) -> None:
        self._area = area
        self._tools = tools
        self._plan = plan
        self._record = recorder
        self._measures = measures

    def run(self, groups: Sequence[str]) -> None:
        """Measure the groups in turn; the recorder's results fill up as it goes."""
        for group in groups:
            self._groups()[group]()

    def _groups(self) -> dict[str, Callable[[], None]]:
        return {
            "small": self._small,
            "big": self._big,
            "history": self._history,
            "million": self._million,
            "catalogue": self._catalogue,
            "hooks": self._hooks,
            "tui": self._tui,
            "far": self._far,
            "upload": self._upload,
            "cluster": self._cluster,
        }

    def _small(self) -> None:
        """Many small files, with a second version of which one in a hundred has changed."""
        source = self._source("small", "small", self._plan.files)
        for repetition in range(self._plan.repetitions):
            turns = self._begin_all("small", repetition, source)
            mutate(source, self._plan.seed, repetition + 1)
            warm(source)
            for turn in turns:
                if turn.tool.versions:
                    self._measures.snapshot(turn, "changed")
            for turn in turns:
                if turn.tool.versions:
                    self._measures.restore(turn)
            self._visit_all(turns, pack=True)

    def _million(self) -> None:
        """A million tiny files, to see memory stay bounded and time stay linear."""
        source = self._source("million", "million", self._plan.million)
        for repetition in range(self._plan.repetitions):
            self._visit_all(self._begin_all("million", repetition, source), pack=False)

    def _catalogue(self) -> None:
        """A million paths in a hundred snapshots, as the catalogue keeps them: nothing else of yester takes part."""
        self._script("catalogue", 0, CATALOGUE_SCRIPT, "--files", str(self._plan.million))

    def _tui(self) -> None:
        """The terminal program on terminals: its first paint, and keys while a run goes as fast as it can."""
        for repetition in range(self._plan.repetitions):
            self._calibrate()
            self._script("tui", repetition, SCREEN_SCRIPT, "--mib", str(min(1024, self._plan.mib)))

    def _script(self, group: str, repetition: int, script: Path, *words: str) -> None:
        """Run a script that prints a figure a line, and keep them."""
        source = self._source(group, "small", 100)
        for turn in self._turns(group, repetition, source):
            if isinstance(turn.tool, Yester):
                line = [sys.executable, "-P", str(script), "--json", *words, "--folder", str(self._area)]
                done = subprocess.run(line, capture_output=True, text=True, check=True)
                for figure in map(json.loads, done.stdout.splitlines()):
                    what = figure.pop("what")
                    self._record.keep(turn, what, {name: value for name, value in figure.items() if value})

    def _hooks(self) -> None:
        """Many small files, with and without plugins that are asked about each."""
        source = self._source("hooks", "small", self._plan.files)
        warm(source)
        for repetition in range(self._plan.repetitions):
            self._calibrate()
            turns = [turn for turn in self._turns("hooks", repetition, source) if isinstance(turn.tool, Yester)]
            measure_hooks(self._measures, self._record, turns)

    def _far(self) -> None:
        """Few small files, since some mounts take a tenth of a second for each, through a line of 25 ms each way."""
        source = self._source("far", "small", max(50, self._plan.files // 100), "far")
        for repetition in range(self._plan.repetitions):
            self._calibrate()
            measure_far(self._measures, self._record, self._turns("far", repetition, source), self._area)

    def _upload(self) -> None:
        """Noise, copied to servers on loopback."""
        source = self._source("upload", "noise", self._plan.mib)
        for repetition in range(self._plan.repetitions):
            self._calibrate()
            warm(source)
            measure_upload(self._measures, self._record, self._turns("upload", repetition, source), self._area)

    def _cluster(self) -> None:
        """Noise, copied to a Ceph cluster: a quarter as much, since it keeps everything three times."""
        source = self._source("cluster", "noise", self._plan.mib // 4)
        for repetition in range(self._plan.repetitions):
            self._calibrate()
            warm(source)
            measure_cluster(self._measures, self._record, self._turns("cluster", repetition, source), self._area)

    def _begin_all(self, group: str, repetition: int, source: Path) -> list[Turn]:
        """First and unchanged snapshots; the turns that can go on."""
        self._calibrate()
        warm(source)
        alive = []
        for turn in self._turns(group, repetition, source):
            if turn.tool.snapshots and not self._measures.begin(turn):
                continue
            if turn.tool.versions:
                self._measures.snapshot(turn, "unchanged")
                self._measures.start(turn)
            elif turn.tool.snapshots:
                self._measures.restore(turn)  # now: its archive is not made again for the second version
            alive.append(turn)
        return alive

    def _visit_all(self, turns: Sequence[Turn], pack: bool) -> None:
        for turn in turns:
            self._measures.visit(turn, pack)
            turn.tool.discard()

    def _big(self) -> None:
        """Three large files, and their second version with shifted contents."""
        source = self._source("big", "big", self._plan.mib)
        versions = Path(f"{source}.v1"), Path(f"{source}.v2")
        for repetition in range(self._plan.repetitions):
            self._calibrate()
            for turn in self._turns("big", repetition, source):
                self._one_big(turn, *versions)
                turn.tool.discard()

    def _one_big(self, turn: Turn, first: Path, second: Path) -> None:
        with in_place(first, turn.source):
            if turn.tool.snapshots and not self._measures.begin(turn):
                return
            if turn.tool.snapshots and not turn.tool.versions:
                self._measures.restore(turn)
        with in_place(second, turn.source):
            if turn.tool.versions:
                self._measures.snapshot(turn, "shifted")
                self._measures.restore(turn)
            self._measures.read(turn)

    def _history(self) -> None:
        """A repository of many snapshots, which only yester's engine makes quickly: how soon it is mounted."""
        source = self._source("history", "small", self._plan.files)
        turns = [turn for turn in self._turns("history", 0, source) if isinstance(turn.tool, Yester)]
        for turn in turns:
            words = (str(HISTORY_SCRIPT), str(turn.tool.repository), str(self._plan.history))
            more = Command((*Yester.interpreter, *words))
            if not self._measures.begin(turn) or not self._measures.command(turn, "making", more):
                continue
            for repetition in range(self._plan.repetitions):
                again = Turn(turn.group, repetition, turn.tool, source)
                self._measures.listing(again, "mount", "", 0)
                self._measures.listing(again, "mount, all listed", "ids", self._plan.history)
            turn.tool.discard()

    def _source(self, group: str, name: str, amount: int, place: str = "") -> Path:
        self._record.say(f"making the data set {name}")
        source = self._area / "data" / (place or name)
        source.parent.mkdir(exist_ok=True)
        made = make(name, source, amount, self._plan.seed)
        self._record.results.sets[group] = {"files": made.files, "bytes": made.size}
        return source

    def _turns(self, group: str, repetition: int, source: Path) -> list[Turn]:
        """The tools in this repetition's order, each with an empty folder."""
        start = repetition % len(self._tools)
        order = [*self._tools[start:], *self._tools[:start]]
        for tool in order:
            tool.reset()
        return [Turn(group, repetition, tool, source) for tool in order]

    def _calibrate(self) -> None:
        """Always the same work for one core: how much it varies is the machine's noise."""
        data = bytes(1 << 20)
        started = time.perf_counter()
        digest = hashlib.sha256()
        for _ in range(128):
            digest.update(data)
        self._record.results.calibration.append(time.perf_counter() - started)


def warm(folder: Path) -> None:
    """Read every file once."""
    subprocess.run(f"find '{folder}' -type f -print0 | xargs -0 -n 500 cat > /dev/null", shell=True, check=True)


@contextlib.contextmanager
def in_place(version: Path, source: Path) -> Iterator[None]:
    """Let `version` be the source for a while, and warm."""
    version.rename(source)
    try:
        warm(source)
        yield
    finally:
        source.rename(version)
