"""Bringing back from archives what an entry of a snapshot needs, once a person saw from where and at what price."""

from yester.engine.events import shown
from yester.tui.client import all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.screens.place import Place
from yester.tui.serve.methods.archives import Recall, recall
from yester.tui.serve.methods.words import as_typed
from yester.tui.state.archives import plan_of
from yester.tui.state.browse import as_shown
from yester.tui.state.text import Span, line


def recall_entry(place: Place, snapshot: str, path: bytes) -> None:
    """Show the plan of a recall, and ask for it once the person says so."""
    about = {"profile": place.program.profile, "snapshot": snapshot, "path": as_shown(path)}
    words = as_typed(recall()(Recall(snapshot=snapshot[:8], path=shown(path))))

    async def work() -> None:
        request = place.engine.ask("archives.foresee_recall", dict, **about)
        await all_of(request)
        answer = (request.done or {}).get("answer") or {}
        if not answer.get("offline_packs"):
            place.program.say("All of it is online")
            return
        lines = [*plan_of(answer), line(Span(f"$ {words}", "dim"))]
        if await place.app.push_screen_wait(Confirm(lines, "Ask for it")):
            place.change("archives.recall", "It is asked for: 4 shows how far it is", **about)

    place.work_on(work, "recall")
