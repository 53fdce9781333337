"""Bindings, as Textual wants them, from the table of keys."""

from textual.binding import Binding

from yester.tui.keys import KEYS, action_of


def bindings(*places: str) -> list[Binding]:
    """Return the bindings of places, those of the first one first: so they stand in the footer."""
    return [
        Binding(
            key.keys,
            action_of(f"{place}.{key.name}"),
            key.words,
            show=key.in_footer,
            tooltip=key.about,
            id=f"{place}.{key.name}",
        )
        for place in places
        for key in KEYS[place]
    ]
