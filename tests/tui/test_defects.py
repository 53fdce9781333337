"""What is wrong in the terminal program itself is a sentence, and a traceback in a log; never silence, never a page."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, on_asyncio, press, said, shown, text_of
from textual.pilot import Pilot

from yester.engine.places import Places
from yester.tui import defects
from yester.tui.defects import Defect, recorded


def breaking(engine: FakeEngine, method: str) -> None:
    """Let the terminal program stumble over whatever this method answers."""

    def stumble(params: dict[str, Any]) -> Any:
        raise KeyError("no such thing")

    engine.scripts[method] = stumble


def logged() -> str:
    """Return what the log says."""
    path = Places.default().state / "tui.log"
    return path.read_text() if path.is_file() else ""


def words_of(pilot: Pilot[None]) -> str:
    """Return what is anywhere to be seen."""
    return " ".join((text_of(pilot) + "\n" + said(pilot)).split())


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        ("files.list", ("3",)),
        ("snapshots.plan", ("2", "x")),
        ("snapshots.freed", ("2", "x")),
        ("files.foresee", ("3", "end", "r")),
        ("sources.suggest", ("plus",)),
        ("changes.watch", ()),
    ],
)
@on_asyncio
async def test_a_defect_of_ours_is_a_sentence_and_a_traceback_in_a_log(method: str, keys: tuple[str, ...]) -> None:
    engine = stage.engine()
    breaking(engine, method)
    async with shown(engine) as pilot:
        await press(pilot, *keys)
        assert method in engine.methods()
        assert "A defect in yester itself: KeyError" in words_of(pilot)
        assert "in stumble" in logged()
        await press(pilot, "escape", "escape", "4", "1")
        assert pilot.app.is_running


def stumble(*anything: Any) -> Any:
    """What each kind of handler does here."""
    raise KeyError("no such thing")


HANDLERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "key": ("yester.tui.screens.home.Home.action_snapshots", "s", ()),
    "key of the program": ("yester.tui.app.TerminalProgram.action_log", "at", ()),
    "key of a dialog": ("yester.tui.dialogs.confirm.Confirm.action_answer", "y", ("4", "x")),
    "message of a list": ("yester.tui.screens.home.Home.on_rows_moved", "down", ()),
    "message of a field": ("yester.tui.screens.home.Home.filtered", "x", ("slash",)),
    "watcher of a list": ("yester.tui.widgets.rows.Rows._follow", "down", ()),
    "provider": ("yester.tui.app.TerminalProgram.get_system_commands", "x", ("colon",)),
    "provider of names": ("yester.tui.naming.Names._snapshots", "o", ("colon", "t")),
    "change elsewhere": ("yester.tui.screens.runs.Runs.changed", "4", ()),
}
"""Kind → what stumbles, the key by which it does, and the keys that lead there."""


@on_asyncio
async def test_a_handler_that_stumbles_is_told_of_and_logged_and_the_program_goes_on() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        for kind, (what, key, way) in HANDLERS.items():
            await press(pilot, "1", "home", *way)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(what, stumble)
                await press(pilot, key)
            assert "A defect in yester itself: KeyError" in words_of(pilot), kind
            path = Places.default().state / "tui.log"
            assert "in stumble" in path.read_text(), kind
            path.unlink()
            await press(pilot, "escape", "escape", "escape", "4", "escape", "1")
            assert "mail needs you" in text_of(pilot), kind
            assert "A defect" not in text_of(pilot), kind


@on_asyncio
async def test_a_defect_in_what_is_drawn_ends_the_program_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A widget that failed can do nothing any more, so it is left; not with a page of code and of what stood in it."""
    with pytest.raises(ZeroDivisionError):
        async with shown(stage.engine()) as pilot:
            pilot.app.call_later(lambda: 1 // 0)
            await press(pilot, "down")
    told = " ".join(capsys.readouterr().err.split())
    assert "A defect in yester itself: ZeroDivisionError" in told
    assert "Runs go on" in told
    assert "Traceback" not in told
    assert "ZeroDivisionError" in logged()


def fail(action: Callable[[], object]) -> Defect:
    """Return the defect that something is."""
    with pytest.raises(ArithmeticError) as caught:
        action()
    return recorded(caught.value)


def test_the_log_is_private_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defects, "_LONGEST", 1000)
    for _ in range(20):
        assert "tui.log" in fail(lambda: 1 / 0).hint
    log = Places.default().state / "tui.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.stat().st_size < 2000
    assert "ZeroDivisionError" in log.with_name("tui.log.1").read_text()


def test_where_nothing_can_be_written_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    defect = fail(lambda: 1 / 0)
    assert "ZeroDivisionError" in defect.what
    assert "could not be written" in defect.hint
