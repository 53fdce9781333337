"""The folders above the snapshots."""

import time
from pathlib import Path

import pytest

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.fs.inodes import IDS, LATEST, ROOT, SNAPSHOTS, Numbers
from yester.fs.views import ViewBuilder, ViewFolder, ViewLink, file_name, folder_names, time_name

SECOND = 10**9


@pytest.fixture
def builder(tmp_path: Path) -> ViewBuilder:
    return ViewBuilder(Numbers(tmp_path / "s"), Numbers(tmp_path / "f"))


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()


def snapshot(time_ns: int, profile: str = "docs", host: str = "here", partial: bool = False) -> Snapshot:
    return Snapshot(
        time_ns=time_ns,
        end_ns=time_ns,
        host_id=bytes(16),
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


def listed(*snapshots: Snapshot) -> list[tuple[SnapshotId, Snapshot]]:
    return [(SnapshotId(bytes([number]) * 32), one) for number, one in enumerate(snapshots, 1)]


def folder(views: object, inode: int) -> ViewFolder:
    node = views.nodes[inode]  # type: ignore[attr-defined]
    assert isinstance(node, ViewFolder)
    return node


def test_an_empty_repository_shows_empty_folders_and_no_latest(builder: ViewBuilder) -> None:
    views = builder.build([])
    assert dict(folder(views, ROOT).children) == {b"ids": IDS, b"snapshots": SNAPSHOTS}
    assert not folder(views, SNAPSHOTS).children and not folder(views, IDS).children


def test_a_snapshot_lies_under_profile_and_local_time(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(1_795_186_992 * SECOND)))
    profile = folder(views, SNAPSHOTS).children[b"docs"]
    assert list(folder(views, profile).children) == [b"2026-11-20T16-03-12"]


def test_links_are_relative_and_lead_to_the_only_real_place(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0)))
    assert views.nodes[LATEST] == ViewLink(LATEST, b"snapshots/docs/1970-01-01T01-00-00", 0)
    link = views.nodes[folder(views, IDS).children[b"01" * 32]]
    assert isinstance(link, ViewLink) and link.target == b"../snapshots/docs/1970-01-01T01-00-00"


def test_two_snapshots_of_one_second_are_told_apart(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0), snapshot(5), snapshot(SECOND - 1)))
    names = list(folder(views, folder(views, SNAPSHOTS).children[b"docs"]).children)
    assert names == [b"1970-01-01T01-00-00", b"1970-01-01T01-00-00-2", b"1970-01-01T01-00-00-3"]


def test_latest_is_the_newest_complete_snapshot(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0), snapshot(5 * SECOND, partial=True)))
    latest = views.nodes[LATEST]
    assert isinstance(latest, ViewLink) and latest.target.endswith(b"T01-00-00")


def test_a_partial_snapshot_is_latest_only_while_there_is_no_complete_one(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0, partial=True)))
    assert LATEST in views.nodes


def test_a_profile_of_several_hosts_names_them(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0), snapshot(1, host="there"), snapshot(2, profile="music")))
    assert list(folder(views, SNAPSHOTS).children) == [b"docs@here", b"docs@there", b"music"]


def test_numbers_stay_when_other_snapshots_are_forgotten(builder: ViewBuilder) -> None:
    three = listed(snapshot(0), snapshot(SECOND), snapshot(2 * SECOND))
    before = builder.build(three)
    after = builder.build(three[1:])
    assert set(after.shown) == {2, 3}
    profile = folder(before, SNAPSHOTS).children[b"docs"]
    time_folder = time_name(SECOND)
    assert folder(before, profile).children[time_folder] == folder(after, profile).children[time_folder]


def test_link_counts_count_folders(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0)))
    assert [folder(views, inode).folders for inode in (ROOT, SNAPSHOTS, IDS)] == [2, 1, 0]


@pytest.mark.parametrize(
    ("text", "name"),
    [("docs", b"docs"), ("a/b", b"a_b"), ("..", b"_.."), ("", b"_"), ("ü", "ü".encode()), ("x" * 300, b"x" * 247)],
)
def test_any_profile_name_becomes_a_file_name(text: str, name: bytes) -> None:
    assert file_name(text) == name


def test_profiles_whose_file_names_are_the_same_get_different_folders() -> None:
    names = folder_names([snapshot(0, profile="a/b"), snapshot(0, profile="a_b")])
    assert sorted(names.values()) == [b"a_b", b"a_b-2"]
