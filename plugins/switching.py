"""Switching plugins on and off, in plugins.toml or where their world keeps its own switches."""

from collections.abc import Container, Iterable, Sequence

from yester.engine.places import Places
from yester.engine.profiles.changing import Change
from yester.plugins.casts import MANNERS
from yester.plugins.found import Found
from yester.plugins.options.layers import SWITCH
from yester.plugins.settings import PluginSettings, Switches, write_switches


def switch(places: Places, found: Sequence[Found], on: Sequence[Found], off: Sequence[Found]) -> list[str]:
    """Write down that these plugins are on and those are off; `found` are all there are. YesterError.

    Returns what their worlds have to say about it.
    """
    ours_on, ours_off = [], []
    remarks: list[str] = []
    for world in dict.fromkeys(each.world for each in (*on, *off)):
        these_on = [each for each in on if each.world == world]
        these_off = [each for each in off if each.world == world]
        own = MANNERS[world].switch if world in MANNERS else None
        if own is not None:
            remarks += own(places, these_on, these_off)
        else:
            ours_on += these_on
            ours_off += these_off
    if ours_on or ours_off:
        write_switches(places, lambda settings: switched(settings, found, ours_on, ours_off))
    return remarks


def switches_of(tables: Container[str], on: Sequence[Found], off: Sequence[Found]) -> list[Change]:
    """Return what is to change in a profile whose [plugins.NAME] are `tables`, so that these are on and those off."""
    keys = [f"{each.world}/{each.name}" for each in (*on, *off)]
    return [
        Change(("plugins", key if key in tables else each.label, SWITCH), each in on)
        for each, key in zip((*on, *off), keys, strict=True)
    ]


def switched(settings: PluginSettings, found: Sequence[Found], on: Iterable[Found], off: Iterable[Found]) -> Switches:
    """Return the names that plugins.toml says are enabled and disabled then; it names what is not by itself so."""
    enabled, disabled = _exactly(settings.enabled, found), _exactly(settings.disabled, found)
    for each in on:
        disabled -= _names(each)
        if not each.is_in_folder:
            enabled.add(each.label)
    for each in off:
        enabled -= _names(each)
        if each.is_in_folder:
            disabled.add(each.label)
    return enabled, disabled


def _exactly(names: Sequence[str], found: Sequence[Found]) -> set[str]:
    """Return names with those replaced that several plugins share, so that each can be switched by itself."""
    shared: dict[str, set[str]] = {}
    for each in found:
        if each.is_shared:
            shared.setdefault(each.name, set()).add(each.label)
    return {label for name in names for label in shared.get(name, {name})}


def _names(found: Found) -> set[str]:
    return {found.label, f"{found.world}/{found.name}"}
