"""What tag, pin and rename have in common: find the snapshots, say something about each, show what is now said."""

from collections.abc import Callable, Sequence

import click

from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Snapshot
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.list import snapshot_as_json, words_of
from yester.tui.cli.named import say_damaged
from yester.tui.cli.opening import Access, profile_meant
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import moment, table


def say(names: Sequence[str], asked: Access, as_json: bool, change: Callable[[Repository, SnapshotId], Label]) -> None:
    """Find all the snapshots first (UsageError: none is changed), then change what is said about each, and show it."""
    places = Places.default()
    with visited("label", asked, places, profile_meant(names[0], places)) as opened:
        found = dict(opened.find_snapshot(name) for name in names)
        say_damaged(opened)
        said = [(sid, snapshot, change(opened, sid)) for sid, snapshot in found.items()]
    if as_json:
        echo_json([snapshot_as_json(opened, *each) for each in said])
    else:
        click.echo("\n".join(table([_row(*each) for each in said])))


def _row(sid: SnapshotId, snapshot: Snapshot, label: Label) -> tuple[str, ...]:
    return moment(snapshot.time_ns), sid.hex()[:8], snapshot.profile, "; ".join(words_of(label)) or "nothing is said"
