"""Messages and plugins by keys: on an engine that tests play, each flow with the requests that it makes.

Flows that leave nothing behind share a program: to open one takes longer than the flow.
"""

import asyncio
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, asked, on_asyncio, press, rest, said, shown, text_of
from textual.pilot import Pilot
from textual.widgets import Input, Select, TextArea

from yester.tui.dialogs.form import Form
from yester.tui.serve.protocol import Failure
from yester.tui.widgets.flag import Flag
from yester.tui.widgets.rows import Rows

USB = ("6", "tab", "down", "enter")
"""Keys to the page of the plugin usb."""
FREE = [{**stage.PLUGIN, "offers": [{"kind": "action", "name": "free", "label": "Free some room"}]}]


async def to(pilot: Pilot[None], words: str) -> None:
    """Go to the row of a list that holds these words."""
    rows = pilot.app.screen.query(Rows).first()
    for at in range(rows.count):
        if words in " ".join(cell.text for cell in rows._row_of(at).cells):
            rows.go(at)
            return await rest(pilot)
    raise AssertionError(text_of(pilot))


@on_asyncio
async def test_what_a_message_offers_is_done_once_a_person_says_so() -> None:
    shows = iter([[stage.PLUGIN], FREE, FREE])
    engine = stage.engine(plugins_show=lambda asked: next(shows))
    async with shown(engine) as pilot:
        await press(pilot, "6", "a", "down", "a")
        assert said(pilot) == "usb offers no free any more"
        await press(pilot, "a")
        assert "$ yester plugin run usb free" in text_of(pilot)
        await press(pilot, "enter")
        assert not asked(engine, "plugins.run")
        await press(pilot, "a", "y")
        assert asked(engine, "plugins.run") == [{"plugin": "usb", "offer": "free"}]
        assert "usb: done so" in said(pilot)


@on_asyncio
async def test_messages_of_one_kind_alone_and_those_that_hold_several_words() -> None:
    async with shown(stage.engine()) as pilot:
        await press(pilot, "6", "w", "w", "w")
        assert "only where there is something to do" in text_of(pilot)
        assert "1 device away from full" in text_of(pilot)
        assert stage.WHY not in text_of(pilot)
        await press(pilot, "w", "slash")
        pilot.app.screen.query_one("#filter", Input).value = "error mail"
        await press(pilot, "enter")
        assert stage.WHY in text_of(pilot)
        assert "1 device away from full" not in text_of(pilot)
        await press(pilot, "w")
        assert "Nothing here holds error mail: Esc shows all" in text_of(pilot)


@on_asyncio
async def test_only_new_messages_are_asked_for_and_the_one_that_is_meant_stays_so() -> None:
    new = [{"id": 4, "time_ns": 0, "text": "it came since", "profile": "docs"}]
    begun_anew = [{"id": 1, "time_ns": 0, "text": "the first one"}]
    answers = iter([stage.MESSAGES, new, [], begun_anew])
    done = iter([3, 4, 1, 1])
    engine = stage.engine(messages_list=lambda asked: next(answers))
    engine.done["messages.list"] = lambda asked: {"newest": next(done), "up_to": 0, "also": [2, 3]}
    async with shown(engine) as pilot:
        assert "1 unread" in text_of(pilot)
        await press(pilot, "6", "down")
        engine.changes.put_nowait({"what": ["messages"]})
        await rest(pilot)
        assert [each["after"] for each in asked(engine, "messages.list")] == [0, 3]
        assert "2 unread" in text_of(pilot)
        assert "it came since" in text_of(pilot)
        assert "yester plugin run usb free" in text_of(pilot)
        engine.changes.put_nowait({"what": ["messages"]})
        await rest(pilot)
        assert [each["after"] for each in asked(engine, "messages.list")] == [0, 3, 4, 0]
        assert "the first one" in text_of(pilot)
        assert stage.WHY not in text_of(pilot)


@on_asyncio
async def test_marked_plugins_are_switched_on_and_all_others_off() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "6", "tab", "A")
        assert "Space marks one" in said(pilot)
        await press(pilot, "space", "down", "space", "A")
        assert "$ yester plugin apply --yes notify sqlite" in text_of(pilot)
        await press(pilot, "enter")
        assert not asked(engine, "plugins.apply")
        await press(pilot, "A", "y")
        assert asked(engine, "plugins.apply") == [{"plugins": ["notify", "sqlite"]}]


@on_asyncio
async def test_the_page_of_a_plugin_has_its_panels_and_starts_its_actions() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, *USB)
        assert "STICK, 12 GiB free, for docs" in text_of(pilot)
        assert asked(engine, "plugins.run") == [{"plugin": "usb", "offer": "drives"}]
        await to(pilot, "STICK")
        await press(pilot, "enter")
        assert len(asked(engine, "plugins.run")) == 2
        await to(pilot, "format")
        await press(pilot, "enter")
        assert "All that is on it is lost." in text_of(pilot)
        await press(pilot, "enter")
        assert len(asked(engine, "plugins.run")) == 2
        await to(pilot, "remember")
        await press(pilot, "enter", *"ST", "enter")
        assert "$ yester plugin run usb remember drive=ST" in text_of(pilot)
        await press(pilot, "ctrl+s")
        assert asked(engine, "plugins.run")[2] == {"plugin": "usb", "offer": "remember", "values": ["drive=ST"]}
        await press(pilot, "escape")
        assert "6 Plugins" in text_of(pilot)
        engine.scripts["plugins.run"] = [Failure(1, "drives of usb failed: OSError: no udev")]
        await press(pilot, "enter")
        assert "drives of usb failed: OSError: no udev" in text_of(pilot)
        assert "What it can do" in text_of(pilot)
        engine.scripts["plugins.show"] = [Failure(2, "usb: its file can be written by others", "chmod go-w usb.py")]
        await press(pilot, "escape", "enter")
        assert "its file can be written by others" in text_of(pilot)


# The form


async def opened(pilot: Pilot[None], option: str) -> dict[str, Any]:
    """Open the form at an option of the page; return the boxes by name."""
    await to(pilot, option)
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, Form)
    names = [option["name"] for option in stage.PLUGIN["options"]]
    return {name: pilot.app.screen.query_one(f"#field-{at}") for at, name in enumerate(names)}


@on_asyncio
async def test_a_form_has_a_widget_for_each_kind_and_saves_what_differs() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, *USB)
        boxes = await opened(pilot, "loud")
        assert {name: type(box) for name, box in boxes.items()} == {
            "url": Input,
            "tries": Input,
            "loud": Flag,
            "way": Select,
            "hosts": TextArea,
            "folder": Input,
            "room": Input,
            "patience": Input,
            "token": Input,
        }
        assert pilot.app.focused is boxes["loud"]
        assert boxes["token"].password
        assert boxes["token"].value == ""
        assert "X▌ yes" in text_of(pilot)
        await press(pilot, "space")
        assert " ▌ no" in text_of(pilot)
        boxes["way"].value = "post"
        boxes["hosts"].text = "a\nc d\n"
        boxes["token"].value = "hush"
        await rest(pilot)
        assert "hush" not in text_of(pilot)
        assert "--ask=token" in text_of(pilot)
        await press(pilot, "ctrl+s")
        values = ["loud=false", "way=post", 'hosts=["a", "c d"]']
        assert asked(engine, "plugins.set") == [{"plugin": "usb", "values": values, "secrets": ["token"]}]
        assert engine.secrets == ["hush"]
        assert "Saved for usb" in said(pilot)


@on_asyncio
async def test_what_is_wrong_stands_beside_the_field_and_is_not_saved() -> None:
    answers = iter([[Failure(2, "folder is on a disk that is full", "Take another one.")], [], []])
    engine = stage.engine(plugins_set=lambda asked: next(answers))
    async with shown(engine) as pilot:
        await press(pilot, *USB)
        await opened(pilot, "tries")
        await press(pilot, "end", "0")
        assert "takes a whole number from 1 to 10, not 30" in text_of(pilot)
        await press(pilot, "ctrl+s")
        assert not asked(engine, "plugins.set")
        await press(pilot, "ctrl+t")
        assert "takes a whole number from 1 to 10, not" not in text_of(pilot)
        assert "the default again" in text_of(pilot)
        assert "$ yester plugin options --unset=tries usb" in text_of(pilot)
        await press(pilot, "escape")
        assert not asked(engine, "plugins.set")
        await opened(pilot, "folder")
        await press(pilot, "end", "x", "ctrl+s")
        assert "is on a disk that is full. Take another one." in text_of(pilot)
        assert pilot.app.focused is pilot.app.screen.query_one("#field-5")
        await press(pilot, "end", "y", "ctrl+s")
        assert [each["values"] for each in asked(engine, "plugins.set")] == [["folder=/srvx"], ["folder=/srvxy"]]
        await press(pilot, "tab")
        assert "in runs of documents" in text_of(pilot)
        assert asked(engine, "plugins.show")[-1] == {"plugin": "usb", "profile": "documents"}
        await opened(pilot, "tries")
        await press(pilot, "4", "ctrl+s")
        assert asked(engine, "plugins.set")[2] == {"plugin": "usb", "profile": "documents", "values": ["tries=4"]}
        await press(pilot, "S", "tab", "tab", "tab")
        assert asked(engine, "plugins.disable") == [{"plugin": "usb", "profile": "documents"}]
        assert "in runs of" not in text_of(pilot)


# Runs


@on_asyncio
async def test_a_run_is_steered_from_its_journal_in_which_plugins_offer_something() -> None:
    engine = stage.engine()
    line = {"v": 1, "seq": 12, "time": "2026-11-21T05:59:00Z", "type": "message", "level": "warning"}
    async with shown(engine) as pilot:
        engine.lines[stage.RUNNING].put_nowait({**line, "text": "nearly full", "source": "usb", "action": "remember"})
        await press(pilot, "4")
        assert "usb: nearly full" in text_of(pilot)
        await press(pilot, "enter")
        assert "a does remember" in text_of(pilot)
        await press(pilot, "a")
        assert asked(engine, "plugins.show") == [{"plugin": "usb", "profile": "photos"}]
        assert "Start a profile whenever this drive is plugged in" in text_of(pilot)
        await press(pilot, "escape", "y")
        assert pilot.app.clipboard == "warning: usb: nearly full"
        await press(pilot, "k", "a", "enter")
        assert len(asked(engine, "plugins.show")) == 1
        assert "reading\n" in "\n".join(map(str.strip, text_of(pilot).splitlines()))
        await press(pilot, "escape", "p", "x", "y")
        assert asked(engine, "runs.pause") == asked(engine, "runs.cancel") == [{"run": stage.RUNNING}]


@on_asyncio
async def test_runs_are_filtered_and_have_a_report() -> None:
    async with shown(stage.engine()) as pilot:
        await press(pilot, "4", "slash")
        pilot.app.screen.query_one("#filter", Input).value = "documents complete"
        await press(pilot, "enter", "i")
        assert "usb                  2.0 s" in text_of(pilot)
        assert "wrote 211.0 MiB of 48.0 GiB" in text_of(pilot)
        await press(pilot, "escape", "enter", "i")
        assert "12 put" in text_of(pilot)


def test_leaving_during_a_run_says_that_it_goes_on_and_a_slow_plugin_keeps_nothing_from_the_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Slow(FakeEngine):
        def ask(self, method: str, kind: Any, **params: object) -> Any:
            request = super().ask(method, kind, **params)
            if method == "app.start":
                request._stream = asyncio.Queue()  # it is never answered
            return request

    @on_asyncio
    async def leave() -> None:
        engine = stage.engine()
        engine.__class__ = Slow
        async with shown(engine) as pilot:
            assert "app.start" in engine.methods()
            assert "mail needs you" in text_of(pilot)
            await pilot.app.run_action("quit")

    leave()
    assert capsys.readouterr().err == "snap of photos goes on. To see how: yester, or yester log --follow 0a4f\n"
