"""What the command palette finds: places, what keys do here, a person's own commands, profiles by name, themes."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.markup import escape

from yester.tui.places import PLACES

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram


def commands(program: "TerminalProgram") -> Iterator[SystemCommand]:
    """Yield all of it."""
    for row in PLACES:
        yield SystemCommand(row.title, row.about, partial(program.action_go, row.name))
    for active in program.active_bindings.values():
        binding = active.binding
        if binding.id and not binding.id.startswith("list.") and active.enabled:
            run = partial(program.call_later, program.run_action, binding.action, active.node)
            yield SystemCommand(binding.description.capitalize(), binding.tooltip, run)
    place = program.place
    for number, command in enumerate(program.settings.commands):
        if place is not None and command.works_in(place.NAME):
            title, about = escape(command.title), escape(command.run)  # Textual takes both for its markup
            yield SystemCommand(title, about, partial(program.action_own, number))
    for status in program.world.statuses or ():
        profile = status.profile
        yield SystemCommand(f"Back up {profile}", "Take a snapshot of it now", partial(program.back_up, profile))
        yield SystemCommand(f"Snapshots of {profile}", "Show them", partial(program.show_profile, profile))
    yield SystemCommand("Theme", "Choose the colours", program.action_looks)
