import time
from collections.abc import Iterator

import pytest

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.engine.selection import Listed, latest, select, time_name

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
        ("mail@2026-11-19T19", "dddd"),
        ("dddd", "dddd"),
    ],
)
def test_finds(text: str, expected: str) -> None:
    assert select(text, LIST)[0].hex() == expected.ljust(64, "0")


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
        ("docs@2026-11-18", "docs@2026-11-18 may be any of 2", "2026-11-18T12-06-40"),
        ("docs@2030", "There is no snapshot docs@2030", "cccc0000"),
        ("docs@yesterday", "There is no snapshot docs@yesterday", "cccc0000"),
        ("photos@latest", "No snapshot is of a profile photos", "docs, mail"),
    ],
)
def test_says_what_may_have_been_meant(text: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(text, LIST)
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
    assert select("docs@desktop@2026-11", both) == both[-1]
    assert select("latest", both) == both[-1]


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
