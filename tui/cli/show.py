"""yester show: a snapshot, a folder in it, or all that is kept of one entry."""

import re
from shlex import quote

import click

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.trees.directories import decode_root, resolve
from yester.tui.cli.entry import details, entry_as_json, listing
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.list import notes, snapshot_as_json
from yester.tui.cli.named import named_snapshot
from yester.tui.cli.opening import Access, profile_meant
from yester.tui.cli.options import access, as_json, narrowing
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import duration, moment, printable, size, table

_DATED = re.compile(r"\d{4}-\d\d-\d\d[T ]", re.ASCII)


@click.command("show", short_help="Show a snapshot, or what is in it.")
@click.argument("what", metavar="SNAPSHOT[:PATH]")
@narrowing
@as_json
@access
def command(
    what: str,
    of_profile: str | None,
    of_host: str | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Show a snapshot; with :PATH list a folder in it, or show all that is kept of an entry.

    SNAPSHOT is latest, an id or the beginning of one, a name, or a time (3D, 2026-11-20); PROFILE@ may
    come before it, and ~1 after it is the snapshot before that one.
    """
    name, path = split_place(what)
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    profile = profile_meant(name if of_profile is None else f"{of_profile}@", places)
    with visited("show", asked, places, profile) as opened:
        sid, snapshot = named_snapshot(opened, name, profile=of_profile, host=of_host)
        if path is None:
            _show_snapshot(opened, sid, snapshot, as_json)
            return
        source = opened.reader()
        entry = resolve(source, decode_root(snapshot.root), path)
        if entry is None:
            raise UsageError(
                f"There is no {printable(path)} in snapshot {sid.hex()[:8]}",
                hint=f"Look around: yester show {quote(f'{name}:/')}",
            )
        if as_json:
            echo_json(entry_as_json(source, path, entry))
        elif entry.is_directory and entry.refs:
            click.echo("\n".join(listing(source, entry)))
        else:
            click.echo("\n".join(details(source, path, entry)))


def split_place(what: str) -> tuple[str, bytes | None]:
    """Return the snapshot and the absolute path of `SNAPSHOT:PATH`; the path is None when none is given.

    A time may hold colons itself, after `@` or alone: there the path begins at the first `:/`.
    """
    is_timed = "@" in what.partition("/")[0] or _DATED.match(what)
    name, colon, path = what.partition(":/" if is_timed else ":")
    if not colon:
        return name, None
    return name, b"/" + path.strip("/").encode("utf-8", "surrogateescape")


def _show_snapshot(opened: Repository, sid: SnapshotId, snapshot: Snapshot, as_json: bool) -> None:
    label = opened.labels().get(sid)
    if as_json:
        echo_json(snapshot_as_json(opened, sid, snapshot, label))
        return
    done = snapshot.statistics
    rows = [
        ("snapshot", sid.hex()),
        ("time", moment(snapshot.time_ns)),
        ("profile", snapshot.profile),
        ("taken by", f"{snapshot.user} on {snapshot.host}, {snapshot.program}"),
        *(("source", printable(source)) for source in snapshot.sources),
        *(("stream", printable(stream)) for stream in snapshot.streams),
        ("holds", f"{done.files:,} files, {done.entries:,} entries, {size(done.size)}"),
        ("changes", f"{done.new:,} new, {done.changed:,} changed, {done.unchanged:,} unchanged"),
        ("added", f"{size(done.added_size)}, stored in {size(done.stored_size)}"),
        ("took", duration(done.duration_ns)),
        ("parent", snapshot.parent.hex()[:8] if snapshot.parent else "none"),
        *_said(label),
        *(("note", note) for note in notes(snapshot)),
    ]
    click.echo("\n".join(table(rows)))


def _said(label: Label | None) -> list[tuple[str, str]]:
    """Return what people said about a snapshot, as rows."""
    if label is None:
        return []
    rows = [
        ("name", label.name or ""),
        ("tags", ", ".join(label.tags)),
        ("pinned", "yes" if label.pinned else ""),
        ("note", label.note),
    ]
    return [(what, words) for what, words in rows if words]
