"""Bringing something back from any place: the plan is asked for, shown, and carried out when a person says so."""

from collections.abc import Callable

from yester.tui.client import all_of
from yester.tui.dialogs.restore import Restore
from yester.tui.screens.place import Place
from yester.tui.state.browse import as_shown
from yester.tui.state.restoring import Foreseen, Wish


def bring_back(place: Place, wish: Wish, begun: Callable[[], None] = lambda: None) -> None:
    """Ask how, and do it; `begun` is called once it is on its way."""
    profile = place.program.profile

    async def foresee(wish: Wish) -> Foreseen:
        found = Foreseen()
        for target, paths in wish.parts.items():
            asked = {"snapshot": wish.snapshot, "entries": [*map(as_shown, paths)], "target": as_shown(target)}
            request = place.engine.ask("files.foresee", Foreseen, profile=profile, **asked)
            found = sum(await all_of(request), found)
        return found

    async def work(wish: Wish) -> None:
        for target, paths in wish.parts.items():
            await all_of(
                place.engine.ask(
                    "files.restore",
                    dict,
                    profile=profile,
                    snapshot=wish.snapshot,
                    entries=[*map(as_shown, paths)],
                    target=as_shown(target),
                    on_conflict=wish.conflict,
                )
            )
        begun()
        place.program.say("It is being brought back: 4 shows how far it is")

    def answered(wish: Wish | None) -> None:
        if wish is not None:
            place.work_on(lambda: work(wish), "restore")

    place.app.push_screen(Restore(wish, foresee, place.glyphs), answered)
