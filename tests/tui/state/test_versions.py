from yester.tui.state.versions import Seen, Version, VersionsState, row_of

DAY_NS = 86400 * 10**9
FIRST = Seen("a" * 64, 10 * DAY_NS)


def seen(version: Version) -> str:
    """Return what is said of when a version was there."""
    return row_of(version, VersionsState(b"/a")).cells[2].text


def test_when_a_version_was_there_is_said_shortly_and_that_it_is_gone_first() -> None:
    later, next_day = Seen("b" * 64, FIRST.time_ns + 60 * 10**9), Seen("c" * 64, FIRST.time_ns + DAY_NS)
    begin = seen(Version(first=FIRST, last=FIRST))
    assert seen(Version(first=FIRST, last=later, snapshots=2)) == f"{begin} to {begin[11:14]}01, 2 snapshots"
    assert seen(Version(first=FIRST, last=next_day, snapshots=2)).startswith(f"{begin} to 1970-01-12 ")
    gone = seen(Version(first=FIRST, last=FIRST, gone=next_day, marks=("damaged",)))
    assert gone.startswith("deleted by 1970-01-12 ") and gone.endswith(f"; damaged; {begin}")
