"""How many keys what people come for takes. Where a flow has a test of its own, that counts; the others are here."""

import importlib

import pytest
from tests.tui import stage
from tests.tui.fake import asked, on_asyncio, press, shown, text_of

from yester.tui.app import TerminalProgram

COUNTED_ELSEWHERE = {
    "first use to first snapshot": (
        "test_wizard",
        "test_from_nothing_to_the_first_snapshot_in_nine_keys_and_a_passphrase",
    ),
    "a lost file": ("test_flows", "test_a_lost_file_in_six_keys"),
    "look around with other tools": ("test_snapshots", "test_looking_around_with_other_programs_is_two_keys"),
}


@pytest.mark.parametrize("flow", COUNTED_ELSEWHERE)
def test_flows_that_are_counted_by_tests_of_their_own(flow: str) -> None:
    module, test = COUNTED_ELSEWHERE[flow]
    assert test in vars(importlib.import_module(f"tests.tui.{module}"))


@on_asyncio
async def test_what_happened_last_night_is_no_key_and_its_journal_is_two() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        assert "mail needs you" in text_of(pilot)
        assert stage.WHY[:20] in text_of(pilot)
        await press(pilot, "down")
        assert stage.HINT[:20] in text_of(pilot)
        assert "b tries again" in text_of(pilot)
        await press(pilot, "enter")
        assert "snap of mail" in text_of(pilot)


@on_asyncio
async def test_a_snapshot_now_is_one_key_or_its_name_in_the_palette() -> None:
    engine = stage.engine(runs_start=[{"run": "20261121T060000Z-beef"}])
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "b")
        assert asked(engine, "runs.start") == [{"profile": "documents"}]
        await press(pilot, "colon", *"up mail", "down", "enter")
        assert asked(engine, "runs.start")[1:] == [{"profile": "mail"}]


@on_asyncio
async def test_thinning_out_is_three_keys_and_the_number_of_those_that_go() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "2", "T")
        assert "no rule keeps it" in text_of(pilot)
        assert not asked(engine, "snapshots.forget")
        await press(pilot, "2", "enter")
        assert len(asked(engine, "snapshots.forget")) == 1


@on_asyncio
async def test_leaving_during_a_run_is_one_key_that_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question, and nothing is asked of the engine; opened again it is there (test_attach.py)."""
    said: list[str] = []
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        monkeypatch.setattr(TerminalProgram, "exit", lambda self, message: said.append(str(message)))
        before = len(engine.asked)
        await press(pilot, "q")
        assert len(engine.asked) == before
    [words] = said
    assert words.startswith("snap of photos goes on. To see how: yester")
