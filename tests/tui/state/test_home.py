"""What Home says of profiles, in words: what happened, what is wrong, and the key that mends it."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.tui import stage
from tests.tui.fake import DAY_NS, HOUR_NS, NOW_NS

from yester.engine.runs.records import RunRecord
from yester.engine.runs.status import ProfileStatus
from yester.tui.helping import names_in
from yester.tui.keys import keymap
from yester.tui.state import home
from yester.tui.state.text import UNICODE, plain
from yester.tui.state.world import ProfileFacts, World

KEYS = names_in("home", keymap("default"))
FACTS = ProfileFacts("documents", ("/home/me",), "/srv/backup", "7 daily", "every day at 12:00")


def world(*runs: dict[str, Any], **status: Any) -> World:
    """Return a world with one profile, whose runs these are, newest first."""
    records = msgspec.convert(list(runs), tuple[RunRecord, ...])
    told = stage.status("documents", **{"last_run": records[0].run if records else "", **status})
    return World(
        now_ns=NOW_NS,
        statuses=(msgspec.convert(told, ProfileStatus),),
        profiles={"documents": FACTS},
        has_profiles=True,
        runs=records,
    )


def said(shown: World) -> str:
    """Return all that Home says."""
    assert shown.statuses
    panel = home.panel(shown, shown.statuses[0], 0, UNICODE, KEYS)
    [row] = home.rows(shown, UNICODE)
    return "\n".join([plain(home.headline(shown, UNICODE, KEYS)), plain(row.cells), *map(plain, panel)])


def run(number: int, state: str = "complete", **more: Any) -> dict[str, Any]:
    """Return a run of so many hours ago."""
    id = f"20261120T{number:06}Z-{number:04}"
    return stage.run(id, "documents", number * HOUR_NS, state, repository="/srv/backup", **more)


GOOD = run(5)
TORN = run(4, "errors", failed=3, exit_code=3)
FAILED = run(3, "failed", error=stage.WHY, hint=stage.HINT, exit_code=6, files=0, size=0)
DEAD = run(3, "died", exit_code=1)
STOPPED = run(2, "cancelled", exit_code=130)


@pytest.mark.parametrize(
    ("shown", "there", "missing"),
    [
        (world(GOOD), (" ago11-22 01:00", "✓ Everything is in order", "✓ complete 5 h ago, "), ("Enter",)),
        (
            world(TORN, GOOD, text="3 entries could not be taken whole"),
            ("! ok, gaps", "! 3 entries could not be taken whole", "Enter shows what happened", "last runs  ✓!"),
            ("✗", "b tries"),
        ),
        (
            world(FAILED, GOOD, health="failed", text=stage.WHY, hint=stage.HINT, failures=1),
            ("✗ documents needs you", f"✗ {stage.WHY}", stage.HINT, "b tries again, Enter shows", "✗ failed 3 h ago\n"),
            ("0 B",),
        ),
        (
            world(FAILED, GOOD, health="failed", text="The passphrase file /x cannot be read: gone"),
            ("✗ The passphrase file /x", "b asks for it and tries again, c changes where runs find it"),
            (),
        ),
        (
            world(DEAD, GOOD, health="failed", text="The run died", failures=4, since_ns=NOW_NS - DAY_NS),
            ("✗ The run died since 2026-11-20 06:00", "The run died (4 times)", "✓✗"),
            (),
        ),
        (world(STOPPED, GOOD), ("✓ Everything is in order", "· cancelled 2 h ago\n", "last runs  ✓·"), ("b tries",)),
        (
            world(health="never", text="No snapshot was taken yet", last_good_ns=None),
            ("! documents needs you", "! never ran", "! No snapshot was taken yet", "b takes the first snapshot"),
            ("✗", "last runs"),
        ),
        (
            world(GOOD, health="late", text="A run was due", hint="Is its timer enabled?", started="unknown"),
            ("! late", "b runs it now", "Is its timer enabled?"),
            ("S lets",),
        ),
        (
            world(GOOD, started="missing"),
            (
                "! documents needs you", "! look here", "! Its times are in the profile, but nothing starts it",
                "S lets its runs start by themselves", "every day at 12:00; but nothing starts it",
            ),
            ("next 2026", "Enter shows"),
        ),
        (
            world(GOOD, health="late", text="A run was due", hint="Nothing starts it", started="missing"),
            ("! late", "b runs it now", "S lets its runs start"),
            ("! Its times",),
        ),
        (world(GOOD, started="stray", next_ns=None), ("though the profile has no times", "S lets them start by"), ()),
        (world(GOOD, started="outdated"), ("It is started at other times", "next 2026-11-22 01:00"), ()),
        (world(GOOD, started="on"), ("✓ Everything is in order", "12:00; next 2026-11-22 01:00\n"), ("S lets",)),
        (
            world(GOOD, started="unknown"),
            ("✓ Everything is in order", "next 2026-11-22 01:00, if anything starts it"),
            ("S lets",),
        ),
        (
            world(GOOD, suspicions=("The source /home/me was gone",)),
            ("! suspicious", "! The source /home/me was gone", "Enter shows what happened"),
            (),
        ),
        (
            world(GOOD, troubles=({"action": "prune", "run": "x", "state": "failed", "time_ns": 1, "text": "full"},)),
            ("! look here", "prune: full"),
            (),
        ),
    ],
)  # fmt: skip
def test_what_happened_and_the_key_that_mends_it(
    shown: World, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    text = said(shown)
    assert [words for words in there if words not in text] == []
    assert [words for words in missing if words in text] == []


@pytest.mark.parametrize(("snapshot", "words"), [("a" * 64, "U brings back the copy"), ("", "x removes it")])
def test_a_broken_file_is_brought_back_only_from_a_snapshot_that_there_is(snapshot: str, words: str) -> None:
    broken = world(GOOD, health="failed", text="Profile documents: line 3", last_snapshot=snapshot)
    text = said(replace(broken, profiles={}))
    assert "E mends the file, " in text and words in text and "b tries" not in text


def test_a_strip_of_thirty_runs_and_how_much_there_is() -> None:
    runs = [run(number, size=(100 - number) << 30) for number in range(1, 40)]
    lines = said(world(*runs)).splitlines()
    [strip] = [line for line in lines if line.startswith("last runs")]
    [grown] = [line for line in lines if line.startswith("size")]
    assert strip.count("✓") == home.STRIP
    assert grown.endswith("99.0 GiB, +29.0 GiB in 30 runs; 211.0 MiB stored last")


def test_who_lost_all_profiles_is_no_newcomer() -> None:
    gone = replace(world(GOOD, run(6), FAILED), statuses=())
    assert plain(home.headline(gone, UNICODE, KEYS)) == "No profile is here: nothing is backed up any more"
    text = "\n".join(map(plain, home.welcome(gone, 80, KEYS)))
    assert "documents  had its snapshots in /srv/backup" in text and "U           brings documents back" in text
    fresh = replace(gone, runs=(gone.runs or ())[2:])
    assert plain(home.headline(fresh, UNICODE, KEYS)) == "Nothing is backed up yet"
    assert "Welcome to yester" in plain(home.welcome(fresh, 80, KEYS)[0])


@pytest.mark.parametrize(
    ("meant", "words"),
    [
        ("documents", "✗ mail needs you: on its row b tries again, Enter shows what happened; 1 other"),
        ("mail", "✗ mail needs you; 1 other"),
    ],
)
def test_the_key_is_named_at_first_sight_whichever_row_is_meant(meant: str, words: str) -> None:
    fine, bad = stage.status("documents"), stage.status("mail", "failed", text=stage.WHY)
    facts = {"documents": FACTS, "mail": replace(FACTS, name="mail")}
    both = replace(world(GOOD), statuses=msgspec.convert((fine, bad), tuple[ProfileStatus, ...]), profiles=facts)
    assert plain(home.headline(both, UNICODE, KEYS, meant)).startswith(words)


def test_what_is_long_goes_on_behind_its_label() -> None:
    facts = replace(FACTS, repository="/media/me/" + "backup/" * 8, sources=("/home/me/documents", "/home/me/pictures"))
    shown = replace(world(GOOD, run(6)), profiles={"documents": facts})
    assert shown.statuses
    lines = [plain(each) for each in home.panel(shown, shown.statuses[0], 40, UNICODE, KEYS)]
    assert max(map(len, lines)) <= 40
    at = lines.index("takes      /home/me/documents,")
    assert lines[at + 1] == "           /home/me/pictures"


def test_sentences_name_the_keys_that_the_person_has() -> None:
    own = names_in("home", keymap("default", {"home.switch": "ctrl+t", "home.snap": "B"}))
    shown = world(FAILED, GOOD, health="failed", text=stage.WHY, started="missing")
    assert shown.statuses
    text = "\n".join(map(plain, home.panel(shown, shown.statuses[0], 0, UNICODE, own)))
    assert "B tries again" in text and "Ctrl+t lets its runs start" in text


def test_a_row_says_what_is_taken_where_it_goes_and_how_many_snapshots_there_are() -> None:
    forgot = run(4, action="forget", snapshots=40)
    for shown, held in (
        (world(run(5, snapshots=1041)), "1,041"),
        (world(forgot, run(5, snapshots=41)), "40"),
        (world(GOOD), "-"),
    ):
        assert shown.statuses
        [row] = home.rows(shown, UNICODE)
        assert [cell.text for cell in row.cells[5:]] == [held, "/home/me to /srv/backup"]
        panel = [plain(each) for each in home.panel(shown, shown.statuses[0], 0, UNICODE, KEYS)]
        assert (f"holds      {held} snapshots" in panel) is (held != "-")
