"""What keys do: on an engine that tests play, each flow with the requests that it makes."""

from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, asked, on_asyncio, press, rest, said, shown, text_of
from textual.pilot import Pilot

from yester.tui.client import EngineGone
from yester.tui.serve.protocol import Failure


@on_asyncio
async def test_what_happened_last_night_is_on_the_first_screen() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        first = text_of(pilot)
        assert "mail needs you" in first
        await press(pilot, "down")
        assert stage.WHY in text_of(pilot)
        assert "b tries again" in text_of(pilot)


@pytest.mark.parametrize(
    ("keys", "profile"), [(["b"], "documents"), (["down", "b"], "mail"), (["2", "b"], "documents")]
)
@on_asyncio
async def test_b_backs_up(keys: list[str], profile: str) -> None:
    engine = stage.engine(runs_start=[{"run": "20261121T060000Z-beef"}])
    async with shown(engine) as pilot:
        await press(pilot, *keys)
        assert asked(engine, "runs.start") == [{"profile": profile}]
        assert f"A snapshot of {profile} is on its way" in said(pilot)


@on_asyncio
async def test_a_refusal_is_said_with_its_hint() -> None:
    engine = stage.engine(runs_start=[Failure(4, "Another run of documents is active", "Wait for it: yester runs")])
    async with shown(engine) as pilot:
        await press(pilot, "b")
        assert said(pilot) == "Another run of documents is active\nWait for it: yester runs"


@pytest.mark.parametrize(
    ("keys", "is_cancelled"),
    [(["enter"], False), (["escape"], False), (["n"], False), (["y"], True), (["tab", "enter"], True)],
)
@on_asyncio
async def test_a_run_is_stopped_only_by_a_yes(keys: list[str], is_cancelled: bool) -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "4", "x")
        assert not asked(engine, "runs.cancel")
        await press(pilot, *keys)
        assert asked(engine, "runs.cancel") == [{"run": stage.RUNNING}] * is_cancelled


@on_asyncio
async def test_a_run_that_is_over_can_not_be_stopped() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "4", "down", "x", "p")
        assert "Stop the" not in text_of(pilot)
        assert not {"runs.cancel", "runs.pause"} & {*engine.methods()}


@on_asyncio
async def test_a_run_is_followed_from_the_beginning_and_as_it_goes() -> None:
    engine = stage.engine()
    engine.done["runs.follow"] = {"next": 13, "ended": False}
    async with shown(engine, (80, 24)) as pilot:
        assert asked(engine, "runs.follow") == [{"run": stage.RUNNING, "first": 1}]
        await press(pilot, "4")
        assert "3,500 files" in text_of(pilot)
        engine.lines[stage.RUNNING].put_nowait(stage.progress(12, 6000, 100, 20.0))
        await rest(pilot)
        assert "6,000 files" in text_of(pilot)
        engine.lines[stage.RUNNING].put_nowait({})
        await rest(pilot)
        assert "died" in text_of(pilot)
        assert "It was killed, or the machine went down" in text_of(pilot)


@on_asyncio
async def test_a_run_that_was_started_elsewhere_is_followed_by_itself() -> None:
    over = [each for each in stage.RUNS if each["run"] != stage.RUNNING]
    lists = iter([over, stage.RUNS])
    engine = stage.engine(runs_list=lambda asked: next(lists))
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "4")
        assert not asked(engine, "runs.follow")
        assert "running" not in text_of(pilot)
        engine.changes.put_nowait({"what": ["runs"]})
        await rest(pilot)
        assert asked(engine, "runs.follow") == [{"run": stage.RUNNING, "first": 1}]
        assert "running 31%" in text_of(pilot)


async def come(pilot: Pilot[None], engine: FakeEngine) -> None:
    """Let the runs be listed anew."""
    engine.changes.put_nowait({"what": ["runs"]})
    await rest(pilot)


@on_asyncio
async def test_the_run_that_b_started_is_the_one_that_is_meant_then() -> None:
    over = [each for each in stage.RUNS if each["run"] != stage.RUNNING]
    mine = stage.run("20261121T060000Z-beef", "documents", 0, "running", ended_ns=0, files=0)
    others = stage.run("20261121T060000Z-aaaa", "mail", 0, "running", ended_ns=0, files=0)
    timers = stage.run("20261121T055900Z-ffff", "documents", 0, "skipped")
    lists = iter([over, [timers, *over], [others, timers, *over], [others, mine, timers, *over]])
    engine = stage.engine(runs_list=lambda asked: next(lists))
    async with shown(engine) as pilot:
        engine.scripts["runs.start"] = [Failure(1, "A run of documents is active")]
        await press(pilot, "4", "down", "b")
        await come(pilot, engine)
        assert "snap of documents  ✓ complete" in text_of(pilot), "one that was refused is not waited for"
        engine.scripts["runs.start"] = []
        await press(pilot, "b")
        assert asked(engine, "runs.start") == [{"profile": "documents"}] * 2
        await come(pilot, engine)
        assert "snap of documents  ✓ complete" in text_of(pilot)
        await come(pilot, engine)
        assert "snap of documents  ▶ running" in text_of(pilot)


@on_asyncio
async def test_an_engine_that_dies_is_a_sentence_and_another_one_goes_on_where_it_was() -> None:
    first, second = stage.engine(), stage.engine()
    async with shown(first, then=[second]) as pilot:
        first.lines[stage.RUNNING].put_nowait(EngineGone("gone"))
        first.changes.put_nowait(EngineGone("The engine has ended: it was killed (signal 9)"))
        await rest(pilot)
        assert "no engine" in text_of(pilot)
        assert "The engine has ended: it was killed (signal 9); Ctrl+r starts another engine" in text_of(pilot)
        await press(pilot, "4", "down", "enter", "1")
        assert pilot.app.is_running
        await press(pilot, "ctrl+r")
        assert "no engine" not in text_of(pilot)
        assert asked(second, "runs.follow") == [{"run": stage.RUNNING, "first": 12}]


@on_asyncio
async def test_a_passphrase_is_asked_for_until_it_is_right() -> None:
    wrong = iter([[Failure(6, "The passphrase is wrong")], []])
    why = "The passphrase file /x cannot be read: No such file or directory"
    locked = iter([[Failure(2, why, needs="passphrase")], stage.SNAPSHOTS])
    engine = stage.engine(snapshots_list=lambda _: next(locked), repositories_unlock=lambda _: next(wrong))
    async with shown(engine) as pilot:
        await press(pilot, "2")
        assert "The passphrase file /x cannot" in text_of(pilot) and "Runs that start by" in text_of(pilot)
        await press(pilot, *"first", "enter")
        assert "The passphrase is wrong" in text_of(pilot)
        await press(pilot, *"second", "enter")
        assert engine.secrets == ["first", "second"]
        assert "7b51ea3a" in text_of(pilot)
        assert "second" not in text_of(pilot)


@on_asyncio
async def test_time_goes_by_at_the_same_place() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "3", "down", "enter", "left_square_bracket", "left_square_bracket", "right_square_bracket")
        folders = [(each["snapshot"][:8], each["folder"]["path"]) for each in asked(engine, "files.list")]
        assert folders[-3:] == [
            ("0c9d11f2", "/home/me/documents/letters"),
            ("55aa7c01", "/home/me/documents/letters"),
            ("0c9d11f2", "/home/me/documents/letters"),
        ]


@on_asyncio
async def test_a_folder_of_two_hundred_thousand_names_is_fetched_by_the_screen() -> None:
    count = 200_000

    def page(asked: dict[str, Any]) -> list[Any]:
        return [{"path": f"{at:06}"} for at in range(asked["start"], min(count, asked["start"] + asked["count"]))]

    engine = stage.engine(files_list=page)
    engine.done["files.list"] = {"total": count}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "G")
        assert "199999" in text_of(pilot)
        await press(pilot, "pageup", "g", "pagedown")
        assert "000017" in text_of(pilot)
        assert sum(each["count"] for each in asked(engine, "files.list")) <= 4 * 200
        assert len(list(pilot.app.screen.walk_children())) < 40


@on_asyncio
async def test_messages_are_read_and_the_header_counts_them() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        assert "2 unread" in text_of(pilot)
        await press(pilot, "6", "m")
        assert asked(engine, "messages.read") == [{"ids": [3]}]
        await press(pilot, "y")
        assert pilot.app.clipboard == f"{stage.WHY}\n{stage.HINT}"
        await press(pilot, "enter")  # who goes to the run that it is about has read it
        assert asked(engine, "messages.read") == [{"ids": [3]}] * 2


@on_asyncio
async def test_a_thousand_messages_a_second_are_shown_and_keys_still_answered() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        for seq in range(12, 3012):
            line = {"v": 1, "seq": seq, "time": "2026-11-21T05:59:00Z", "type": "message", "level": "info"}
            engine.lines[stage.RUNNING].put_nowait({**line, "text": f"message {seq}"})
        await press(pilot, "4", "enter")
        await rest(pilot)
        assert "message 3011" in text_of(pilot)


@on_asyncio
async def test_lines_of_a_newer_version_are_shown_as_unknown() -> None:
    engine = stage.engine()
    newer = {"v": 7, "seq": 12, "time": "2026-11-21T05:59:00Z", "type": "run.teleport", "where": "Mars"}
    async with shown(engine) as pilot:
        engine.lines[stage.RUNNING].put_nowait(newer)
        await press(pilot, "4", "enter")
        assert "run.teleport" in text_of(pilot)


@on_asyncio
async def test_a_lost_file_in_six_keys() -> None:
    """`f`, its name, Enter, `v`, an arrow to the version, `r`, Enter."""
    engine = stage.engine(files_restore=[{"run": "20261121T060000Z-beef"}])
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "f", *"Ada")
        keys = ["enter", "v", "down", "r", "enter"]
        for key in keys:
            await press(pilot, key)
        assert len(["f", *keys]) == 6
        [asking] = asked(engine, "files.restore")
        assert asking["entries"] == [{"path": stage.LETTER}]
        assert "target" not in asking
        assert asking["snapshot"] == stage.SNAPSHOTS[0]["snapshot"]
        assert asking["on_conflict"] == "keep-both"
        assert "Bringing back /home/me/documents/letters/to Ada.txt  where it was" in text_of(pilot)


@pytest.mark.parametrize("typed", [("enter",), ("escape",)])
@on_asyncio
async def test_what_is_brought_back_waits_for_a_passphrase(typed: tuple[str, ...]) -> None:
    """The run that lacked it has ended; what was to come back is asked for again, or it is said that it did not."""
    locked = [{"run": "20261121T060000Z-0001"}, Failure(6, "No passphrase is given", needs="passphrase")]
    answers = iter([locked, [{"run": "20261121T060001Z-0002"}]])
    engine = stage.engine(files_restore=lambda _: next(answers))
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "f", *"Ada", "enter", "v", "down", "r", "enter", *"secret", *typed)
        times = 2 if typed == ("enter",) else 1
        assert len(asked(engine, "files.restore")) == times
        followed = [each["run"] for each in asked(engine, "runs.follow")]
        assert "20261121T060000Z-0001" not in followed
        assert ("20261121T060001Z-0002" in followed) == (times == 2)
        assert ("No passphrase is given" in text_of(pilot)) == (times == 1)


@on_asyncio
async def test_each_key_of_a_search_gives_up_the_one_before() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "f", *"Ada", "backspace", "m", "m")
        assert [each["pattern"] for each in asked(engine, "files.find")] == ["A", "Ad", "Ada", "Ad", "Adm", "Admm"]
        assert "no snapshot has such a name" in text_of(pilot)
        await press(pilot, *["backspace"] * 5)
        assert "a part of a name" in text_of(pilot)
        await press(pilot, "escape")
        assert "mail needs you" in text_of(pilot)


@on_asyncio
async def test_what_was_deleted_is_found_and_shown_in_the_last_snapshot_that_had_it() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "f", *"Adam", "enter")
        assert "deleted" in text_of(pilot)
        await press(pilot, "o")
        last = asked(engine, "files.list")[-1]
        assert (last["snapshot"][:8], last["folder"]) == ("31415926", {"path": "/home/me/documents/letters"})


@on_asyncio
async def test_versions_stand_beside_how_they_differ_from_now() -> None:
    async with shown(stage.engine()) as pilot:
        await press(pilot, "f", *"Ada", "enter", "v")
        assert "It rains no more." in text_of(pilot)
        await press(pilot, "down")
        assert "-the roof leaks." in text_of(pilot)
        assert "+the roof is mended." in text_of(pilot)
        await press(pilot, "down", "enter")
        assert "3 Browse" in text_of(pilot)
        assert "2026-11-20 01:00 /home/me/documents/letters" in text_of(pilot)


@on_asyncio
async def test_versions_of_what_is_gone_begin_with_the_newest() -> None:
    gone = [Failure(2, "it cannot be read: No such file or directory")]
    engine = stage.engine(files_read=lambda asked: gone if asked.get("snapshot") == "now" else stage.read(asked))
    async with shown(engine) as pilot:
        await press(pilot, "f", *"Ada", "enter", "v")
        assert "as it is on this machine" not in text_of(pilot)
        assert "the roof leaks." in text_of(pilot)


@pytest.mark.parametrize(
    ("keys", "conflict", "target"),
    [
        ((), "keep-both", None),
        (("c",), "overwrite", None),
        (("c", "c"), "skip", None),
        (("c", "c", "c"), "newer", None),
        (("c", "c", "c", "c"), "keep-both", None),
        (("t", *"/back", "enter"), "keep-both", "/back"),
    ],
)
@on_asyncio
async def test_a_restore_is_a_choice(keys: tuple[str, ...], conflict: str, target: str | None) -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "f", *"Ada", "enter", "v", "down", "r", *keys)
        assert "1 differs" in text_of(pilot)
        where = None if target is None else {"path": target}
        assert asked(engine, "files.foresee")[-1].get("target") == where
        await press(pilot, "enter")
        [asking] = asked(engine, "files.restore")
        assert (asking.get("on_conflict", "keep-both"), asking.get("target")) == (conflict, where)


@on_asyncio
async def test_many_that_are_marked_come_back_to_where_they_were() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "3", "space", "space", "g", "enter", "space", "r")
        assert "3 marked entries" in text_of(pilot)
        await press(pilot, "enter")
        [asking] = asked(engine, "files.restore")
        assert len(asking["entries"]) == 3
        assert "target" not in asking


@on_asyncio
async def test_a_restore_that_can_not_be_foreseen_is_a_sentence_and_no_restore() -> None:
    engine = stage.engine(files_foresee=[Failure(5, "data.4711 is damaged", "Run `yester check`.")])
    async with shown(engine) as pilot:
        await press(pilot, "3", "r")
        assert "data.4711 is damaged" in text_of(pilot)
        await press(pilot, "enter")
        assert not asked(engine, "files.restore")


@on_asyncio
async def test_what_takes_the_room_is_looked_into() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "7")
        assert "5 snapshots, 31.0 GiB in /home/me" in text_of(pilot)
        await press(pilot, "enter", "backspace", "tab")
        folders = [each.get("folder", {}).get("path") for each in asked(engine, "storage.usage")]
        assert folders == [None, "/home/me/photos", "/home", None]
        assert asked(engine, "storage.usage")[-1]["profile"] == "mail"


@pytest.mark.parametrize(("keys", "is_pruned"), [(("enter",), False), (("y",), True)])
@on_asyncio
async def test_room_is_given_back_after_the_plan_was_seen(keys: tuple[str, ...], is_pruned: bool) -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "7", "P")
        assert "3.0 GiB would be freed" in text_of(pilot)
        assert not asked(engine, "storage.prune")
        await press(pilot, *keys)
        assert asked(engine, "storage.prune") == [{"profile": "documents"}] * is_pruned


@on_asyncio
async def test_where_nothing_can_be_given_back_nobody_is_asked() -> None:
    engine = stage.engine()
    engine.done["storage.plan"] = {"code": 0, "answer": {"plan": {"freed_size": 0}}}
    async with shown(engine) as pilot:
        await press(pilot, "7", "P", "y")
        assert "too little to be worth it" in said(pilot)
        assert not asked(engine, "storage.prune")


def plugin(label: str, state: str) -> dict[str, str]:
    """Return a plugin as `plugins.list` tells of it."""
    return {"label": label, "world": "native", "state": state}


@on_asyncio
async def test_plugins_are_enabled_and_disabled() -> None:
    names = ("notify", "sqlite", "usb")
    lists = iter([("on", "off", "on"), ("off", "off", "on"), ("off", "on", "on")])
    engine = stage.engine(plugins_list=lambda asked: [*map(plugin, names, next(lists))])
    async with shown(engine) as pilot:
        await press(pilot, "6", "S")
        assert not {"plugins.enable", "plugins.disable"} & {*engine.methods()}
        await press(pilot, "S")
        engine.changes.put_nowait({"what": ["plugins"]})
        await rest(pilot)  # it stands behind those that are on now, and is meant still
        await press(pilot, "down", "S")
        assert asked(engine, "plugins.disable") == [{"plugin": "notify"}]
        assert asked(engine, "plugins.enable") == [{"plugin": "sqlite"}]
        await press(pilot, "tab", "m")
        assert asked(engine, "messages.read") == [{"ids": [3]}]
