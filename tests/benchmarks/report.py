"""Results as Markdown: the targets and whether they are met, then each figure as ratio and as it was measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.hooks import PLUGINS
from tests.benchmarks.remote import OBJECTS_AT_ONCE
from tests.benchmarks.results import Results
from tests.benchmarks.screen import MEASURES as SCREEN
from tests.benchmarks.spread import Spread, rates, ratios
from tests.benchmarks.targets import LOOKUPS, TARGETS, verdict
from tests.benchmarks.tools import TOOLS
from tests.benchmarks.values import Values


@dataclass(frozen=True, slots=True)
class Figure:
    """A row: which figure of which measure, how it is called, and how it is written."""

    group: str
    measure: str
    title: str
    field: str = "seconds"
    unit: str = "s"
    factor: float = 1.0
    digits: int = 2
    rate_of: str = ""
    """A field: shown as so much of it a second (of one, if there is no such field), though compared as time."""


def _memory(group: str, measure: str, title: str) -> Figure:
    return Figure(group, measure, title, "memory", "MB", 1e-6, 0)


def _size(group: str, measure: str, title: str, field: str = "size") -> Figure:
    return Figure(group, measure, title, field, "MB", 1e-6, 1)


def _lookup(measure: str) -> Figure:
    return Figure("catalogue", measure, measure, unit="ms", factor=1e3, digits=1)


def _rate(measure: str, title: str) -> Figure:
    return Figure("big", measure, title, unit="MB/s", factor=1e-6, digits=0, rate_of="bytes")


FIGURES = (
    Figure("small", "first", "first snapshot"),
    Figure("small", "first", "first snapshot, CPU", "cpu_seconds"),
    _memory("small", "first", "first snapshot, memory"),
    _size("small", "first", "repository after it"),
    Figure("small", "unchanged", "unchanged snapshot"),
    Figure("small", "unchanged", "unchanged snapshot, CPU", "cpu_seconds"),
    Figure("small", "start", "print the version"),
    Figure("small", "open", "open the repository and list it"),
    Figure("small", "changed", "1 % of the files changed"),
    _size("small", "changed", "added by it", "added"),
    Figure("small", "restore", "restore"),
    Figure("small", "restore", "restore, CPU", "cpu_seconds"),
    Figure("small", "mount", "mount to first listing"),
    Figure("small", "find", "find, first pass"),
    Figure("small", "find", "find, first pass, CPU of mount and find", "cpu_seconds"),
    Figure("small", "find again", "find, second pass"),
    _memory("small", "mount", "memory of the mount up to find, highest"),
    Figure("small", "mount", "memory of the mount after find", "resident", "MB", 1e-6, 0),
    Figure("small", "cp", "cp -a"),
    Figure("small", "cp", "cp -a, CPU of mount and cp", "cpu_seconds"),
    Figure("small", "tar", "tar c"),
    Figure("big", "first", "first snapshot"),
    Figure("big", "first", "first snapshot, CPU", "cpu_seconds"),
    _memory("big", "first", "first snapshot, memory"),
    _size("big", "first", "repository after it"),
    Figure("big", "shifted", "shifted version"),
    _size("big", "shifted", "added by it", "added"),
    Figure("big", "restore", "restore"),
    _rate("read db.dat", "sequential read, database"),
    _rate("read random.bin", "sequential read, incompressible"),
    _rate("read vm.img", "sequential read, half holes"),
    Figure("big", "random", "random 4 KiB reads", unit="/s", digits=0, rate_of="reads"),
    Figure("big", "random", "random 4 KiB read, 99th percentile", "late", "ms", 1e3),
    Figure("history", "mount", "mount to first listing"),
    Figure("history", "mount, all listed", "mount to the list of all snapshots"),
    _memory("history", "mount", "memory of the mount"),
    Figure("million", "first", "first snapshot", digits=1),
    _memory("million", "first", "first snapshot, memory"),
    Figure("million", "unchanged", "unchanged snapshot", digits=1),
    _memory("million", "unchanged", "unchanged snapshot, memory"),
    Figure("million", "find", "find, first pass", digits=1),
    Figure("million", "find again", "find, second pass", digits=1),
    _memory("million", "mount", "memory of the mount up to find, highest"),
    Figure("million", "cp", "cp -a", digits=1),
    Figure("catalogue", "first snapshot taken in", "first snapshot taken in"),
    Figure("catalogue", "each further one, 1 % changed", "each further one, 1 % changed"),
    _size("catalogue", "memory that taking in adds", "memory that taking in adds"),
    _size("catalogue", "size on disk", "size on disk"),
    *map(_lookup, LOOKUPS),
    *(
        Figure("hooks", f"{snapshot}{name}", f"{snapshot} snapshot{name}", digits=2)
        for snapshot in ("first", "unchanged")
        for name in PLUGINS
    ),
    *(Figure("tui", name, name, unit="ms", factor=1e3, digits=1) for name in SCREEN),
    Figure("far", "restore", "restore, with nothing on this side"),
    Figure("far", "cp", "cp -a out of the mount, with nothing on this side"),
    *(
        Figure("upload", name, name, unit="MB/s", factor=1e-6, digits=0, rate_of="bytes")
        for name in ("copy to SFTP", *OBJECTS_AT_ONCE)
    ),
    *(Figure("cluster", name, name, unit="MB/s", factor=1e-6, digits=0, rate_of="bytes") for name in OBJECTS_AT_ONCE),
)


def render(results: Results, subject: str) -> str:
    """The whole page of results, `subject` held against every other tool."""
    values = Values(results.samples)
    lines = [*_machine(results), *_targets(results, values, subject)]
    for group in dict.fromkeys(figure.group for figure in FIGURES):
        figures = [figure for figure in FIGURES if figure.group == group and values.measured(group, figure.measure)]
        if figures:
            lines += _group(results, values, figures, subject)
    lines += _failures(results)
    return "\n".join(lines).rstrip() + "\n"


def _machine(results: Results) -> Iterator[str]:
    noise = Spread.of(dict(enumerate(results.calibration)))
    for name, value in results.machine.items():
        yield f"- {name}: {value}"
    if noise is not None and noise.count > 1:
        yield (
            f"- noise of the machine: the same fixed work took {noise.text(3)} s in {noise.count} tries"
            f" (most over least {noise.most / noise.least:.2f})"
        )
    abouts = {tool.name: tool.about for tool in TOOLS}
    for name, version in results.tools.items():
        yield f"- {name}: {version}; {abouts.get(name, '')}"
    yield ""


def _targets(results: Results, values: Values, subject: str) -> Iterator[str]:
    rows = []
    for target in TARGETS:
        found = verdict(target, values, subject, results.sets)
        if found is not None:
            rows.append([target.title, found.bound, found.measured, "met" if found.met else "**missed**"])
    if rows:
        yield "### Targets"
        yield ""
        yield from _table(["what", "target", f"{subject}: least–median–most", ""], rows)


def _group(results: Results, values: Values, figures: Sequence[Figure], subject: str) -> Iterator[str]:
    group = figures[0].group
    known = results.sets.get(group, {})
    tools = [tool for tool in results.tools if any(values.of(f.group, f.measure, tool, f.field) for f in figures)]
    others = [tool for tool in tools if tool != subject]
    yield f"### {group}: {known.get('files', 0):,} files, {known.get('bytes', 0) / 1e6:,.1f} MB"
    yield ""
    if subject in tools and others:
        yield f"What {subject} needs for each that the other needs (least–median–most; below 1 it needs less):"
        yield ""
        rows = [[f.title, *(_ratio(values, f, subject, other) for other in others)] for f in figures]
        yield from _table(["", *others], [row for row in rows if any(row[1:])])
    yield "As measured (least–median–most):"
    yield ""
    rows = [[f"{f.title}, {f.unit}", *(_value(values, f, tool) for tool in tools)] for f in figures]
    yield from _table(["", *tools], rows)


def _ratio(values: Values, figure: Figure, subject: str, other: str) -> str:
    mine = values.of(figure.group, figure.measure, subject, figure.field)
    theirs = values.of(figure.group, figure.measure, other, figure.field)
    spread = Spread.of(ratios(mine, theirs))
    return spread.text(2) if spread else ""


def _value(values: Values, figure: Figure, tool: str) -> str:
    known = values.of(figure.group, figure.measure, tool, figure.field)
    if figure.rate_of:
        known = rates(known, values.of(figure.group, figure.measure, tool, figure.rate_of))
    spread = Spread.of(known)
    return spread.scaled(figure.factor).text(figure.digits) if spread else ""


def _failures(results: Results) -> Iterator[str]:
    failed = [sample for sample in results.samples if sample.error]
    if failed:
        yield "### Failed, and counted for nothing"
        yield ""
        for sample in failed:
            where = f"{sample.group}, {sample.measure}, {sample.tool}, repetition {sample.repetition + 1}"
            yield f"- {where}: {sample.error}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
