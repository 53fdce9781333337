"""The inbox: what yester and its plugins have to say, also of runs that nobody watched; pure."""

from collections.abc import Mapping, Sequence

from yester.tui.cli.wording import moment
from yester.tui.serve.methods.plugins import PluginOffer, run_offer
from yester.tui.serve.methods.words import as_typed
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, holds, line
from yester.tui.state.world import Message

COLUMNS = (
    Column(" ", 1),
    Column("WHEN", 16),
    Column("LEVEL", 9),
    Column("PROFILE", 12, from_width=70),
    Column("FROM", 12, from_width=60),
    Column("MESSAGE"),
)

TONES: Mapping[str, Tone] = {"info": "plain", "warning": "warn", "error": "bad"}

KINDS: Sequence[tuple[str, str]] = (
    ("all", ""),
    ("unread", "only what nobody has read"),
    ("urgent", "only warnings and errors"),
    ("offers", "only where there is something to do"),
)
"""What is shown: name, and in words; the first is everything."""


def is_kind(message: Message, kind: str) -> bool:
    """Whether a message is of a kind."""
    match kind:
        case "unread":
            return not message.is_read
        case "urgent":
            return message.level != "info"
        case "offers":
            return bool(message.action)
        case _:
            return True


def wanted(messages: Sequence[Message], kind: str, text: str) -> list[Message]:
    """Return the messages of a kind that hold each word of a text."""
    return [each for each in messages if is_kind(each, kind) and (not text or holds(searched(each), text))]


def empty_words(kind: str) -> str:
    """Return what stands there when there are no messages of a kind."""
    shown = dict(KINDS)[kind]
    return f"No messages ({shown}): w shows others" if shown else "No messages: all is quiet"


def next_kind(kind: str) -> str:
    """Return the kind that is shown after this one."""
    names = [name for name, _ in KINDS]
    return names[(names.index(kind) + 1) % len(names)]


def row_of(message: Message, glyphs: Glyphs) -> Row:
    """Return a message as a row."""
    tone = TONES[message.level]
    sign = {"info": glyphs.idle, "warning": glyphs.warn, "error": glyphs.bad}[message.level]
    return Row(
        (
            Span("" if message.is_read else glyphs.unread, "accent"),
            Span(moment(message.time_ns)[:16], "dim"),
            Span(f"{sign} {message.level}", tone),
            Span(message.profile or "-"),
            Span(message.source, "dim"),
            Span(message.text, "dim" if message.is_read else tone),
        )
    )


def searched(message: Message) -> str:
    """Return what `/` looks into."""
    read = "" if message.is_read else "unread"
    parts = (message.level, message.profile, message.source, message.text, message.hint, message.run, read)
    return " ".join((*parts, moment(message.time_ns)))


def panel(message: Message | None, kind: str = "all") -> list[Line]:
    """Return the message that is meant."""
    shown = dict(KINDS)[kind]
    lines = [line(Span(f"{shown}: w shows others", "accent"))] if shown else []
    if message is None:
        return lines
    lines.append(line(Span(message.text, TONES[message.level])))
    lines += [line(Span("  " + message.hint, "accent"))] if message.hint else []
    about = [each for each in (moment(message.time_ns), message.source, message.profile) if each]
    lines.append(line(Span("  " + ", ".join(about), "dim")))
    if message.run:
        lines.append(line(Span("  Enter shows its run", "accent")))
    if message.action:
        lines.append(line(Span(f"  a does {message.action}", "accent"), Span(f"  {command(message)}", "dim")))
    return lines


def command(message: Message) -> str:
    """Return the command that does what a message offers."""
    asked = PluginOffer(plugin=message.source, offer=message.action, profile=message.profile)
    return as_typed(run_offer(asked))
