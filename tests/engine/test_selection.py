import time
from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.selection import Listed, latest, narrowed, select, time_name

HOUR = 3600 * 10**9
BASE = 1_795_000_000 * 10**9  # 2026-11-18T11-06-40 UTC


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def taken(id: str, hours: int, profile: str = "docs", host: str = "laptop", *, partial: bool = False) -> Listed:
    snapshot = Snapshot(
        time_ns=BASE + hours * HOUR,
        end_ns=BASE + hours * HOUR,
        host_id=host.encode().ljust(16, b"\0"),
        host=host,
        user="me",
        profile_id=bytes(16),
        profile=profile,
        sources=(b"/",),
        root=b"",
        writer=bytes(16),
        sequence=1,
        partial=partial,
    )
    return SnapshotId(bytes.fromhex(id.ljust(64, "0"))), snapshot


LIST = [
    taken("aaaa1", 0),
    taken("aaaa2", 1),
    taken("bbbb", 30, "mail"),
    taken("cccc", 31),
    taken("dddd", 32, "mail", partial=True),
]

NOW = datetime(2026, 11, 22, 18, 30)


def label(listed: Listed, name: str) -> Label:
    return Label(snapshot=listed[0], counter=1, writer=bytes(16), name=name)


LABELS = {
    LIST[0][0]: label(LIST[0], "before the upgrade"),
    LIST[1][0]: label(LIST[1], "twice"),
    LIST[2][0]: label(LIST[2], "mail@home"),
    LIST[3][0]: label(LIST[3], "twice"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latest", "cccc"),
        ("docs@latest", "cccc"),
        ("mail@latest", "bbbb"),
        ("mail@laptop@latest", "bbbb"),
        ("cccc", "cccc"),
        ("CCCC", "cccc"),
        ("aaaa1", "aaaa1"),
        ("aaaa2".ljust(64, "0"), "aaaa2"),
        ("docs@2026-11-18T11-06-40", "aaaa1"),
        ("docs@2026-11-18 11:06:40", "aaaa1"),
        ("docs@2026-11-18T12", "aaaa2"),
        ("docs@2026-11-19", "cccc"),
        ("docs@2026-11-18", "aaaa2"),
        ("mail@2026-11-19T19", "bbbb"),  # the newest complete one
        ("mail@2026-11-19T19-06-40", "dddd"),
        ("2026-11-18T12", "aaaa2"),
        ("@2026-11-18T12:06", "aaaa2"),
        ("2026-11-18 12:05", "aaaa1"),
        ("2026", "cccc"),
        ("3D", "cccc"),
        ("docs@4d", "aaaa2"),
        ("@4D1h", "aaaa2"),
        ("docs@laptop@yesterday", "cccc"),
        ("now", "cccc"),
        ("before the upgrade", "aaaa1"),
        ("docs@before the upgrade", "aaaa1"),
        ("mail@home", "bbbb"),
        ("dddd", "dddd"),
    ],
)
def test_finds(text: str, expected: str) -> None:
    assert select(text, LIST, LABELS, NOW)[0].hex() == expected.ljust(64, "0")


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("aaaa", "aaaa may be any of 2", "aaaa2000 (docs@2026-11-18T12-06-40), aaaa1000"),
        ("ffff", "There is no snapshot ffff", "cccc0000"),
        ("aaa", "There is no snapshot aaa", "cccc0000"),
        ("", "There is no snapshot", "cccc0000"),
        ("docs", "docs is a profile", "docs@latest"),
        ("docs@laptop", "docs@laptop is a profile", "docs@laptop@latest"),
        ("docs@", "There is no snapshot docs@", "cccc0000"),
        ("docs@2026-11-17", "No snapshot is as old as docs@2026-11-17", "aaaa1000 (docs@2026-11-18T11-06-40)"),
        ("1Y", "No snapshot is as old as 1Y", "aaaa1000"),
        ("docs@someday", "There is no snapshot docs@someday", "cccc0000"),
        ("2026-02-30", "2026-02-30 is no time", "2026-11-20T16:03"),
        ("2026-13", "2026-13 is no time", "2026-11-20T16:03"),
        ("docs@home", "There is no snapshot docs@home", "cccc0000"),
        ("twice", "twice may be any of 2", "aaaa2000 (docs@2026-11-18T12-06-40)"),
        ("photos@latest", "No snapshot is of a profile photos", "docs, mail"),
    ],
)
def test_says_what_may_have_been_meant(text: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(text, LIST, LABELS, NOW)
    assert caught.value.what.startswith(what)
    assert hint in caught.value.hint


def test_an_empty_repository_is_said() -> None:
    for text in ("latest", "abcd"):
        with pytest.raises(UsageError, match="the repository holds none") as caught:
            select(text, [])
        assert "yester snap" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        select("docs@latest", [])
    assert "none yet" in caught.value.hint


def test_a_partial_snapshot_is_latest_only_when_alone() -> None:
    assert latest(LIST) == LIST[3]
    assert latest(LIST[4:]) == LIST[4]
    assert select("mail@latest", LIST[4:]) == LIST[4]
    assert latest([]) is None


def test_a_profile_of_several_hosts_must_name_its_host() -> None:
    both = [*LIST, taken("eeee", 40, "docs", "desktop")]
    with pytest.raises(UsageError, match="Several hosts") as caught:
        select("docs@latest", both)
    assert "docs@desktop@latest, docs@laptop@latest" in caught.value.hint
    assert select("docs@laptop@latest", both) == LIST[3]
    assert select("docs@desktop@2026-11", both, now=NOW) == both[-1]
    assert select("latest", both) == both[-1]


def test_hosts_of_one_name_are_told_apart_by_ids() -> None:
    other = taken("eeee", 40)
    both = [*LIST, (other[0], msgspec.structs.replace(other[1], host_id=b"another".ljust(16, b"\0")))]
    for text in ("docs@latest", "docs@laptop@latest"):
        with pytest.raises(UsageError, match="Several hosts have a profile docs") as caught:
            select(text, both)
        assert "write an id" in caught.value.hint
        assert "eeee0000" in caught.value.hint and "cccc0000" in caught.value.hint
    assert select("eeee~0", both) == both[-1]


def test_snapshots_of_one_second_are_told_apart_as_in_the_mount() -> None:
    same = [taken(id, 0) for id in ("aaaa", "bbbb", "cccc")]
    for stamp, expected in [("", same[0]), ("-2", same[1]), ("-3", same[2])]:
        assert select(f"docs@2026-11-18T11-06-40{stamp}", list(reversed(same))) == expected
    with pytest.raises(UsageError):
        select("docs@2026-11-18T11-06-40-4", same)


def test_a_long_list_of_candidates_is_cut() -> None:
    many = [taken(f"aaaa{number:x}", number) for number in range(10)]
    with pytest.raises(UsageError) as caught:
        select("aaaa", many)
    assert caught.value.hint.count("docs@") == 5
    assert caught.value.hint.endswith("….")


def test_times_are_named_as_in_the_mount() -> None:
    assert time_name(BASE) == "2026-11-18T11-06-40"
    assert time_name(-1) == "1969-12-31T23-59-59"


def test_what_is_a_time_and_the_beginning_of_an_id_is_refused() -> None:
    both = [taken("100d", 0), taken("200e", 1)]
    with pytest.raises(UsageError, match="may be a time or the snapshot 100d0000") as caught:
        select("100d", both, now=NOW)
    assert "@100d" in caught.value.hint
    assert select("100d0", both, now=NOW) == both[0]
    assert select("@0d", both, now=NOW) == both[1]
    assert select("200e", both, now=NOW) == both[1]


def test_a_name_that_is_the_beginning_of_another_id_is_refused() -> None:
    both = [taken("abcd", 0), taken("ffff", 1)]
    labels = {both[1][0]: label(both[1], "abcd")}
    with pytest.raises(UsageError, match="may be any of 2"):
        select("abcd", both, labels, NOW)
    assert select("abcd0", both, labels, NOW) == both[0]


def test_a_profile_is_refused_before_it_is_a_time() -> None:
    with pytest.raises(UsageError, match="2W is a profile"):
        select("2W", [taken("aaaa", 0, "2W")], now=NOW)


SERIES = [
    taken("aaaa", 0),
    taken("bbbb", 1, "docs", "desktop"),
    taken("cccc", 2),
    taken("dddd", 3, partial=True),
    taken("eeee", 4),
    taken("ffff", 5, "docs", "desktop"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latest~0", "ffff"),
        ("latest~1", "bbbb"),  # of the machine that took the newest
        ("latest~", "bbbb"),
        ("docs@laptop@latest~1", "cccc"),  # the partial one between them does not count
        ("docs@laptop@latest~2", "aaaa"),
        ("dddd~1", "cccc"),
        ("eeee~1~1", "aaaa"),
        ("@2026-11-18T15:30~1", "cccc"),
        ("docs@desktop@now~1", "bbbb"),
    ],
)
def test_a_tilde_goes_back_in_the_series(text: str, expected: str) -> None:
    assert select(text, SERIES, {}, datetime(2026, 11, 18, 23))[0].hex() == expected.ljust(64, "0")


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("latest~2", "There is no snapshot latest~2; older ones of its profile and machine: 1", "bbbb0000"),
        (
            "docs@laptop@latest~999999999",
            "There is no snapshot docs@laptop@latest~999999999; older ones of its profile and machine: 2",
            "aaaa0000",
        ),
        ("latest~x", "There is no snapshot latest~x", "ffff0000"),
        ("~1", "There is no snapshot ~1", "ffff0000"),
        ("abcd~1", "There is no snapshot abcd", "ffff0000"),
        ("docs~1", "docs is a profile, not a snapshot", "docs@latest"),
    ],
)
def test_going_back_too_far_or_from_nothing_is_said(text: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(text, SERIES, {}, datetime(2026, 11, 18, 23))
    assert caught.value.what.startswith(what)
    assert hint in caught.value.hint


def test_a_name_that_ends_like_a_step_back_is_a_name() -> None:
    labels = {SERIES[4][0]: label(SERIES[4], "v1~2")}
    assert select("v1~2", SERIES, labels) == SERIES[4]
    assert select("docs@laptop@v1~2", SERIES, labels) == SERIES[4]
    assert select("v1~2~1", SERIES, labels) == SERIES[2]


def test_narrowed() -> None:
    both = [*LIST, taken("eeee", 40, "docs", "desktop")]
    assert narrowed(both, None, "desktop") == both[-1:]
    assert narrowed(both, "docs@laptop", None) == [LIST[0], LIST[1], LIST[3]]
    assert narrowed(both, "mail", "laptop") == [LIST[2], LIST[4]]
    assert narrowed(both, None, None) == both
