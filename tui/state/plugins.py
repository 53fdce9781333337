"""Plugins as a person knows them: how each stands, what it offers, what it wants to know; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from yester.engine.profiles.kinds import Kind
from yester.engine.profiles.toml_text import toml_line
from yester.engine.runs.records import RunRecord
from yester.plugins.kolibri.kinds import kinds_in
from yester.plugins.options.kinds import KINDS, within
from yester.tui.cli.wording import age, count, duration
from yester.tui.state.form import Field, Form, Shape
from yester.tui.state.inbox import TONES
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, line
from yester.tui.state.world import Message, World


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin, as `plugins.list` tells of it."""

    label: str
    world: str = ""
    state: str = ""
    package: str = ""
    problem: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An action or a panel."""

    kind: str
    name: str
    label: str = ""
    options: Mapping[str, str] = {}
    danger: str = ""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin wants to know, and what it has been told."""

    name: str
    kind: str = ""
    takes: str = ""
    choices: tuple[str, ...] = ()
    least: int | float | None = None
    most: int | float | None = None
    about: str = ""
    is_secret: bool = False
    default: Any = None
    value: Any = None
    is_set: bool = False
    source: str = "default"
    place: str = ""
    key: str = ""
    variable: str = ""
    problem: str = ""


class Facts(Plugin, frozen=True, kw_only=True):
    """A plugin, as `plugins.show` tells of it."""

    place: str = ""
    title: str = ""
    hooks: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    has_spec: bool = False
    options: tuple[Option, ...] = ()
    warnings: tuple[str, ...] = ()
    broken: str = ""
    """Why it cannot be loaded."""


class PanelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a panel."""

    text: str
    level: str = "info"
    key: str = ""


class Spent(NamedTuple):
    """How long a plugin was at work in the runs that are known."""

    time_ns: int = 0
    runs: int = 0
    last_ns: int = 0
    """In the newest of them."""


COLUMNS = (
    Column(" ", 1),
    Column("PLUGIN", 18),
    Column("STATE", 9),
    Column("WORLD", 10, from_width=70),
    Column("AT WORK", 12, is_right=True, from_width=60),
    Column("LAST MESSAGE"),
)
_STATES: Mapping[str, Tone] = {"on": "good", "off": "dim"}


def ordered(plugins: Sequence[Plugin]) -> tuple[Plugin, ...]:
    """Return the plugins as they are listed: those that are on, or should be, before those that are off."""
    return tuple(sorted(plugins, key=lambda plugin: plugin.state == "off"))


def spent(runs: Sequence[RunRecord], label: str) -> Spent:
    """Return how long a plugin was at work, by what runs say at their ends; newest runs first."""
    times = [each.time_ns for run in runs for each in run.plugins if each.plugin == label]
    return Spent(sum(times), len(times), times[0]) if times else Spent()


def last_message(messages: Sequence[Message], label: str) -> Message | None:
    """Return what a plugin said last, or what was said of it; newest messages first."""
    return next((message for message in messages if message.source == label), None)


def row_of(plugin: Plugin, world: World, is_marked: bool, glyphs: Glyphs) -> Row:
    """Return a plugin as a row."""
    tone = _STATES.get(plugin.state, "bad")
    sign = {"on": glyphs.good, "off": glyphs.idle}.get(plugin.state, glyphs.bad)
    said = last_message(world.messages or (), plugin.label)
    words = Span(plugin.problem, "bad")
    if said is not None and not plugin.problem:
        words = Span(f"{age(world.now_ns - said.time_ns)} ago: {said.text}", TONES[said.level])
    time_ns = spent(world.runs or (), plugin.label).time_ns
    return Row(
        (
            Span(glyphs.pinned if is_marked else "", "accent"),
            Span(plugin.label, "strong"),
            Span(f"{sign} {plugin.state}", tone),
            Span(plugin.world, "dim"),
            Span(duration(time_ns) if time_ns else "-", "dim"),
            words,
        )
    )


def panel(plugin: Plugin, world: World, glyphs: Glyphs) -> list[Line]:
    """Return what is to say of the plugin that is meant."""
    tone = _STATES.get(plugin.state, "bad")
    lines = [line(Span(plugin.label, "strong"), "  ", Span(plugin.state, tone), Span(f"  {plugin.world}", "dim"))]
    lines += [line(Span(f"{glyphs.bad} {plugin.problem}", "bad"))] if plugin.problem else []
    lines.append(line(Span("at work    ", "dim"), spent_words(spent(world.runs or (), plugin.label))))
    said = last_message(world.messages or (), plugin.label)
    if said is not None:
        lines.append(line(Span("last said  ", "dim"), Span(said.text, TONES[said.level])))
    return [*lines, line(Span("Enter shows its options, actions and panels", "accent"))]


def spent_words(known: Spent) -> str:
    """Return how long a plugin was at work."""
    if not known.runs:
        return "in no run that is known"
    return f"{duration(known.time_ns)} in {count(known.runs, 'run')}, {duration(known.last_ns)} in the last one"


def wished(plugins: Sequence[Plugin], marked: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return which plugins would be switched on and off, if those that are marked were on and all others off."""
    on = [each.label for each in plugins if each.label in marked and each.state != "on"]
    off = [each.label for each in plugins if each.label not in marked and each.state == "on"]
    return on, off


# One plugin


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the page of a plugin, and what Enter does there."""

    row: Row
    option: str = ""
    """It is set."""
    offer: Offer | None = None
    """It is started, or shown anew."""


Panels = Mapping[str, tuple[PanelRow, ...] | str]
"""Name of a panel → its lines, or why there are none; a panel that is not in it is still asked for."""

PAGE_COLUMNS = (Column("", 22), Column(""), Column("", 20, from_width=76))


def items(facts: Facts, panels: Panels, scope: str) -> list[Item]:
    """Return the rows of the page: panels, actions, options."""
    return [*_panel_items(facts, panels), *_action_items(facts), *_option_items(facts, scope)]


def _panel_items(facts: Facts, panels: Panels) -> Iterator[Item]:
    for offer in facts.offers:
        if offer.kind != "panel":
            continue
        yield _heading(offer.label or offer.name)
        shown = panels.get(offer.name, "…" if facts.state == "on" else "it is off: S switches it on")
        if isinstance(shown, str):
            yield Item(Row((Span(""), Span(shown, "dim"), Span(""))), offer=offer)
        for each in shown if not isinstance(shown, str) else ():
            yield Item(
                Row((Span(each.key, "dim"), Span(each.text, TONES.get(each.level, "plain")), Span(""))), offer=offer
            )


def _action_items(facts: Facts) -> Iterator[Item]:
    actions = [offer for offer in facts.offers if offer.kind == "action"]
    if actions:
        yield _heading("What it can do")
    for offer in actions:
        words = f"{offer.label}: {offer.danger}" if offer.danger else offer.label
        cells = (Span(offer.name, "strong"), Span(words, "warn" if offer.danger else "plain"), Span(""))
        yield Item(Row(cells), offer=offer)


def _option_items(facts: Facts, scope: str) -> Iterator[Item]:
    yield _heading(f"What it wants to know{scope}" if facts.options else f"It has no options{scope}")
    for option in facts.options:
        tone: Tone = "bad" if option.problem else "plain" if option.is_set else "dim"
        value = f"{value_words(option)}   {option.problem}".rstrip()
        cells = (Span(option.name, "strong"), Span(value, tone), Span(origin(option), "dim"))
        yield Item(Row(cells), option=option.name)


def _heading(text: str) -> Item:
    return Item(Row((Span(f" {text}", "accent"),), is_heading=True))


def value_words(option: Option) -> str:
    """Return the value of an option in words; that of a secret is not told."""
    if option.is_secret:
        return "(secret)" if option.is_set else "-"
    if option.value is None:
        return "-"
    return option.value if isinstance(option.value, str) and option.value else toml_line(option.value)


def origin(option: Option) -> str:
    """Return who says the value."""
    file = option.place.rpartition("/")[2]
    places = {"environment": option.key, "profile": f"profile {file.removesuffix('.toml')}", "file": file}
    return places.get(option.source, "default")


def head(facts: Facts, world: World, glyphs: Glyphs, scope: str = "") -> list[Line]:
    """Return what is to say of a plugin, above its page; `scope`: in which runs it stands so, when not in all."""
    tone = _STATES.get(facts.state, "bad")
    title = f"  {facts.title}" if facts.title else ""
    where = f", from {facts.package}" if facts.package else ""
    lines = [line(Span(facts.label, "strong"), "  ", Span(facts.state, tone), scope, title)]
    lines.append(line(Span(f"{facts.world}{where}   hears {', '.join(facts.hooks) or 'nothing'}", "dim")))
    lines.append(line(Span("at work  ", "dim"), spent_words(spent(world.runs or (), facts.label))))
    said = last_message(world.messages or (), facts.label)
    if said is not None:
        lines.append(line(Span("said     ", "dim"), Span(said.text, TONES[said.level])))
    troubles = [each for each in (facts.problem, facts.broken) if each]
    lines += [line(Span(f"{glyphs.bad} {each}", "bad")) for each in troubles]
    return lines + [line(Span(f"{glyphs.warn} {each}", "warn")) for each in facts.warnings]


# The form

_SHAPES: Mapping[str, Shape] = {
    "boolean": "flag",
    "multiprocess_bool": "flag",
    "integer": "number",
    "float": "number",
    "port": "number",
    "list": "list",
    "path_list": "list",
}
_SEPARATORS = {"path_list": ";"}
"""Of Kolibri's lists, which are typed on one line; a comma for all others."""


def form_of(facts: Facts, profile: str) -> Form:
    """Return the form of a plugin's options: as they are in a profile, or everywhere."""
    return Form(tuple(_field(facts, option, profile) for option in facts.options))


def _field(facts: Facts, option: Option, profile: str) -> Field:
    is_kolibris = facts.world == "kolibri"
    shape = _shape(option, is_kolibris=is_kolibris)
    is_here = option.source == ("profile" if profile else "file")
    return Field(
        option.name,
        shape,
        option.about,
        option.takes,
        "" if option.is_secret else _text(option, option.value, shape),
        "" if option.is_secret else _text(option, option.default, shape),
        is_here,
        option.choices,
        _note(option, profile, is_here=is_here),
        _kind(option, is_kolibris=is_kolibris) if facts.has_spec else None,
    )


def _shape(option: Option, *, is_kolibris: bool) -> Shape:
    if option.is_secret:
        return "secret"
    if option.choices:
        return "choice"
    shape = _SHAPES.get(option.kind, "text")
    return "text" if is_kolibris and shape == "list" else shape


def _text(option: Option, value: Any, shape: Shape) -> str:
    """Return a value as it is typed into a field."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            texts = [*map(str, value)]
            return "\n".join(texts) if shape == "list" else _SEPARATORS.get(option.kind, ",").join(texts)
        case _:
            return str(value)


def _note(option: Option, profile: str, *, is_here: bool) -> str:
    if option.source == "environment":
        return f"{option.key} says so, and counts before what is saved here"
    if option.source == "profile" and not profile:
        return f"{origin(option)} says so"
    if option.is_secret:
        kept = "it is set; typing replaces it" if option.is_set else "it is not set"
        where = "; a copy of the profile goes into every snapshot: better everywhere (Tab)" if profile else ""
        return f"{kept}, or {option.variable} says it{where}" if option.variable else f"{kept}{where}"
    return "" if is_here or option.source == "default" else f"{origin(option)} says so"


def _kind(option: Option, *, is_kolibris: bool) -> Kind | None:
    makers = kinds_in("/") if is_kolibris else KINDS
    maker = makers.get(option.kind)
    return within(maker(option.choices), option.least, option.most) if maker is not None else None
