"""Messages, and the plugins that say them; pure."""

import msgspec

from yester.tui.cli.wording import moment
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, line
from yester.tui.state.world import Message

COLUMNS = (
    Column(" ", 1),
    Column("WHEN", 16),
    Column("LEVEL", 9),
    Column("PROFILE", 12, from_width=70),
    Column("FROM", 12, from_width=60),
    Column("MESSAGE"),
)

_TONES: dict[str, Tone] = {"info": "plain", "warning": "warn", "error": "bad"}


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin, as `plugins.list` tells of it."""

    label: str
    world: str = ""
    state: str = ""
    problem: str = ""


def row_of(message: Message, glyphs: Glyphs) -> Row:
    """Return a message as a row."""
    tone = _TONES[message.level]
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


PLUGIN_COLUMNS = (Column("PLUGIN", 20), Column("STATE", 8), Column("WORLD", 12, from_width=60), Column(""))


def plugin_row(plugin: Plugin, glyphs: Glyphs) -> Row:
    """Return a plugin as a row."""
    tones: dict[str, Tone] = {"on": "good", "off": "dim"}
    signs = {"on": glyphs.good, "off": glyphs.idle}
    tone = tones.get(plugin.state, "bad")
    return Row(
        (
            Span(plugin.label, "strong"),
            Span(f"{signs.get(plugin.state, glyphs.bad)} {plugin.state}", tone),
            Span(plugin.world, "dim"),
            Span(plugin.problem, "bad"),
        )
    )


def searched(message: Message) -> str:
    """Return what `/` looks into."""
    return f"{message.level} {message.profile} {message.source} {message.text}"


def panel(message: Message | None) -> list[Line]:
    """Return the message that is meant."""
    if message is None:
        return []
    lines = [line(Span(message.text, _TONES[message.level]))]
    lines += [line(Span("  " + message.hint, "accent"))] if message.hint else []
    if message.action:
        lines.append(line(f"  to do: yester plugin run {message.source} {message.action}"))
    return lines
