"""Leaving something out of a profile from its next run on, once it was said what follows from that."""

from yester.tui.client import all_of
from yester.tui.dialogs.exclude import Exclude
from yester.tui.screens.place import Place
from yester.tui.state.entries import Entry
from yester.tui.state.excluding import Excluding, addition, patterns, undoing


def leave_out(place: Place, path: bytes, entry: Entry) -> None:
    """Ask by which pattern, and write that to the profile that is looked at."""
    found = patterns(path, is_folder=entry.is_folder)
    size = entry.size_below if entry.is_folder else entry.size
    state = Excluding(place.program.profile, path, found, files=entry.entries_below, size=size)

    async def work(chosen: Excluding) -> None:
        await all_of(place.engine.ask("profiles.edit", dict, profile=chosen.profile, additions=[addition(chosen)]))
        place.program.say(f"{chosen.profile} leaves out {chosen.pattern} from its next run on", undoing(chosen))

    def answered(chosen: Excluding | None) -> None:
        if chosen is not None:
            place.work_on(lambda: work(chosen), "exclude")

    place.app.push_screen(Exclude(state, place.glyphs), answered)
