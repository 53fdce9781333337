"""Naming and tagging snapshots: what a person is asked, and the command that it becomes."""

import shlex
from collections.abc import Awaitable, Callable, Sequence

from yester.tui.cli.wording import count
from yester.tui.client import all_of
from yester.tui.dialogs.asking import Asking, Field, Typed
from yester.tui.screens.place import Place
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Line, Span, line

Then = Callable[[], Awaitable[None]]
"""What is done once it is said: asking anew for the snapshots."""


def rename(place: Place, snapshot: Snapshot, then: Then) -> None:
    """Ask what a snapshot is to be called."""
    before = (snapshot.name or "", snapshot.note)

    def command(typed: Typed) -> list[Line]:
        name, note = (each.strip() for each in typed)
        if (name, note) == before:
            return [line(Span("nothing is changed", "dim"))]
        words = [*([] if name else ["--clear"]), *(["--note", note] if note else ["--clear-note"])]
        command = shlex.join(["yester", "rename", *words, snapshot.snapshot[:8], *filter(None, [name])])
        return [line(Span(f"$ {command}", "dim"))]

    async def work(typed: Typed) -> None:
        name, note = (each.strip() for each in typed)
        if (name, note) == before:
            return
        asked = {"profile": snapshot.profile, "snapshot": snapshot.snapshot, "name": name, "note": note}
        await all_of(place.engine.ask("snapshots.rename", dict, **asked))
        place.program.say(f"It is called {name}" if name else "It has no name any more")
        await then()

    def answered(typed: Typed | None) -> None:
        if typed is not None:
            place.work_on(lambda: work(typed), "label")

    fields = (
        Field("name: rules keep what has one", snapshot.name or "", "before the upgrade"),
        Field("note", snapshot.note, "what else is to say of it"),
    )
    place.app.push_screen(Asking([line(Span(f"Name {_whose([snapshot])}", "strong"))], fields, command), answered)


def retag(place: Place, snapshots: Sequence[Snapshot], known: tuple[str, ...], then: Then) -> None:
    """Ask which tags snapshots are to have; of several those that all of them have stand there."""
    before = tags_of_all(snapshots)

    def command(typed: Typed) -> list[Line]:
        added, removed = changed_tags(before, typed[0])
        changes = [word for tag in added for word in ("--add", tag)]
        changes += [word for tag in removed for word in ("--remove", tag)]
        some = " ".join(each.snapshot[:8] for each in snapshots[:2]) + (" …" if len(snapshots) > 2 else "")
        others = [tag for tag in known if tag not in words_in(typed[0])]
        return [
            line(Span("known  ", "dim"), " ".join(others[:12]) or "no other tag"),
            line(Span(f"$ yester tag {some} {shlex.join(changes)}" if changes else "nothing is changed", "dim")),
        ]

    async def work(typed: Typed) -> None:
        added, removed = changed_tags(before, typed[0])
        if added or removed:
            asked = {"snapshots": [each.snapshot for each in snapshots], "add": added, "remove": removed}
            await all_of(place.engine.ask("snapshots.tag", dict, profile=snapshots[0].profile, **asked))
            place.program.say(f"Tagged: {' '.join(words_in(typed[0])) or 'no tag any more'}")
            await then()

    def answered(typed: Typed | None) -> None:
        if typed is not None:
            place.work_on(lambda: work(typed), "label")

    fields = (Field("", "".join(f"{tag} " for tag in before), "before-upgrade", known),)
    about = line(Span("with blanks between; Tab completes", "dim"))
    question = [line(Span(f"Tags of {_whose(snapshots)}", "strong")), about]
    place.app.push_screen(Asking(question, fields, command), answered)


def words_in(text: str) -> list[str]:
    """Return the tags in a line, each once."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


def tags_of_all(snapshots: Sequence[Snapshot]) -> tuple[str, ...]:
    """Return the tags that each of these has."""
    return tuple(tag for tag in snapshots[0].tags if all(tag in each.tags for each in snapshots))


def changed_tags(before: Sequence[str], text: str) -> tuple[list[str], list[str]]:
    """Return which tags were typed that were not there, and which are there no more."""
    after = words_in(text)
    return [tag for tag in after if tag not in before], [tag for tag in before if tag not in after]


def _whose(snapshots: Sequence[Snapshot]) -> str:
    return snapshots[0].snapshot[:8] if len(snapshots) == 1 else f"the {count(len(snapshots), 'marked snapshot')}"
