"""What goes and what stays when a profile is removed."""

import pytest

from yester.tui.state.removing import Scheduled, lines
from yester.tui.state.text import UNICODE, plain
from yester.tui.state.world import ProfileFacts

FACTS = ProfileFacts("docs", ("/home",), "/srv/backup")
ON = Scheduled("every day at 12:00", {"by": "cron"})


@pytest.mark.parametrize(
    ("scheduled", "snapshots", "there", "missing"),
    [
        (ON, 1, ("each snapshot keeps a copy", "its schedule: every day at 12:00, by cron", "1 snapshot stays in"), ()),
        (Scheduled(), 5, ("stops  nothing: no schedule", "5 snapshots stay in /srv/backup"), ()),
        (None, None, ("stops  its schedule, if one is switched on", "all its snapshots in /srv/backup"), ("nothing",)),
        (ON, 0, ("no snapshot has a copy of it",), ("recover", "snapshots stay")),
    ],
)  # fmt: skip
def test_nothing_is_said_that_nobody_knows(
    scheduled: Scheduled | None, snapshots: int | None, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    text = "\n".join(map(plain, lines("docs", FACTS, scheduled, snapshots, ("/mnt",), "/x/pass", "run", UNICODE)))
    for words in (*there, "what is mounted: /mnt", "the passphrase in /x/pass", "! a run of it goes on"):
        assert words in text
    assert [words for words in missing if words in text] == []
