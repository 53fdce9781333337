"""yester runs: what ran, and what came of it."""

import click
import msgspec

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.engine.profiles.reading import profile_names
from yester.engine.runs.history import all_runs
from yester.engine.runs.records import RunRecord
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.run_words import state_words
from yester.tui.cli.wording import duration, moment, size, table

SHOWN = 20
"""Runs that are listed without --all."""

_HEADER = ("TIME", "RUN", "COMMAND", "PROFILE", "RESULT", "TOOK", "FILES", "STORED", "WHY")
_NUMBERS = (5, 6, 7)
_WHY_SIZE = 80


@click.command("runs", short_help="List runs, and what came of them.")
@click.argument("name", metavar="[PROFILE]", default="")
@click.option("--all", "everything", is_flag=True, help=f"All that are known, not the newest {SHOWN}.")
@as_json
def command(name: str, everything: bool, as_json: bool) -> None:
    """List what ran on this machine, newest last: snapshots, checks, restores, and what came of them.

    RUN is how `yester log`, `cancel`, `pause` and `resume` know a run.
    """
    places = Places.default()
    known = all_runs(places.state)
    runs = [run for run in known if name in ("", run.profile)]
    if not runs and name:
        _refuse_unknown(
            name, {*profile_names(places.config / "profiles"), *(run.profile for run in known if run.profile)}
        )
    shown = runs if everything else runs[:SHOWN]
    shown.reverse()
    if as_json:
        echo_json([run_as_json(run) for run in shown])
    elif shown:
        lines = table([_HEADER, *map(_row, shown)], right=_NUMBERS)
        click.echo("\n".join(lines))
        if len(shown) < len(runs):
            click.echo(f"{len(runs) - len(shown):,} earlier ones: yester runs --all")
    else:
        click.echo("nothing ran yet")


def _refuse_unknown(name: str, names: set[str]) -> None:
    if name not in names:
        raise UsageError(f"There is no profile {name}", hint=did_you_mean(name, names) or "See yester profile list.")


def run_as_json(run: RunRecord) -> dict[str, object]:
    """Return a run as `--json` shows it."""
    return {name: value for name, value in msgspec.structs.asdict(run).items() if name != "course"}


def _row(run: RunRecord) -> tuple[str, ...]:
    return (
        moment(run.began_ns),
        run.run[-4:],
        run.action,
        run.profile or "-",
        state_words(run),
        duration(run.duration_ns) if run.is_over else "-",
        f"{run.files:,}" if run.files else "-",
        size(run.stored_size) if run.stored_size else "-",
        _cut(run.error) if run.has_failed else "",
    )


def _cut(text: str) -> str:
    return text if len(text) <= _WHY_SIZE else text[: _WHY_SIZE - 1] + "…"
