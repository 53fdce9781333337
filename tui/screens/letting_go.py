"""Letting snapshots go from any place: the plan is asked for, shown, and carried out when its number was typed.

The plan has also those that the rules spare, the pinned ones and the last good one: whoever names them is told what
that means, and types more. What the plan did not show is refused by the command that carries it out.
"""

from collections.abc import Callable, Sequence

from yester.tui.cli.wording import count
from yester.tui.client import all_of, printed
from yester.tui.dialogs.letting_go import Letting
from yester.tui.screens.place import Place
from yester.tui.state.letting_go import LettingGo, Plan


def let_go(place: Place, profile: str, snapshots: Sequence[str] = (), begun: Callable[[], None] = lambda: None) -> None:
    """Show what would go and why, those that are named or those that the rules of a profile let go; then ask."""

    async def work() -> None:
        even = {"even_pinned": True, "even_last": True} if snapshots else {}
        request = place.engine.ask("snapshots.plan", dict, profile=profile, snapshots=[*snapshots], **even)
        await all_of(request)
        plan = printed(request, Plan)
        asked = LettingGo(plan, "" if snapshots else profile)
        place.app.push_screen(Letting(asked, lambda: freed(plan), place.glyphs), lambda is_yes: answered(asked, is_yes))

    async def freed(plan: Plan) -> int:
        found = await all_of(place.engine.ask("snapshots.freed", dict[str, int], profile=profile, snapshots=plan.ids))
        return found[0]["size"] if found else 0

    def answered(asked: LettingGo, is_yes: bool | None) -> None:
        if is_yes:
            place.work_on(lambda: forget(asked), "forget")

    async def forget(asked: LettingGo) -> None:
        asked_for = {"profile": profile, "snapshots": [*snapshots], **asked.spared}
        await all_of(place.engine.ask("snapshots.forget", dict, **asked_for))
        begun()
        place.program.say(f"{count(asked.number, 'snapshot')} let go", "In Storage (7) P gives back the room.")

    place.work_on(work, "plan")
