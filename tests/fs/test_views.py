"""The folders above the snapshots."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Label, Snapshot
from yester.fs.inodes import HOSTS, IDS, LATEST, ROOT, SNAPSHOTS, TAGS, VERSIONS, Inode, Numbers, inode_of
from yester.fs.time_names import TimeFormat
from yester.fs.view_paths import folder_names
from yester.fs.views import ViewBuilder, ViewFolder, ViewLink

SECOND = 10**9


@pytest.fixture
def builder(tmp_path: Path) -> ViewBuilder:
    return ViewBuilder(Numbers(tmp_path / "s"), Numbers(tmp_path / "f"))


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
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
    above = {b"hosts": HOSTS, b"ids": IDS, b"snapshots": SNAPSHOTS, b"tags": TAGS, b"versions": VERSIONS}
    assert dict(folder(views, ROOT).children) == above
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


def test_two_hours_with_one_local_name_are_told_apart(builder: ViewBuilder) -> None:
    """2026-10-25, 02:30:00 of summer time, and an hour later 02:30:00 once more."""
    summer = 1_792_888_200
    views = builder.build(listed(*(snapshot((summer + later) * SECOND) for later in (0, 1800, 3600, 3601))))
    docs = folder(views, folder(views, SNAPSHOTS).children[b"docs"]).children
    first, half, second, last = (inode_of(space, 0) for space in range(1, 5))
    assert docs == {
        b"2026-10-25T02-30-00": first,
        b"2026-10-25T02-00-00": half,
        b"2026-10-25T02-30-00-2": second,
        b"2026-10-25T02-30-01": last,
    }
    latest = views.nodes[LATEST]
    assert isinstance(latest, ViewLink) and latest.target.endswith(b"T02-30-01")


def test_no_name_passes_to_another_snapshot_while_a_mount_lives(builder: ViewBuilder) -> None:
    """Whoever has looked a name up for a second would be shown other files under it."""
    first, second, third = listed(snapshot(0), snapshot(5), snapshot(6))
    builder.build([first, second])
    views = builder.build([second, third])
    docs = folder(views, folder(views, SNAPSHOTS).children[b"docs"]).children
    assert list(docs) == [b"1970-01-01T01-00-00-2", b"1970-01-01T01-00-00-3"]


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
    time_folder = b"1970-01-01T01-00-01"
    assert folder(before, profile).children[time_folder] == folder(after, profile).children[time_folder]


def test_link_counts_count_folders(builder: ViewBuilder) -> None:
    views = builder.build(listed(snapshot(0)))
    assert [folder(views, inode).folders for inode in (ROOT, SNAPSHOTS, IDS)] == [5, 1, 0]


def test_profiles_whose_names_differ_in_what_no_folder_can_hold_get_different_folders() -> None:
    names = folder_names([snapshot(0, profile="a/b"), snapshot(0, profile="a_b"), snapshot(0, profile="a%2Fb")])
    assert sorted(names.values()) == [b"a%252Fb", b"a%2Fb", b"a_b"]


def test_a_profile_that_is_called_as_one_of_a_host_takes_no_folder_of_it() -> None:
    names = folder_names([snapshot(0, profile="a", host=host) for host in "bc"] + [snapshot(0, profile="a@b")])
    assert sorted(names.values()) == [b"a%40b", b"a@b", b"a@c"]


def tree(builder: ViewBuilder, *snapshots: Snapshot, tags: dict[int, tuple[str, ...]] | None = None) -> dict[str, str]:
    """All paths of the views: where links lead, and which snapshot lies where."""
    given = listed(*snapshots)
    labels = {
        given[index][0]: Label(snapshot=given[index][0], counter=1, writer=bytes(16), tags=words)
        for index, words in (tags or {}).items()
    }
    views = builder.build(given, labels)
    found: dict[str, str] = {}

    def visit(inode: Inode, path: str) -> None:
        node = views.nodes.get(inode)
        if node is None:
            found[path] = f"snapshot {inode >> 32}"
            assert views.shown[inode >> 32].path.decode() == path[1:]
            assert views.shown[inode >> 32].folder in views.nodes
        elif isinstance(node, ViewLink):
            found[path] = node.target.decode()
        else:
            assert node.inode == inode
            is_folder = [not isinstance(views.nodes.get(child), ViewLink) for child in node.children.values()]
            assert node.folders == sum(is_folder)
            for name, child in node.children.items():
                below = views.nodes.get(child)
                assert not isinstance(below, ViewFolder) or below.parent == inode
                visit(child, f"{path}/{name.decode()}")

    visit(ROOT, "")
    return found


def test_hosts_and_tags_lead_to_the_only_real_place(builder: ViewBuilder) -> None:
    seen = tree(builder, snapshot(0), snapshot(SECOND, host="there", profile="x"), tags={1: ("good", "old/er")})
    assert seen == {
        "/hosts/here/docs/1970-01-01T01-00-00": "../../../snapshots/docs/1970-01-01T01-00-00",
        "/hosts/there/x/1970-01-01T01-00-01": "../../../snapshots/x/1970-01-01T01-00-01",
        "/ids/" + "01" * 32: "../snapshots/docs/1970-01-01T01-00-00",
        "/ids/" + "02" * 32: "../snapshots/x/1970-01-01T01-00-01",
        "/latest": "snapshots/x/1970-01-01T01-00-01",
        "/snapshots/docs/1970-01-01T01-00-00": "snapshot 1",
        "/snapshots/x/1970-01-01T01-00-01": "snapshot 2",
        "/tags/good/1970-01-01T01-00-01": "../../snapshots/x/1970-01-01T01-00-01",
        "/tags/old%2Fer/1970-01-01T01-00-01": "../../snapshots/x/1970-01-01T01-00-01",
    }


def test_two_profiles_of_one_second_with_one_tag_are_told_apart(builder: ViewBuilder) -> None:
    seen = tree(builder, snapshot(0), snapshot(0, profile="x"), tags={0: ("t",), 1: ("t",)})
    assert {path: there for path, there in seen.items() if path.startswith("/tags")} == {
        "/tags/t/1970-01-01T01-00-00": "../../snapshots/docs/1970-01-01T01-00-00",
        "/tags/t/1970-01-01T01-00-00-2": "../../snapshots/x/1970-01-01T01-00-00",
    }


def test_a_partial_snapshot_says_so_after_its_number(builder: ViewBuilder) -> None:
    seen = tree(builder, snapshot(0, partial=True), snapshot(0), snapshot(0, partial=True))
    assert [path.rpartition("/")[2] for path, there in seen.items() if there.startswith("snapshot ")] == [
        "1970-01-01T01-00-00-2",
        "1970-01-01T01-00-00-3.partial",
        "1970-01-01T01-00-00.partial",
    ]
    assert seen["/latest"] == "snapshots/docs/1970-01-01T01-00-00-2"


def test_a_template_makes_trees_of_dates(tmp_path: Path) -> None:
    builder = ViewBuilder(Numbers(tmp_path / "s"), Numbers(tmp_path / "f"), TimeFormat("%Y/%m/%d"))
    day = 86400 * SECOND
    seen = tree(builder, snapshot(0), snapshot(1), snapshot(40 * day), tags={2: ("t",)})
    assert {path: there for path, there in seen.items() if not path.startswith("/ids")} == {
        "/hosts/here/docs/1970/01/01": "../../../../../snapshots/docs/1970/01/01",
        "/hosts/here/docs/1970/01/01-2": "../../../../../snapshots/docs/1970/01/01-2",
        "/hosts/here/docs/1970/02/10": "../../../../../snapshots/docs/1970/02/10",
        "/latest": "snapshots/docs/1970/02/10",
        "/snapshots/docs/1970/01/01": "snapshot 1",
        "/snapshots/docs/1970/01/01-2": "snapshot 2",
        "/snapshots/docs/1970/02/10": "snapshot 3",
        "/tags/t/1970/02/10": "../../../../snapshots/docs/1970/02/10",
    }


def test_one_profile_alone_has_no_folders_above_it(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path / "s"), Numbers(tmp_path / "f")
    assert tree(ViewBuilder(*numbers, one_profile=True), snapshot(0)) == {
        "/1970-01-01T01-00-00": "snapshot 1",
        "/latest": "1970-01-01T01-00-00",
    }
    dated = tree(ViewBuilder(*numbers, TimeFormat("%Y/%d"), one_profile=True), snapshot(0))
    assert dated == {"/1970/01": "snapshot 1", "/latest": "1970/01"}


def test_no_number_is_given_twice(builder: ViewBuilder) -> None:
    given = [snapshot(number * SECOND, profile=f"p{number % 3}", host=f"h{number % 2}") for number in range(50)]
    shown = listed(*given)
    labels = {sid: Label(snapshot=sid, counter=1, writer=bytes(16), tags=("a", "b")) for sid, _ in shown}
    views = builder.build(shown, labels)
    used = [child for node in views.nodes.values() if isinstance(node, ViewFolder) for child in node.children.values()]
    # The root and `.zfs` are no one's child; each snapshot is shown in two places.
    assert len(used) == len(set(used)) == len(views.nodes) - 2 + 2 * 50
    assert all(0 < number < 1 << 32 for number in views.nodes)
    assert builder.build(shown, labels) == views
