"""What goes and what stays when a profile is removed, in words; pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from yester.tui.cli.wording import count
from yester.tui.state.text import Glyphs, Line, Span, line
from yester.tui.state.world import ProfileFacts


class Scheduled(msgspec.Struct, frozen=True):
    """What `schedule.show` tells of a profile."""

    words: str = ""
    installed: dict[str, Any] | None = None


def lines(
    name: str,
    facts: ProfileFacts | None,
    scheduled: Scheduled | None,
    snapshots: int | None,
    mounts: Sequence[str],
    passphrase_file: str,
    running: str,
    glyphs: Glyphs,
) -> list[Line]:
    """Return what a person is asked; None for what nobody could tell: the schedule, or how many snapshots there are."""
    where = f" in {facts.repository}" if facts is not None and facts.repository else ""
    copies = "each snapshot keeps a copy: yester profile recover" if snapshots != 0 else "no snapshot has a copy of it"
    found = [
        line(Span(f"Remove the profile {name}?", "strong")),
        line(""),
        line(Span("goes   ", "dim"), f"its file; {copies}"),
        line(Span("stops  ", "dim"), _stopped(scheduled)),
    ]
    if snapshots is None:
        found.append(line(Span("stays  ", "dim"), f"all its snapshots{where}"))
    elif snapshots:
        stay = "stays" if snapshots == 1 else "stay"
        found.append(line(Span("stays  ", "dim"), f"{count(snapshots, 'snapshot')} {stay}{where}"))
    if passphrase_file:
        found.append(line(Span("stays  ", "dim"), f"the passphrase in {passphrase_file}"))
    if mounts:
        found.append(line(Span("stays  ", "dim"), f"what is mounted: {', '.join(mounts)}"))
    if running:
        found.append(line(Span(f"{glyphs.warn} a run of it goes on, and is the last one", "warn")))
    return [*found, line(""), line(Span(f"$ yester profile remove {name}", "dim")), line(f"Type {name} to remove it:")]


def _stopped(scheduled: Scheduled | None) -> str:
    if scheduled is None:
        return "its schedule, if one is switched on"
    if scheduled.installed is None:
        return "nothing: no schedule of it is switched on"
    return f"its schedule: {scheduled.words}, by {scheduled.installed.get('by')}"
