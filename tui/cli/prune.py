"""yester prune: give back the room of what no snapshot needs."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from yester.engine.errors import CancelledError, DamageError, UsageError, YesterError
from yester.engine.places import Places
from yester.engine.profiles.sizes import parse_size
from yester.engine.repository import Repository
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.options import access, as_json
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, duration, size

if TYPE_CHECKING:
    from yester.engine.archive.calling import Desk, Report
    from yester.engine.prune.plan import Going
    from yester.engine.prune.pruning import PruneOptions, PruneResult


def _share(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Return a share such as `5%` or `0` as a part of 1."""
    text = value.removesuffix("%")
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise click.BadParameter(f"{value!r} is no share: give 0 to 100 percent", context, parameter)
    return percent / 100


def _size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else parse_size(value)
    except UsageError as error:
        raise click.BadParameter(f"{error.what}. {error.hint}", context, parameter) from None


@click.command("prune", short_help="Give back the room of what no snapshot needs.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option(
    "--max-unused",
    default="5%",
    show_default=True,
    metavar="PERCENT",
    callback=_share,
    help="How much unused data may stay, as a share of what is needed.",
)
@click.option(
    "--max-repack", metavar="SIZE", callback=_size, help="Copy at most so much, such as 500M; the rest another time."
)
@as_json
@access
def command(
    dry_run: bool,
    max_unused: float,
    max_repack: int | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Give back the room of what no snapshot needs any more.

    Snapshots stay as they are: `yester forget` is what lets them go. Others may write, read and prune meanwhile; before
    anything is deleted, writers at work are waited for, and those that are silent for ten minutes are not.

    Exit code 5: something is damaged, and stays as it is.
    """
    from yester.engine.prune.pruning import PruneOptions

    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    options = PruneOptions(max_unused, max_repack, dry_run)
    place = repository_place(repository, None, places)
    with recorded(places, Work("prune", repository=place, dry_run=dry_run), quiet=as_json) as run:
        with run.opened(lambda: open_repository(asked, places)) as opened:
            result = _prune(opened, options, run)
            if not dry_run:
                _tell_archives(opened, places, repository, run)
        code = 0 if result.is_sound else DamageError.exit_code
        run.ends("errors" if code else "dry-run" if dry_run else "complete", code)
    if as_json:
        echo_json(_as_json(result))
    else:
        click.echo("\n".join(_summary(result)))
    _complain(result)
    return code


def _prune(opened: Repository, options: "PruneOptions", run: Recorded) -> "PruneResult":
    # Not before the repository was opened: its key is being derived while this is loaded.
    from yester.engine.prune.pruning import prune

    def work(cancelled: Callable[[], bool]) -> "PruneResult":
        opened.unlock()
        return prune(opened, options, hooks=run.hooks, progress=run.watch, cancelled=cancelled)

    return run.supervise(work)


def _tell_archives(opened: Repository, places: Places, repository: str | None, run: Recorded) -> None:
    """Tell archives what they need not keep any more, where there is any."""
    if not opened.index.look_for_archived().unneeded:
        return
    from yester.engine.archive.handing_over import let_go
    from yester.tui.cli.archive_desk import bench_at
    from yester.tui.cli.archiving import profile_named, queue_unneeded

    def queue(desk: "Desk") -> "Report":
        return queue_unneeded(desk, opened.store.place, places)

    try:
        with bench_at(opened, places, profile_named((), repository, places), as_json=True) as bench:
            run.supervise(lambda cancelled: bench.take(run, cancelled, queue, let_go))
    except CancelledError:
        raise
    except YesterError as error:
        # What no snapshot needs is deleted, and the next prune tells them.
        run.hooks.on_message(run.warning(f"Archives were not told what they need not keep: {error.what}"))


def _summary(result: "PruneResult") -> list[str]:
    plan, left = result.plan, result.leftovers
    kept = [use.needed_size for use in plan.keep] + [each.use.needed_size for each in plan.repack]
    lines = [f"{count(result.snapshots, 'snapshot')} {_need(result.snapshots)} {size(sum(kept))}", *_planned(result)]
    if result.dry_run:
        lines += [f"  waits for {each} to end, or to be silent for ten minutes" for each in result.writers]
        return [*lines, f"dry run: {size(plan.freed_size)} would be freed, {size(plan.moved_size)} copied"]
    if result.spared_packs:
        lines.append(f"  {count(result.spared_packs, 'pack')} stayed: a new snapshot needs what is in there")
    swept = [
        count(number, *words)
        for number, words in (
            (left.snapshots, ("forgotten snapshot",)),
            (left.labels, ("old label",)),
            (left.tombstones, ("old tombstone",)),
            (left.marks, ("mark of a broken off prune", "marks of broken off prunes")),
        )
        if number
    ]
    if swept:
        lines.append(f"  also deleted: {', '.join(swept)}")
    freed = f"freed {size(result.freed_size)}" if result.freed_size > 0 else "nothing to free"
    if result.freed_size <= 0 and result.deleted_packs:
        freed = "tidied up"
    return [
        *lines,
        f"{freed}: {count(result.deleted_packs, 'pack')} deleted, {size(result.moved_size)} copied, "
        f"in {duration(result.duration_ns)}",
    ]


def _need(snapshots: int) -> str:
    return "needs" if snapshots == 1 else "need"


def _planned(result: "PruneResult") -> list[str]:
    lines = []
    for verb, going in (("delete", result.plan.delete), ("copy from", result.plan.repack)):
        for why in dict.fromkeys(each.why for each in going):
            packs = [each.use for each in going if each.why is why]
            needed = f", {size(sum(use.needed_size for use in packs))} needed" if verb != "delete" else ""
            lines.append(
                f"  {verb} {count(len(packs), 'pack')} of {size(sum(use.size for use in packs))}{needed}: {why}"
            )
    return lines


def _as_json(result: "PruneResult") -> dict[str, object]:
    plan = result.plan
    return {
        "dry_run": result.dry_run,
        "snapshots": result.snapshots,
        "plan": {
            "delete": _packs(plan.delete),
            "repack": _packs(plan.repack),
            "freed_size": plan.freed_size,
            "moved_size": plan.moved_size,
            "unused_size": plan.unused_size,
        },
        "deleted_packs": result.deleted_packs,
        "freed_size": result.freed_size,
        "moved_size": result.moved_size,
        "spared_packs": result.spared_packs,
        "leftovers": asdict(result.leftovers),
        "damaged": list(result.damaged),
        "lost_blobs": result.lost_blobs,
        "writers": list(result.writers),
        "duration_ns": result.duration_ns,
    }


def _packs(going: Sequence["Going"]) -> list[dict[str, object]]:
    return [
        {
            "pack": each.use.name,
            "size": each.use.size,
            "needed_size": each.use.needed_size,
            "unused_size": each.use.unused_size,
            "why": each.why.name.lower(),
        }
        for each in going
    ]


def _complain(result: "PruneResult") -> None:
    hint = "Run `yester check` to see what is hit, then `yester repair`."
    for what in result.damaged:
        complain(f"{what}; the pack stays as it is", hint)
    if result.lost_blobs:
        complain(f"{count(result.lost_blobs, 'piece')} that snapshots need can be found in no pack", hint)
