"""The targets: how fast, how small and how frugal yester has to be.

Most are ratios to what was measured beside it in the same repetition. A few are absolute, and hold at the full size
of a data set: times of `small` are scaled by its files, so that a smaller run says something too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmarks.spread import Spread, differences, rates, ratios
from tests.benchmarks.values import Values

PEERS = ("restic", "borg")
FULL_SMALL = 50_000
MIB = 1 << 20
LOOKUPS = (
    "versions of a file",
    "versions of all files of a folder",
    "search, 100 rows of a rare part",
    "search, 100 rows of a common part",
    "search, 100 rows of all",
    "search, 100 rows of a part that is nowhere",
    "search, 100 rows of a pattern",
    "search, 100 rows of a pattern with a folder",
    "search, 100 rows of two signs that are nowhere",
    "diff of neighbours, first 100",
    "diff of first and last, first 100",
    "forgetting one in the middle",
)
"""What the catalogue is asked in the group of that name."""
HOOKS = (", native hook", ", Kiwi hook")
"""How measures of plugins that are asked about each file end; 50 microseconds a file is the most."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a figure of the subject: `factor` times that of the tool `against` ("": an absolute bound)."""

    title: str
    group: str
    measure: str
    field: str
    factor: float
    against: tuple[str, ...] = ()
    other: str = ""
    """The measure of `against`, where it is another one than the subject's."""
    less: str = ""
    """A measure of the subject that is taken off first (what starting costs)."""
    unit: str = ""
    scale: float = 1.0
    """Unit of an absolute bound in terms of the figure's."""
    rate_of: str = ""
    """The bound is from below, on so much of this field a second (of one, if there is no such field)."""
    per_file: bool = False
    """An absolute bound for 50,000 files."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target asks for and what was measured, in words."""

    bound: str
    measured: str
    met: bool


TARGETS = (
    Target("first snapshot, small", "small", "first", "seconds", 1.25, ("tar-zstd",)),
    Target("first snapshot, big", "big", "first", "seconds", 1.2, ("tar-zstd",)),
    Target("shifted version of big, added bytes", "big", "shifted", "added", 1 / 3, ("restic",)),
    Target("unchanged snapshot, beyond the start", "small", "unchanged", "seconds", 2, ("source",), "find", "start"),
    Target("unchanged snapshot, beyond opening", "small", "unchanged", "seconds", 2, ("source",), "find", "open"),
    Target("1 % changed", "small", "changed", "seconds", 0.5, ("restic",)),
    Target("1 % changed, added bytes", "small", "changed", "added", 1, ("restic",)),
    Target("repository size, small", "small", "first", "size", 1.1, ("tar-zstd",)),
    Target("repository size, big", "big", "first", "size", 1, ("restic",)),
    Target("mount to first listing", "small", "mount", "seconds", 0.5, unit="s"),
    Target("the same with many snapshots", "history", "mount", "seconds", 0.5, unit="s"),
    Target("list of many snapshots", "history", "mount, all listed", "seconds", 0.5, unit="s"),
    Target("find, first pass", "small", "find", "seconds", 0.75, unit="s", per_file=True),
    Target("find, second pass", "small", "find again", "seconds", 0.45, unit="s", per_file=True),
    Target("cp -a out of the mount", "small", "cp", "seconds", 1, ("bindfs",)),
    Target("tar c of the mount", "small", "tar", "seconds", 1, ("bindfs",)),
    Target("sequential read, database", "big", "read db.dat", "seconds", 1, unit="GB/s", scale=1e9, rate_of="bytes"),
    Target("sequential read, noise", "big", "read random.bin", "seconds", 1, unit="GB/s", scale=1e9, rate_of="bytes"),
    Target("sequential read, half holes", "big", "read vm.img", "seconds", 1, unit="GB/s", scale=1e9, rate_of="bytes"),
    Target("random 4 KiB reads", "big", "random", "seconds", 3000, unit="/s", rate_of="reads"),
    Target("restore, small", "small", "restore", "seconds", 1, PEERS),
    Target("memory of the mount after find, small", "small", "mount", "resident", 100, unit="MB", scale=1e6),
    Target("the same, highest since its start", "small", "mount", "memory", 100, unit="MB", scale=1e6),
    Target("memory of the run, million", "million", "first", "memory", 200, unit="MiB", scale=MIB),
    Target("memory of the next run, million", "million", "unchanged", "memory", 200, unit="MiB", scale=MIB),
    Target("memory of the mount, million", "million", "mount", "memory", 200, unit="MiB", scale=MIB),
    *(Target(f"{each}, million", "catalogue", each, "seconds", 0.1, unit="s") for each in LOOKUPS),
    *(
        Target(
            f"{hook[2:]}, {snapshot} snapshot: more for it",
            "hooks",
            f"{snapshot}{hook}",
            "seconds",
            2.5,
            less=snapshot,
            unit="s",
            per_file=True,
        )
        for snapshot in ("first", "unchanged")
        for hook in HOOKS
    ),
    Target("first paint, after an empty app", "tui", "later than an empty app", "seconds", 0.2, unit="s"),
    Target("a key in mid-run, 99 of 100", "tui", "a key in mid-run, 99 of 100", "seconds", 0.05, unit="s"),
    Target("restore through a far line", "far", "restore", "seconds", 1, ("restic",)),
    Target("cp -a through a far line", "far", "cp", "seconds", 1, ("restic",)),
    Target("copy of noise over SFTP", "upload", "copy to SFTP", "seconds", 1.25, ("bare",)),
    Target("copy of noise to S3", "upload", "copy to S3", "seconds", 1.25, ("bare",)),
    Target("copy of noise to S3 on Ceph", "cluster", "copy to S3", "seconds", 1.25, ("bare",)),
    Target("memory that taking in adds", "catalogue", "memory that taking in adds", "size", 200, unit="MiB", scale=MIB),
)


def verdict(target: Target, values: Values, subject: str, sets: Mapping[str, Mapping[str, int]]) -> Verdict | None:
    """Hold the subject's median against the target; None where something was not measured."""
    mine = values.of(target.group, target.measure, subject, target.field)
    if target.less:
        mine = differences(mine, values.of(target.group, target.less, subject, target.field))
    if target.against:
        return _relative(target, values, mine)
    if target.rate_of:
        return _rate(target, values.of(target.group, target.measure, subject, target.rate_of), mine)
    return _absolute(target, mine, sets.get(target.group, {}).get("files", FULL_SMALL))


def _relative(target: Target, values: Values, mine: Mapping[int, float]) -> Verdict | None:
    measure = target.other or target.measure
    spreads = {
        tool: spread
        for tool in target.against
        if (spread := Spread.of(ratios(mine, values.of(target.group, measure, tool, target.field))))
    }
    if not spreads:
        return None
    against = max(spreads, key=lambda tool: spreads[tool].middle)
    worst = spreads[against]
    bound = f"≤ {target.factor:.2f} × {against}{f' ({target.other})' if target.other else ''}"
    return Verdict(bound, f"{worst.text(2)} ×", worst.middle <= target.factor)


def _rate(target: Target, amounts: Mapping[int, float], mine: Mapping[int, float]) -> Verdict | None:
    spread = Spread.of(rates(mine, amounts))
    if spread is None:
        return None
    spread = spread.scaled(1 / target.scale)
    digits = 0 if target.factor > 100 else 2
    return Verdict(
        f"> {target.factor:,.0f} {target.unit}", f"{spread.text(digits)} {target.unit}", spread.middle > target.factor
    )


def _absolute(target: Target, mine: Mapping[int, float], files: int) -> Verdict | None:
    spread = Spread.of(mine)
    if spread is None:
        return None
    factor = target.factor * files / FULL_SMALL if target.per_file else target.factor
    shown = spread.scaled(1 / target.scale)
    digits = 0 if factor >= 100 else 3
    bound = f"< {factor:.3g} {target.unit}"
    return Verdict(bound, f"{shown.text(digits)} {target.unit}", shown.middle < factor)
