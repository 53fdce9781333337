"""yester messages: what yester and its plugins have to say, also of runs that nobody watched."""

from collections.abc import Sequence

import click
import msgspec

from yester.engine.errors import YesterError
from yester.engine.events import Level
from yester.engine.messages.deaths import post_deaths
from yester.engine.messages.posted import LEVELS, Posted, ReadMark, at_least
from yester.engine.messages.store import MessageStore
from yester.engine.places import Places
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import moment, one_line, table

SHOWN = 20
"""Messages that are listed without --all."""
_HEADER = ("", "TIME", "LEVEL", "PROFILE", "FROM", "MESSAGE")


@click.command("messages", short_help="List what needs your attention.")
@click.option("--unread", is_flag=True, help="Only those that were not read.")
@click.option("--mark-read", is_flag=True, help="Those that are listed count as read from now on.")
@click.option("--level", type=click.Choice(LEVELS), default="info", help="Only those of this level and above.")
@click.option("--profile", "profile", metavar="NAME", help="Only those about this profile.")
@click.option("--id", "ids", metavar="N", type=int, multiple=True, help="Only this one, or one of several.")
@click.option("--all", "everything", is_flag=True, help=f"All that are kept, not the newest {SHOWN}.")
@as_json
def command(
    unread: bool,
    mark_read: bool,
    level: Level,
    profile: str | None,
    ids: tuple[int, ...],
    everything: bool,
    as_json: bool,
) -> None:
    """List what yester and its plugins have to say, newest last: warnings and failures of all runs, also of those of
    timers. A star stands before what was not read.
    """
    places = Places.default()
    store = MessageStore(places.state)
    try:
        post_deaths(places.state, store)
    except YesterError as problem:  # what is there can be read all the same
        complain(problem.what, problem.hint)
    mark = store.mark()
    levels = at_least(level)
    found = [
        message
        for message in store.messages()
        if message.level in levels
        and profile in (None, message.profile)
        and not (unread and mark.has(message.id))
        and (not ids or message.id in ids)
    ]
    shown = found if everything else found[-SHOWN:]
    if as_json:
        echo_json([message_as_json(message, mark) for message in shown])
    else:
        _print(shown, mark, len(found) - len(shown), unread)
    if mark_read and shown:
        store.mark_read(message.id for message in shown)


def message_as_json(message: Posted, mark: ReadMark) -> dict[str, object]:
    """Return a message as `--json` shows it."""
    return {**msgspec.structs.asdict(message), "is_read": mark.has(message.id)}


def _print(shown: Sequence[Posted], mark: ReadMark, earlier: int, unread: bool) -> None:
    if not shown:
        click.echo("no unread messages" if unread else "no messages")
        return
    head, *lines = table([_HEADER, *(_row(message, mark) for message in shown)])
    click.echo(head)
    for message, line in zip(shown, lines, strict=True):
        click.echo(line)
        for follow_up in _follow_ups(message):
            click.echo(f"   {one_line(follow_up)}")
    if earlier:
        click.echo(f"{earlier:,} earlier ones: yester messages --all")


def _row(message: Posted, mark: ReadMark) -> tuple[str, ...]:
    return (
        "" if mark.has(message.id) else "*",
        moment(message.time_ns),
        message.level,
        message.profile or "-",
        message.source,
        message.text,
    )


def _follow_ups(message: Posted) -> list[str]:
    """Return what can be done about a message, a line each."""
    action = f"to do: yester plugin run {message.source} {message.action}" if message.action else ""
    return [line for line in (f"hint: {message.hint}" if message.hint else "", action) if line]
