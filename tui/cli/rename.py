"""yester rename: give a snapshot a name or a note."""

import click

from yester.engine.errors import UsageError
from yester.engine.labels import checked_name, checked_note
from yester.tui.cli.labelling import say
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json


@click.command("rename", short_help="Give a snapshot a name or a note.")
@click.argument("snapshot", metavar="SNAPSHOT")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--clear", is_flag=True, help="Take the name away.")
@click.option("--note", metavar="TEXT", help="Say more about it.")
@click.option("--clear-note", is_flag=True, help="Take the note away.")
@as_json
@access
def command(
    snapshot: str,
    name: str | None,
    clear: bool,
    note: str | None,
    clear_note: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Give a snapshot a name, such as "before the upgrade", or a note.

    The retention keeps snapshots that have a name, unless the profile says keep_named = false.
    """
    if name is None and note is None and not clear and not clear_note:
        raise UsageError("No name is given", hint='Give one: yester rename SNAPSHOT "before the upgrade"')
    if (name is not None and clear) or (note is not None and clear_note):
        raise UsageError("It is to be given and taken away at once", hint="Leave one of the two out.")
    new_name = "" if clear else checked_name(name) if name is not None else None
    new_note = "" if clear_note else checked_note(note) if note is not None else None
    say(
        [snapshot],
        Access(repository, passphrase_file, passphrase_command, keyring),
        as_json,
        lambda opened, sid: opened.set_label(sid, name=new_name, note=new_note),
    )
