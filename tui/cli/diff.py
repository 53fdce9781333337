"""yester diff: what differs between two snapshots, or between a snapshot and the files as they are."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from yester.engine.places import Places
from yester.tui.cli.differences import Damage, arranged, line_of, summary
from yester.tui.cli.differences import as_json as difference_as_json
from yester.tui.cli.failures import complain
from yester.tui.cli.history import absolute, current_catalogue, live_differences
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import named_snapshot
from yester.tui.cli.opening import Access, profile_meant
from yester.tui.cli.options import access, as_json, narrowing
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import one_line, printable, size

if TYPE_CHECKING:
    from yester.engine.blobs import BlobSource
    from yester.engine.comparing.differences import Difference
    from yester.engine.entries import Entry
    from yester.engine.repository import Repository
    from yester.engine.selection import Listed

_LIVE = ("", "now", ".")


@click.command("diff", short_help="Show what differs between two snapshots, or from the files.")
@click.argument("older", metavar="SNAPSHOT")
@click.argument("newer", metavar="[SNAPSHOT|now]", default="now")
@click.argument("path", metavar="[PATH]", required=False)
@click.option("--content", is_flag=True, help="Show which lines of small texts differ.")
@narrowing
@as_json
@access
def command(
    older: str,
    newer: str,
    path: str | None,
    content: bool,
    of_profile: str | None,
    of_host: str | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Show what was added (+), removed (-), changed (M) and renamed (R) from one snapshot to another.

    Without a second snapshot, or with now, to the files as they are: content is read where size or time make one
    doubt, see yester verify.
    """
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    happened: Counter[str] = Counter()
    damage, shown_as_json = Damage(), []
    profile = profile_meant(older if of_profile is None else f"{of_profile}@", places)
    with visited("diff", asked, places, profile) as opened:
        before = named_snapshot(opened, older, profile=of_profile, host=of_host)
        after = None if newer in _LIVE else opened.find_snapshot(newer, profile=of_profile, host=of_host)
        place = absolute(path) if path is not None else b"/"
        texts = _Texts(opened, before, after) if content else None
        for each in arranged(_differences(opened, before, after, place, damage)):
            happened[each.happened] += 1
            if as_json:
                shown_as_json.append(difference_as_json(each) | ({"lines": texts.lines(each)} if texts else {}))
                continue
            click.echo(line_of(each))
            if texts is not None:
                for line in texts.lines(each) or []:
                    click.echo(f"    {one_line(line)}")
    if as_json:
        echo_json(shown_as_json)
    else:
        click.echo(summary(happened, damage.uncompared))


def _differences(
    opened: "Repository", before: "Listed", after: "Listed | None", path: bytes, damage: Damage
) -> "Iterator[Difference]":
    from yester.engine.comparing.comparing import compare_snapshots

    if after is None:
        yield from live_differences(opened, before, path, damage)
        return
    with current_catalogue(opened) as catalogue:
        yield from compare_snapshots(opened, before, after, path, damaged=damage, catalogue=catalogue)


class _Texts:
    """Reads both sides of changed files, and compares them line by line."""

    def __init__(self, opened: "Repository", before: "Listed", after: "Listed | None") -> None:
        self._source: BlobSource = opened.reader()
        self._before, self._after = before, after

    def lines(self, each: "Difference") -> list[str] | None:
        """Return the lines that differ; None where contents do not, or are no small texts."""
        from yester.engine.comparing.texts import SIZE, text_difference

        old, new = each.before, each.after
        if old is None or new is None or "content" not in each.what or not (old.is_file and new.is_file):
            return None
        if max(old.size, new.size) > SIZE:
            return [f"(too large to compare by lines: {size(old.size)}, {size(new.size)})"]
        one, other = self._stored(self._before, each.path), self._now(each.path)
        if one is None or other is None:
            return ["(it cannot be read)"]
        name = printable(each.path)
        found = text_difference(one, other, name, name)
        return ["(no text)"] if found is None else list(found)

    def _now(self, path: bytes) -> bytes | None:
        if self._after is not None:
            return self._stored(self._after, path)
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            complain(f"{printable(path)}: {error.strerror}")
            return None

    def _stored(self, listed: "Listed", path: bytes) -> bytes | None:
        from yester.engine.comparing.comparing import entry_at
        from yester.engine.errors import DamageError, Offline
        from yester.engine.trees.content import Content, UnreadableError

        try:
            entry: Entry | None = entry_at(self._source, listed, path)
            return None if entry is None else bytes(Content.of(entry, self._source).read(0, entry.size))
        except (DamageError, Offline, UnreadableError) as error:
            complain(f"{printable(path)}: {error.what}")
            return None
