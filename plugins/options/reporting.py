"""What a worker tells of options, for lists of them and for forms: a row for each, of what msgpack and JSON hold."""

from collections.abc import Sequence
from typing import Any

from yester.plugins.options.kinds import plain
from yester.plugins.options.layers import Layer, unchecked
from yester.plugins.options.resolving import Resolved, Slot

DEFAULT = "default"
"""The source where no layer says anything."""


def rows(slots: Sequence[Slot], resolved: Resolved) -> list[dict[str, Any]]:
    """Return a row for each slot. What a secret is stands in none, but for one that is just being typed."""
    return [_row(slot, resolved) for slot in slots]


def _row(slot: Slot, resolved: Resolved) -> dict[str, Any]:
    value = resolved.values[slot.name]
    problem = next((each for each in resolved.problems if each.name == slot.name), None)
    layer = problem.layer if problem is not None else value.layer
    source = layer.source if layer is not None else DEFAULT
    shown = None if slot.is_secret or value.meant is None else plain(slot.kind.raw(value.meant))
    default = None if slot.is_secret or slot.default is None else plain(slot.kind.raw(slot.default))
    return {
        "name": slot.name,
        "kind": slot.type,
        "takes": slot.kind.name,
        "choices": list(slot.choices),
        "least": slot.least,
        "most": slot.most,
        "about": slot.about,
        "is_secret": slot.is_secret,
        "default": default,
        "value": shown,
        "is_set": layer is not None,
        "source": source,
        "place": layer.place if layer is not None else "",
        "key": problem.key if problem is not None else value.key,
        "variable": next((name for name in slot.variables if name not in slot.old_variables), ""),
        "said": plain(value.said) if source == "typed" or not slot.is_secret else None,
        "problem": plain(problem.what) if problem is not None else "",
        "hint": plain(problem.hint) if problem is not None else "",
    }


def unchecked_rows(plugin: str, layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return a row for each option of a plugin that does not say what it wants to know."""
    return [
        {
            "name": name,
            "kind": "",
            "takes": "anything",
            "choices": [],
            "least": None,
            "most": None,
            "about": "",
            "is_secret": False,
            "default": None,
            "value": plain(value),
            "is_set": True,
            "source": layer.source,
            "place": layer.place,
            "key": name,
            "variable": "",
            "said": plain(value),
            "problem": "",
            "hint": "",
        }
        for name, value, layer in unchecked(plugin, layers)
    ]
