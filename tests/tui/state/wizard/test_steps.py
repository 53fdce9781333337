from dataclasses import replace

from yester.engine.profiles.profile import RetentionSpec, ScheduleSpec, SmartSpec
from yester.tui.state.text import UNICODE, plain
from yester.tui.state.wizard.draft import Draft, Looked
from yester.tui.state.wizard.steps import lines, marked, next_step, said, steps, taken_over

DRAFT = Draft(name="docs", sources=(b"/srv/caf\xe9", b"/srv/b"), place="/r", excludes="*.o", passphrase="x", again="x")


def commands(draft: Draft, looked: Looked | None = None) -> list[str]:
    return [step.command for step in steps(draft, looked, "/p")]


def test_the_commands_are_those_that_a_person_types() -> None:
    assert commands(DRAFT) == [
        "yester init /r",
        "yester key keep --repo=/r /p/docs",
        "yester profile add --repo=/r '--exclude=*.o' --set=passphrase_file=/p/docs --set=schedule.when=daily "
        "--set=schedule.at=12:00 --set=maintenance.check=1m docs '/srv/caf\udce9' /srv/b",
        "yester schedule enable docs",
        "yester snap docs",
    ]


def test_only_what_is_needed_is_done() -> None:
    bare = replace(DRAFT, is_encrypted=False, schedule=ScheduleSpec(), checks=False, excludes="")
    assert commands(bare)[0] == "yester init --no-encryption /r"
    assert len(commands(bare)) == 3
    there = Looked("/r", "/real/r", is_repository=True, is_encrypted=True)
    assert commands(replace(DRAFT, kept="nowhere"), there)[0].startswith("yester profile add --repo=/real/r")
    assert commands(replace(DRAFT, kept="keyring"), there)[0] == "yester key keep --in-keyring --repo=/real/r"
    assert "--set=keyring=true" in commands(replace(DRAFT, kept="keyring"), there)[1]


def test_rules_are_applied_where_there_are_some() -> None:
    smart = replace(DRAFT, retention=RetentionSpec(smart=SmartSpec()))
    assert "--set=retention.smart.per_month=24" in commands(smart)[2]
    assert "--set=maintenance.forget=true" in commands(smart)[2]
    assert "maintenance.forget" not in commands(DRAFT)[2]
    assert "maintenance.forget" not in commands(replace(smart, forgets=False))[2]


def test_what_was_done_is_not_done_again() -> None:
    known = marked(marked(steps(DRAFT, None, "/p"), 0, "done"), 1, "failed", "No", "Why?")
    assert next_step(known) == 1
    words = list(map(plain, lines(known, UNICODE)))
    at = words.index("✗ keep the passphrase for runs")
    assert words[at + 2 : at + 4] == ["  No", "  Why?"]
    other = taken_over(steps(replace(DRAFT, schedule=ScheduleSpec()), None, "/p"), known)
    assert [step.state for step in other] == ["done", "waits", "waits", "waits"]
    elsewhere = taken_over(steps(replace(DRAFT, place="/else"), None, "/p"), known)
    assert next_step(elsewhere) == 0


def test_a_file_is_shown_without_what_says_nothing() -> None:
    text = '# x\nid = "1"\n[filters]\n# exclude = []\n[schedule]\nwhen = "daily"\n[limits]\n'
    assert list(map(plain, said(text))) == ['id = "1"', "[schedule]", 'when = "daily"']
