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
    running: str,
    glyphs: Glyphs,
) -> list[Line]:
    """Return what a person is asked; `snapshots`: None where nobody could count them."""
    where = f" in {facts.repository}" if facts is not None and facts.repository else ""
    kept = count(snapshots, "snapshot") if snapshots is not None else "all its snapshots"
    verb = "stays" if snapshots == 1 else "stay"
    found = [
        line(Span(f"Remove the profile {name}?", "strong")),
        line(""),
        line(Span("goes   ", "dim"), "its file; each snapshot keeps a copy: yester profile recover"),
    ]
    if scheduled is not None and scheduled.installed is not None:
        found.append(
            line(Span("stops  ", "dim"), f"its schedule: {scheduled.words}, by {scheduled.installed.get('by')}")
        )
    else:
        found.append(line(Span("stops  ", "dim"), "nothing: no schedule of it is switched on"))
    found.append(line(Span("stays  ", "dim"), f"{kept} {verb}{where}"))
    if mounts:
        found.append(line(Span("stays  ", "dim"), f"what is mounted: {', '.join(mounts)}"))
    if running:
        found.append(line(Span(f"{glyphs.warn} a run of it goes on, and is the last one", "warn")))
    return [*found, line(""), line(Span(f"$ yester profile remove {name}", "dim")), line(f"Type {name} to remove it:")]
