"""yester rewrite: take a path out of history."""

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.records import Snapshot
from yester.tui.cli.asking import confirm
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import say_damaged
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.options import access, as_json
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, moment, printable, size, table

if TYPE_CHECKING:
    from yester.engine.rewriting.removal import Removal
    from yester.engine.rewriting.snapshots import Replaced

_HEADER = ("TIME", "SNAPSHOT", "PROFILE", "HOST", "ENTRIES", "SIZE")
_NUMBERS = (4, 5)


@click.command("rewrite", short_help="Take a path out of history.")
@click.argument("names", metavar="[SNAPSHOT]...", nargs=-1)
@click.option(
    "--remove",
    "paths",
    metavar="PATH",
    multiple=True,
    required=True,
    type=click.Path(path_type=bytes),
    help="Take this file or folder out, with all below it.",
)
@click.option("--profile", metavar="NAME", help="Only in snapshots of this profile.")
@click.option("--host", metavar="NAME", help="Only in snapshots of this machine.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@access
def command(
    names: tuple[str, ...],
    paths: tuple[bytes, ...],
    profile: str | None,
    host: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Take each PATH out of every snapshot, or out of those that are named.

    Each snapshot that holds it is replaced by one without it, of the same time, with the same name, tags and pin, and
    a new id. `yester prune` frees the space afterwards, and until then what went can still be found in the
    repository. The file stays on the disk: exclude it in the profile, or the next run takes it again.
    """
    from yester.engine.rewriting.removal import plan_removal

    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    wanted = [_absolute(path) for path in paths]
    places = Places.default()
    work = Work("rewrite", repository=repository_place(repository, None, places), dry_run=dry_run)
    with recorded(places, work, quiet=as_json) as run, run.opened(lambda: open_repository(asked, places)) as opened:
        opened.unlock()
        plan = plan_removal(opened.reader(), _chosen(opened, names, profile, host), wanted)
        if not plan:
            raise UsageError(
                f"No snapshot holds {' or '.join(map(printable, wanted))}",
                hint="Give the path as it is in the snapshot: yester show SNAPSHOT:/ lists it.",
            )
        if not as_json:
            click.echo("\n".join(_in_words(plan)))
        done: list[Replaced] = []
        if not dry_run:
            confirm(f"Replace {count(len(plan), 'snapshot')}?", yes=yes or as_json)
            done = _carry_out(opened, plan, run)
    if as_json:
        echo_json(_as_json(plan, done))
    elif done:
        click.echo(f"replaced {count(len(done), 'snapshot')}; yester prune frees the space")
    return 0


def _absolute(path: bytes) -> bytes:
    absolute = os.path.normpath(os.path.join(os.getcwdb(), path))
    if not absolute.strip(b"/"):
        raise UsageError(
            "The root of a snapshot cannot be taken out", hint="To forget it whole: yester forget --snapshot"
        )
    return absolute


def _chosen(
    opened: Repository, names: Sequence[str], profile: str | None, host: str | None
) -> list[tuple[SnapshotId, Snapshot]]:
    """Return the snapshots that are meant: those named, else all; those of one profile or host only."""
    named = dict(opened.find_snapshot(name) for name in names)
    found = list(named.items()) if names else opened.snapshots()
    say_damaged(opened)
    return [
        (sid, snapshot)
        for sid, snapshot in found
        if profile in (None, snapshot.profile) and host in (None, snapshot.host)
    ]


def _carry_out(opened: Repository, plan: Sequence["Removal"], run: Recorded) -> list["Replaced"]:
    from yester.engine.rewriting.snapshots import Rewriter

    def work(cancelled: Callable[[], bool]) -> list["Replaced"]:
        rewriter = Rewriter(opened, lambda entry: entry, reason="rewritten", cancelled=cancelled)
        return list(rewriter.replace([removal.replacement() for removal in plan], time.time_ns()))

    return run.supervise(work)


def _in_words(plan: Sequence["Removal"]) -> list[str]:
    rows = [_HEADER, *(_row(removal) for removal in plan)]
    return table(rows, right=_NUMBERS)


def _row(removal: "Removal") -> tuple[str, ...]:
    snapshot = removal.snapshot
    when, id = moment(snapshot.time_ns), removal.sid.hex()[:8]
    return when, id, snapshot.profile, snapshot.host, f"{removal.entries:,}", size(removal.size)


def _as_json(plan: Sequence["Removal"], done: Sequence["Replaced"]) -> dict[str, object]:
    new = {replaced.old: replaced.new.hex() for replaced in done}
    return {
        "snapshots": [
            {
                "snapshot": removal.sid.hex(),
                "replaced_by": new.get(removal.sid),
                "paths": [to_builtins(shown(path)) for path in removal.paths],
                "entries": removal.entries,
                "files": removal.files,
                "size": removal.size,
            }
            for removal in plan
        ]
    }
