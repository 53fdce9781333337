"""The places of the terminal program: number, name, and the screen, which is loaded when it is gone to; pure.

A place that is not there is not in the table: it is shown nowhere.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place."""

    number: int
    """Its digit; a person's fingers know it, so it never changes."""
    name: str
    """Its mode, and its keys in the table."""
    title: str
    screen: str
    """`module:class`."""
    about: str


PLACES = (
    PlaceRow(1, "home", "Home", "yester.tui.screens.home:Home", "How all profiles stand"),
    PlaceRow(2, "snapshots", "Snapshots", "yester.tui.screens.snapshots:Snapshots", "The snapshots of a profile"),
    PlaceRow(3, "browse", "Browse", "yester.tui.screens.browse:Browse", "What is in a snapshot"),
    PlaceRow(4, "runs", "Runs", "yester.tui.screens.runs:Runs", "What runs, and what ran"),
    PlaceRow(5, "mounts", "Mounts", "yester.tui.screens.mounts:Mounts", "Where snapshots are shown as folders"),
    PlaceRow(6, "plugins", "Plugins", "yester.tui.screens.plugins:Plugins", "Messages, and the plugins"),
    PlaceRow(7, "storage", "Storage", "yester.tui.screens.storage:Storage", "What takes the room in a repository"),
)
"""In the order of their digits."""
