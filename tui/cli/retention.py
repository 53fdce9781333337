"""A retention on the command line: its options, and its plan as a table and as JSON."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import RetentionSpec, SmartSpec
from yester.engine.profiles.sizes import parse_size, parse_span
from yester.engine.retention.plan import Decision, RetentionPlan
from yester.tui.cli.list import reasons_as_json, words_of
from yester.tui.cli.wording import moment, table

_Command = TypeVar("_Command", bound=Callable[..., Any])

_COUNTS = (
    ("last", "Keep the last N."),
    ("hourly", "Keep the newest of each of the last N hours that have one."),
    ("daily", "Keep the newest of each of the last N days that have one."),
    ("weekly", "The same for weeks."),
    ("monthly", "The same for months."),
    ("yearly", "The same for years."),
)


def _reading(parse: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, str | None], object]:
    """Return what reads an option with one of the engine's parsers, whose UsageError goes up as it is."""
    return lambda context, parameter, value: None if value is None else parse(value)


_SPAN, _SIZE = _reading(parse_span), _reading(parse_size)

_OPTIONS = (
    *(
        click.option(f"--keep-{what}", metavar="N", type=click.IntRange(0), default=None, help=words)
        for what, words in _COUNTS
    ),
    click.option(
        "--keep-within", metavar="SPAN", callback=_SPAN, help="Keep what is so much older than the newest: 10d."
    ),
    click.option("--keep-tag", "keep_tags", metavar="TAG", multiple=True, help="Keep what has this tag."),
    click.option("--keep-named/--no-keep-named", default=None, help="Keep what has a name; so it is without this."),
    click.option("--older-than", metavar="SPAN", callback=_SPAN, help="Forget what is older: 36h, 10d, 4w, 6m, 2y."),
    click.option("--smart", is_flag=True, help="Thin out with age, as Back In Time's smart remove does."),
    click.option(
        "--min-free-size", metavar="SIZE", callback=_SIZE, help="Forget the oldest until so much is free: 20G."
    ),
    click.option("--min-free-inodes", metavar="PERCENT", type=float, help="The same for the share of free inodes."),
)


def rules(command: _Command) -> _Command:
    """Add the options that say which snapshots stay; `stated_rules` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def stated_rules(options: dict[str, Any]) -> RetentionSpec | None:
    """Take the options of `rules` out of `options`; None when none was given."""
    smart = options.pop("smart")
    given = {name: options.pop(name) for name in RetentionSpec.__dataclass_fields__ if name in options}
    stated = {name: value for name, value in given.items() if value is not None and value != ()}
    if smart:
        stated["smart"] = SmartSpec()
    for name in ("older_than", "keep_within"):
        if name in stated and not stated[name]:
            raise UsageError(f"--{name.replace('_', '-')} is given no time", hint="Write, for example, 10d, 4w or 6m.")
    return RetentionSpec(**stated) if stated else None


def refuse_rules(options: dict[str, Any]) -> None:
    """UsageError when one of the options of `rules` was given where they make no sense."""
    if stated_rules(dict(options)) is not None:
        raise UsageError(
            "Rules and --snapshot are given at once", hint="Forget by rules, or forget the snapshots that are named."
        )


def plan_as_rows(plan: RetentionPlan) -> list[str]:
    """Return the plan as a table, a line a snapshot."""
    return table([_row(each) for each in plan.decisions])


def _row(each: Decision) -> tuple[str, ...]:
    snapshot, label = each.snapshot, each.label
    words = [word for word in words_of(label) if word != "pinned"] if label is not None else []
    return (
        "keep" if each.kept else "forget",
        moment(snapshot.time_ns),
        each.id.hex()[:8],
        f"{snapshot.profile}@{snapshot.host}",
        "; ".join(words),
        "; ".join(map(str, each.reasons)),
    )


def decision_as_json(each: Decision) -> dict[str, object]:
    """Return what becomes of a snapshot as `--json` shows it."""
    return {
        "snapshot": each.id.hex(),
        "time_ns": each.snapshot.time_ns,
        "profile": each.snapshot.profile,
        "host": each.snapshot.host,
        "partial": each.snapshot.partial,
        "name": each.label.name if each.label else None,
        "tags": list(each.label.tags) if each.label else [],
        "pinned": each.label.pinned if each.label else False,
        "reasons": reasons_as_json(each.reasons),
    }
