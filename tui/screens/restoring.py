"""Bringing something back from any place: the plan is asked for, shown, and carried out when a person says so."""

from collections.abc import Callable

from yester.tui.client import all_of
from yester.tui.dialogs.restore import Restore
from yester.tui.screens.bringing import Bringing, requests
from yester.tui.screens.place import Place
from yester.tui.state.restoring import Foreseen, Wish


def bring_back(place: Place, wish: Wish, begun: Callable[[], None] = lambda: None) -> None:
    """Ask how, and do it on a page that shows how far it is; `begun` is called once a person has said so."""
    profile = place.program.profile

    async def foresee(wish: Wish) -> Foreseen:
        found = Foreseen()
        for asked in requests(wish, profile):
            found = sum(await all_of(place.engine.ask("files.foresee", Foreseen, **asked)), found)
        return found

    def answered(wish: Wish | None) -> None:
        if wish is not None:
            begun()
            place.app.push_screen(Bringing(wish, profile))

    place.app.push_screen(Restore(wish, foresee, place.glyphs), answered)
