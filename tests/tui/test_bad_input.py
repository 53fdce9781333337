"""What is wrong around the terminal program is a sentence on its screen, never a traceback, and it goes on."""

from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import NOW_NS, on_asyncio, press, rest, said, shown, text_of

from yester.tui.app import TerminalProgram
from yester.tui.client import EngineGone
from yester.tui.places import PLACES
from yester.tui.screens.place import Place
from yester.tui.serve.methods.kinds import Look
from yester.tui.serve.methods.params import Where
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.protocol import Failure

GONE = Failure(6, "There is no repository at /media/me/backup", "Is the drive connected?")
DAMAGED = Failure(1, "A defect in yester itself: KeyError: 'x'", "YESTER_DEBUG=1 shows where; please report it.")


def refusing(failure: Failure) -> dict[str, Any]:
    """Return scripts by which each method that opens a repository is refused."""
    return {
        name.replace(".", "_", 1): [failure]
        for name, method in METHODS.items()
        if isinstance(method, Look) and issubclass(method.takes, Where)
    }


@pytest.mark.parametrize("failure", [GONE, DAMAGED], ids=["vanished", "defect"])
@on_asyncio
async def test_a_repository_that_vanished(failure: Failure) -> None:
    """In each place that opens it; taken from the table of methods, so new ones are refused here as well."""
    engine = stage.engine(**refusing(failure))
    async with shown(engine) as pilot:
        for place in PLACES:
            asked = len(engine.asked)
            await press(pilot, str(place.number), "ctrl+r")
            opens = any(issubclass(METHODS[method].takes, Where) for method, _ in engine.asked[asked:])
            assert not opens or failure.message in text_of(pilot) + said(pilot), place
            assert said(pilot).count(failure.message) <= 1, place
        for way in (("f", "A"), ("3", "v"), ("3", "r")):
            await press(pilot, *way)
            assert failure.message in text_of(pilot) + said(pilot), way
            await press(pilot, "escape", "escape", "escape")


@pytest.mark.parametrize(
    "words",
    [
        "The engine has ended: it was killed (signal 9)",
        "The engine sent a line that is none of its protocol",
        "The engine is newer than this program: yester 9",
        "The engine answers something else than was asked: Expected `int`, got `str`",
    ],
)
@on_asyncio
async def test_an_engine_that_is_of_no_use(words: str) -> None:
    """The sentence is in every place; another engine is a key away, and what was known is still there meanwhile."""
    first, second = stage.engine(), stage.engine()
    async with shown(first, then=[second]) as pilot:
        first.changes.put_nowait(Failure(130, "The request was cancelled"))  # as one that is told to end says first
        first.changes.put_nowait(EngineGone(words, hint="Start yester again."))
        await rest(pilot)
        assert words in text_of(pilot)
        assert "cancelled" not in said(pilot)
        for place in PLACES:
            await press(pilot, str(place.number))
            assert "no engine" in text_of(pilot), place
        await press(pilot, "1")
        assert "documents" in text_of(pilot)
        await press(pilot, "ctrl+r")
        assert "no engine" not in text_of(pilot)
        assert words not in text_of(pilot) + said(pilot)


@on_asyncio
async def test_a_profile_file_that_was_broken_by_hand() -> None:
    """The status says what is wrong with it, in which line; the others are shown as before."""
    why = "/home/me/.config/yester/profiles/mail.toml: Expected '=' after a key, line 3"
    engine = stage.engine()
    async with shown(engine) as pilot:
        engine.scripts["profiles.list"] = [stage.PROFILES[0], Failure(2, why)]
        engine.scripts["profiles.status"] = [
            stage.status("documents"),
            stage.status("mail", "failed", text=why, hint="yester profile check mail"),
        ]
        engine.changes.put_nowait({"what": ["profiles"]})
        await rest(pilot)
        assert "mail needs you" in text_of(pilot)
        await press(pilot, "down")
        assert "after a key, line 3" in " ".join(text_of(pilot).split())
        assert "yester profile check mail" in text_of(pilot)
        await press(pilot, "up")
        assert "/home/me/documents" in text_of(pilot)


@on_asyncio
async def test_a_thousand_messages_a_second() -> None:
    """What is drawn does not grow with what is told, and a key that is pressed meanwhile is answered."""
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "4", "enter")
        assert isinstance(pilot.app, TerminalProgram)
        assert isinstance(pilot.app.place, Place)
        drawn = 0
        shows = pilot.app.place.shown

        def count(world: Any) -> None:
            nonlocal drawn
            drawn += 1
            shows(world)

        pilot.app.place.shown = count  # type: ignore[method-assign]  # counts
        line = {"v": 1, "time": "2026-11-21T05:59:00Z", "type": "message", "level": "info"}
        for seq in range(12, 5012):
            engine.lines[stage.RUNNING].put_nowait({**line, "seq": seq, "text": f"message {seq}"})
        await press(pilot, "home")
        assert drawn < 20
        await press(pilot, "end")
        assert "message 5011" in text_of(pilot)
        await press(pilot, "escape", "1")
        assert "mail needs you" in text_of(pilot)


@on_asyncio
async def test_messages_without_end_are_listed_and_counted() -> None:
    many = [
        {"id": id, "time_ns": NOW_NS, "level": "warning", "text": f"trouble {id}", "source": "usb"}
        for id in range(2000, 0, -1)
    ]
    async with shown(stage.engine(messages_list=many)) as pilot:
        await press(pilot, "6")
        assert "2000 unread" in text_of(pilot).replace(",", "")
        await press(pilot, "end")
        assert "trouble 1\n" in text_of(pilot)
        assert len(list(pilot.app.screen.walk_children())) < 60
