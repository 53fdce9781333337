"""yester verify: whether the files are what a snapshot has, by content."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from yester.engine.errors import DamageError
from yester.engine.places import Places
from yester.tui.cli.differences import Damage, arranged, line_of, summary
from yester.tui.cli.differences import as_json as difference_as_json
from yester.tui.cli.failures import complain
from yester.tui.cli.history import absolute, live_differences, snapshot_of
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import named_snapshot
from yester.tui.cli.opening import Access, profile_meant
from yester.tui.cli.options import access, as_json, narrowing
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import count, printable

if TYPE_CHECKING:
    from yester.engine.comparing.differences import Difference

DIFFERENT = 3
"""Exit code: there are differences."""


@click.command("verify", short_help="Compare files with a snapshot by content.")
@click.argument("snapshot", metavar="SNAPSHOT")
@click.argument("path", metavar="[PATH]", required=False)
@narrowing
@as_json
@access
def command(
    snapshot: str,
    path: str | None,
    of_profile: str | None,
    of_host: str | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Read the files of SNAPSHOT where they came from, or those at PATH, and name all that differs.

    A file that changed since is told from one whose content is another though its size and time of modification are
    not: no program that means well does that, the disk does. Exit codes: 0 the same, 3 something changed since or could
    not be compared, 5 a content changed by itself, or something stored is damaged.
    """
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    damage, failed = Damage(), list[dict[str, object]]()
    profile = profile_meant(snapshot if of_profile is None else f"{of_profile}@", places)
    with visited("verify", asked, places, profile) as opened:
        listed = named_snapshot(opened, snapshot, profile=of_profile, host=of_host)
        place = absolute(path) if path is not None else b"/"
        live = live_differences(opened, listed, place, damage, reads_all=True, failed=failed)
        found = list(arranged(live))
    rotten = [each for each in found if each.rotten]
    if as_json:
        echo_json(
            {
                "snapshot": snapshot_of(listed),
                "differences": [_as_json(each) for each in found],
                "unreadable": failed,
                "damaged": damage.met,
                "offline": damage.offline,
            }
        )
    else:
        for each in found:
            click.echo(line_of(each) + _where(each))
        click.echo(summary(Counter(each.happened for each in found), damage.uncompared + len(failed)))
    _complain(rotten, as_json=as_json)
    if rotten or damage.met:
        return DamageError.exit_code
    return DIFFERENT if found or failed or damage.offline else 0


def _complain(rotten: "Sequence[Difference]", *, as_json: bool) -> None:
    for each in rotten:
        complain(
            f"{printable(each.path)} has another content, though its size and time of modification are the same: "
            f"from byte {each.offset:,} on"
        )
    if rotten and not as_json:
        click.echo(
            f"  {count(len(rotten), 'file')} may have rotted on the disk; the snapshot has the content that was",
            err=True,
        )


def _as_json(each: "Difference") -> dict[str, object]:
    return {**difference_as_json(each), "offset": each.offset, "rotten": each.rotten}


def _where(each: "Difference") -> str:
    return f"  first at byte {each.offset:,}" if each.offset is not None else ""
