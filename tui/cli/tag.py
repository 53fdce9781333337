"""yester tag: give snapshots tags, and take them away."""

import click

from yester.engine.errors import UsageError
from yester.engine.labels import checked_tag
from yester.tui.cli.labelling import say
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json


@click.command("tag", short_help="Give snapshots tags.")
@click.argument("snapshots", metavar="SNAPSHOT...", nargs=-1, required=True)
@click.option("--add", "added", metavar="TAG", multiple=True, help="Add a tag.")
@click.option("--remove", "removed", metavar="TAG", multiple=True, help="Take a tag away.")
@as_json
@access
def command(
    snapshots: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Give snapshots tags, or take tags away.

    The retention keeps a snapshot that has one of the tags in keep_tags; `yester list --tag TAG` finds it.
    """
    if not (added or removed):
        raise UsageError("No tag is given", hint="Add one: yester tag SNAPSHOT --add TAG")
    if both := sorted({*added} & {*removed}):
        raise UsageError(f"The tag {both[0]} is to be added and removed", hint="Leave one of the two out.")
    for tag in added:
        checked_tag(tag)
    say(
        snapshots,
        Access(repository, passphrase_file, passphrase_command, keyring),
        as_json,
        lambda opened, sid: opened.set_label(sid, add_tags=added, remove_tags=removed),
    )
