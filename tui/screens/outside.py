"""How a file differs between two snapshots, or a snapshot and now: on a page, or in a program of the person's own."""

from yester.tui.client import all_of
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.state.browse import as_shown
from yester.tui.state.preview import Preview


def compared(place: Place, path: bytes, before: str, after: str) -> None:
    """Show how a file differs."""

    async def work() -> None:
        asked = {"profile": place.program.profile, "entry": as_shown(path), "before": before, "after": after}
        [found] = await all_of(place.engine.ask("files.compare", Preview, **asked))
        place.app.push_screen(Page("How it differs", found.lines))

    place.work_on(work, "compare")
