"""Sources that are read elsewhere: all but the place is as if they were read where they are."""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import zoo
from tests.rig import ABOVE_SIZE, Recorder, Rig, write

from yester.engine.capture.detours import GONE, NO_DETOURS, chosen, is_within, plan_detours, there_too
from yester.engine.capture.mounts import parse_mountinfo
from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.capture.statx import Probe
from yester.engine.capture.wishes import Wishes
from yester.engine.decisions import Candidate, Decision, Decisions
from yester.engine.entries import Mark
from yester.engine.events import File, Message
from yester.engine.profiles.profile import FilterSpec
from yester.engine.progress import NoProgress
from yester.plugins.backends.folder import FolderStore

SAME = b"/proc/self/root"
"""Before an absolute path: another path of the same file."""


def snap(rig: Rig, read_from: dict[bytes, bytes]) -> SnapshotResult:
    rig.hooks = Recorder()
    return take_snapshot(
        rig.open(),
        SnapshotRequest(rig.profile, "run", read_from=read_from),
        places=rig.places,
        hooks=rig.hooks,
        progress=NoProgress(),
        cancelled=lambda: False,
    )


def by_the_way_round(*sources: Path) -> dict[bytes, bytes]:
    return {bytes(source): SAME + bytes(source) for source in sources}


@pytest.mark.usefixtures("settled")
def test_a_place_that_is_the_same_gives_the_same_tree_and_nothing_is_read_again(home: Path, folder: Path) -> None:
    zoo.build(folder / "zoo")
    try:
        write(folder / "one", b"1")
        os.link(folder / "one", folder / "zoo/two")
        rig = Rig.of(home, folder)
        plain = rig.taken(rig.snap().snapshot)
        for read_from in (by_the_way_round(folder), {}, by_the_way_round(folder)):
            result = snap(rig, read_from)
            taken = rig.taken(result.snapshot)
            # Of the folders above others may change anything at any time.
            assert taken[folder] == plain[folder]
            assert taken.record.links == plain.record.links
            assert (result.statistics.new, result.statistics.changed) == (0, 0)
            assert result.statistics.added_size < ABOVE_SIZE
            assert not [event for event in rig.hooks.events if isinstance(event, File)]
    finally:
        zoo.clear(folder / "zoo")


names = st.binary(min_size=1, max_size=6).filter(lambda name: name not in (b".", b"..") and not set(name) & {0, 47})
trees = st.recursive(
    st.binary(max_size=200), lambda below: st.dictionaries(names, below, max_size=4), max_leaves=12
).filter(lambda tree: isinstance(tree, dict))


def build(folder: bytes, tree: dict[bytes, object]) -> None:
    os.mkdir(folder)
    for name, child in tree.items():
        path = os.path.join(folder, name)
        if isinstance(child, dict):
            build(path, child)
        elif isinstance(child, bytes):
            with open(path, "wb") as file:
                file.write(child)


@given(trees, trees)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: dict[bytes, object], second: dict[bytes, object]
) -> None:
    shutil.rmtree(tmp_path, ignore_errors=True)
    sources = [tmp_path / "a", tmp_path / "b"]
    tmp_path.mkdir()
    for source, tree in zip(sources, (first, second), strict=True):
        build(bytes(source), tree)
    plain, moved = (Rig.of(Path("/"), *sources) for _ in range(2))
    one, other = snap(plain, {}), snap(moved, by_the_way_round(*sources))
    there, here = (rig.taken(result.snapshot) for rig, result in ((plain, one), (moved, other)))
    assert set(there.entries) == set(here.entries)
    below = [path for path in there.entries if is_within(path, bytes(tmp_path / "a")) or path == bytes(sources[1])]
    for path in below:
        assert replace(there[path], blocks=0, refs=()) == replace(here[path], blocks=0, refs=())
    assert [len(there[p].refs) for p in below] == [len(here[p].refs) for p in below]


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> dict[bytes, bytes]:
    """The source, and a place where its content is another one."""
    place = tmp_path / "snapshots/of-it"
    for top, word in ((folder, b"now"), (place, b"then")):
        write(top / "file", word)
        write(top / "inner/deep", word)
        write(top / "left-out", word)
    return {bytes(folder): bytes(place)}


def test_content_is_that_of_the_place_and_paths_are_those_of_the_source(
    home: Path, folder: Path, copied: dict[bytes, bytes]
) -> None:
    rig = Rig.of(home, folder, filters=FilterSpec(excludes=(f"{folder}/left-out",), defaults=False))
    taken = rig.taken(snap(rig, copied).snapshot)
    assert set(taken.below(folder)) == {bytes(folder / name) for name in ("file", "inner", "inner/deep")}
    assert taken.content(folder / "inner/deep") == b"then"
    told = {event.path for event in rig.hooks.events if isinstance(event, File)}
    assert told == {str(folder / "file"), str(folder / "inner/deep")}


def test_what_fails_there_is_told_with_the_path_of_the_source(
    home: Path, folder: Path, copied: dict[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == b"inner":
            raise OSError(5, "Input/output error")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    rig = Rig.of(home, folder)
    result = snap(rig, copied)
    assert [failure.path for failure in result.failures] == [bytes(folder / "inner")]
    assert {e.path for e in rig.hooks.events if isinstance(e, Message) and e.level == "error"} == {
        str(folder / "inner")
    }


def test_a_source_that_is_a_file(home: Path, folder: Path, copied: dict[bytes, bytes]) -> None:
    rig = Rig.of(home, folder / "file")
    place = copied[bytes(folder)] + b"/file"
    taken = rig.taken(snap(rig, {bytes(folder / "file"): place}).snapshot)
    assert taken.content(folder / "file") == b"then"


@pytest.mark.usefixtures("settled")
def test_a_file_in_a_source_that_is_a_source_too(home: Path, folder: Path, copied: dict[bytes, bytes]) -> None:
    """As when a plugin has the copy of a database taken in its place; again, changed, and as it is."""
    source, place = folder / "inner/deep", Path(os.fsdecode(copied[bytes(folder)])) / "inner/deep"
    rig = Rig.of(home, folder, source)
    found = []
    for read_from in ({bytes(source): bytes(place)},) * 2 + ({},):
        found.append(rig.taken(snap(rig, read_from).snapshot).content(source))
    assert found == [b"then", b"then", b"now"]
    place.write_bytes(b"later")
    taken = rig.taken(snap(rig, {bytes(source): bytes(place)}).snapshot)
    assert (taken.content(source), taken.content(folder / "file")) == (b"later", b"now")


@pytest.mark.parametrize("one_file_system", [True, False])
def test_a_source_in_another_one_is_read_from_its_own_place(
    home: Path, folder: Path, copied: dict[bytes, bytes], tmp_path: Path, one_file_system: bool
) -> None:
    write(tmp_path / "third/deep", b"third")
    filters = FilterSpec(one_file_system=one_file_system, defaults=False)
    rig = Rig.of(home, folder, folder / "inner", filters=filters)
    places = {**copied, bytes(folder / "inner"): bytes(tmp_path / "third")}
    taken = rig.taken(snap(rig, places).snapshot)
    assert (taken.content(folder / "file"), taken.content(folder / "inner/deep")) == (b"then", b"third")


def test_what_changed_when_the_snapshot_was_made_is_read_again(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source may have changed after the snapshot within one tick of the clock: then nothing tells of it."""
    later = SimpleNamespace(time_ns=lambda: time.time_ns() + 10**10)
    monkeypatch.setattr("yester.engine.capture.listing.time", later)
    write(folder / "d" / "file", b"now")

    class Freezes(Recorder):
        def wishes(self) -> Wishes:
            first = not os.path.exists(tmp_path / "place")
            if first:
                shutil.copytree(folder, tmp_path / "place")
            return Wishes(read_from=((bytes(folder), bytes(tmp_path / "place")),)) if first else Wishes()

    rig = Rig.of(home, folder)
    rig.hooks = Freezes()
    rig.snap()
    # The place is gone; what is there in its stead has the same inodes and times, as the source of a snapshot has.
    folder.rename(tmp_path / "away")
    (tmp_path / "place").rename(folder)
    read = []
    real = os.open

    def noting(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        read.append(path)
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", noting)
    rig.hooks = Recorder()
    for _ in range(2):
        rig.snap()
        assert read.count(b"file") == 1, "and then it is settled"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("nested", [False, True])
def test_a_place_that_is_gone_in_the_midst_of_the_run_is_a_failure_and_the_source_is_read_as_it_is(
    home: Path, folder: Path, copied: dict[bytes, bytes], nested: bool
) -> None:
    source = folder / "inner" if nested else folder
    place = Path(os.fsdecode(copied[bytes(folder)])) / ("inner" if nested else "")
    rig = Rig.of(home, folder, *([source] if nested else []))
    with_it = snap(rig, {bytes(source): bytes(place)})
    assert rig.taken(with_it.snapshot).content(folder / "inner/deep") == b"then"
    place.rename(place.parent / "away")
    result = snap(rig, {bytes(source): bytes(place)})
    assert [(failure.path, failure.what) for failure in result.failures] == [(bytes(source), GONE)]
    assert (result.result, result.suspicions) == ("errors", ())
    assert rig.taken(result.snapshot).content(folder / "inner/deep") == b"now"
    (place.parent / "away").rename(place)
    again = snap(rig, {bytes(source): bytes(place)})
    assert again.result == "complete"
    assert rig.taken(again.snapshot).content(folder / "inner/deep") == b"then"


def test_the_way_to_a_source_through_a_link(home: Path, folder: Path, copied: dict[bytes, bytes]) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    rig = Rig.of(home, link)
    taken = rig.taken(snap(rig, copied).snapshot)
    assert taken[link].is_symlink
    assert taken.content(folder / "file") == b"then"


def test_what_is_mounted_below_is_read_where_it_is(home: Path, tmp_path: Path) -> None:
    mark = Path("/dev/shm") / f"detours-{os.getpid()}"
    write(tmp_path / "snapshot/file", b"then")
    (tmp_path / "snapshot/shm").mkdir()
    write(mark / "file", b"now")
    try:
        filters = FilterSpec(excludes=("/dev/*", "!/dev/file", "!/dev/shm", "/dev/shm/*", f"!{mark}"), defaults=False)
        rig = Rig.of(home, b"/dev", filters=filters)
        taken = rig.taken(snap(rig, {b"/dev": bytes(tmp_path / "snapshot")}).snapshot)
        assert taken.content(b"/dev/file") == b"then"
        assert taken.content(mark / "file") == b"now"
        assert taken[b"/dev/shm"].mode == os.stat("/dev/shm").st_mode
        filters = replace(filters, one_file_system=True)
        rig = Rig.of(home, b"/dev", filters=filters)
        taken = rig.taken(snap(rig, {b"/dev": bytes(tmp_path / "snapshot")}).snapshot)
        assert taken[b"/dev/shm"].marks == Mark.EXCLUDED_MOUNT
        assert mark / "file" not in taken
    finally:
        shutil.rmtree(mark)


def test_the_place_itself_and_the_repository_are_not_met_again(home: Path) -> None:
    """The repository lies in the source, and so does the place, as when `/` is taken."""
    source, place = home / "all", home / "all/snapshot-of-it"
    write(place / "file", b"then")
    rig = Rig.of(home, source)
    rig.store = FolderStore(source / "repository", create=True)
    (place / "repository").mkdir()
    (place / "snapshot-of-it").mkdir()
    taken = rig.taken(snap(rig, {bytes(source): bytes(place)}).snapshot)
    assert set(taken.below(source)) == {bytes(source / "file"), bytes(source / "repository")}
    assert taken[source / "repository"].marks == Mark.EXCLUDED_MOUNT


TABLE = parse_mountinfo(
    b"""28 1 254:1 / / rw - ext4 /dev/vda1 rw
29 28 0:43 /@home /home rw - btrfs /dev/vdb rw
30 29 0:44 / /home/me/disk rw - ext4 /dev/vdc rw
31 28 0:45 / /run/snap/root ro - ext4 /dev/dm-1 ro
32 28 0:46 / /home/me/mnt ro - fuse.yester yester:/srv/repo ro
"""
)


def test_what_is_opened_elsewhere() -> None:
    detours = plan_detours({b"/": b"/run/snap/root"}, TABLE)
    opened = {path: detours.opened(path, b"name") for path in (b"/", b"/home", b"/home/me/disk", b"/run/snap/root")}
    assert opened == {
        b"/": b"/run/snap/root",
        b"/home": b"/home",
        b"/home/me/disk": b"/home/me/disk",
        b"/run/snap/root": b"name",
    }
    assert detours.opened(b"/home/me/mnt", b"name") == b"name", "our own mounts may hang, and are hidden"
    assert not plan_detours({b"/home": b"/home"}, TABLE)
    assert not NO_DETOURS


def test_holes_of_a_btrfs_snapshot_are_filled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with inode number 2 stands for a subvolume: it is read where it is, unless it is gone."""
    (folder / "subvolume").mkdir()
    (folder / "plain").mkdir()
    os.chmod(folder / "subvolume", 0o750)
    table = parse_mountinfo(b"1 1 0:43 / / rw - btrfs /dev/vdb rw\n")
    detours, probe, failures = plan_detours({bytes(folder): b"/snap"}, table), Probe(), list[bytes]()
    names, stats = probe.statuses(-100, [bytes(folder)] * 3, lambda name, error: None)
    monkeypatch.setattr(type(stats), "inodes", property(lambda self: [2, 257, 2]))
    asked = [b"gone", b"plain", b"subvolume"]
    names, found = detours.corrected(
        probe, -100, bytes(folder) + b"/", asked, stats, lambda name, error: failures.append(name)
    )
    assert (names, failures) == (asked, [])
    assert [oct(mode)[-3:] for mode in found.modes] == [oct(mode)[-3:] for mode in (*stats.modes[:2], 0o750)]
    opened = [detours.opened(bytes(folder / name), name.encode()) for name in ("gone", "plain", "subvolume")]
    assert opened == [b"gone", b"plain", bytes(folder / "subvolume")]


def test_where_else_folders_are_met(tmp_path: Path) -> None:
    inner = tmp_path / "a/b"
    found = there_too([bytes(inner), b"/elsewhere"], {bytes(tmp_path): b"/snap", bytes(tmp_path / "a"): b"/other"})
    assert found == [b"/other/b"]


@pytest.mark.parametrize(
    ("name", "place", "problem"),
    [
        ("", "", ""),
        ("", "/missing", "it is not there"),
        ("", "/inner/deep", "one is a folder, the other is not"),
        ("", "/link", "one is a folder, the other is not"),
        ("/file", "/left-out", "a file must have its own name there"),
        ("/file", "/linked/file", "Too many levels of symbolic links"),
        ("/file", "/file", ""),
    ],
)
def test_which_places_will_do(copied: dict[bytes, bytes], name: str, place: str, problem: str) -> None:
    ((source, there),) = copied.items()
    os.symlink(there, there + b"/link")
    os.mkdir(there + b"/linked")
    os.symlink(there + b"/file", there + b"/linked/file")
    asked, wanted = source + name.encode(), there + place.encode()
    found, problems = chosen([asked], {asked: wanted})
    assert found == ({} if problem else {asked: wanted})
    assert problems == ([(asked, f"{os.fsdecode(wanted)}: {problem}")] if problem else [])


def test_a_file_in_a_folder_that_is_taken_will_not_do(copied: dict[bytes, bytes]) -> None:
    """The walk lists a folder and opens its files there."""
    ((source, there),) = copied.items()
    asked, place = source + b"/file", there + b"/file"
    assert chosen([source, asked], {asked: place}) == (
        {},
        [(asked, f"{os.fsdecode(place)}: it lies in a source, whose files are all read there")],
    )


class Wishing(Recorder):
    """A plugin that wants sources read elsewhere."""

    def __init__(self, *pairs: tuple[bytes, bytes]) -> None:
        super().__init__()
        self.pairs = pairs

    def wishes(self) -> Wishes:
        return Wishes(read_from=self.pairs)


def test_hooks_may_wish_it_and_what_cannot_be_is_told(home: Path, folder: Path, copied: dict[bytes, bytes]) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    rig = Rig.of(home, link)
    ((_, place),) = copied.items()
    rig.hooks = Wishing((bytes(link), place))
    assert rig.taken(rig.snap().snapshot).content(folder / "file") == b"then"
    rig.hooks = Wishing((bytes(link), b"/missing"), (b"/elsewhere", place))
    assert rig.taken(rig.snap().snapshot).content(folder / "file") == b"now"
    said = [(event.path, event.text[-40:]) for event in rig.hooks.events if isinstance(event, Message)]
    assert said == [
        (str(link), "ut it is read where it is: /missing: it is not there"[-40:]),
        ("/elsewhere", f"is: {os.fsdecode(place)}: it is no source of this run"[-40:]),
    ]


class Deciding(Recorder):
    """A plugin that decides about entries: it leaves out what is called left-out."""

    wants_decisions = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bytes] = []

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        self.asked += [each.path for each in candidates]
        return {row: Decision(skip=True) for row, each in enumerate(candidates) if each.path.endswith(b"/left-out")}


def test_decisions_are_about_the_paths_of_the_source(
    home: Path, folder: Path, copied: dict[bytes, bytes], tmp_path: Path
) -> None:
    write(tmp_path / "third/deeper/file", b"third")
    (tmp_path / "third/left-out").mkdir()
    rig = Rig.of(home, folder, folder / "inner")
    places = {**copied, bytes(folder / "inner"): bytes(tmp_path / "third")}
    rig.hooks = hooks = Deciding()
    request = SnapshotRequest(rig.profile, "run", read_from=places)
    result = take_snapshot(
        rig.open(), request, places=rig.places, hooks=hooks, progress=NoProgress(), cancelled=lambda: False
    )
    taken = rig.taken(result.snapshot)
    kept = {folder / name for name in ("file", "inner", "inner/deeper", "inner/deeper/file")}
    assert set(taken.below(folder)) == {bytes(path) for path in kept}
    assert (taken.content(folder / "file"), taken.content(folder / "inner/deeper/file")) == (b"then", b"third")
    assert set(hooks.asked) == {bytes(path) for path in (folder, *kept, folder / "left-out", folder / "inner/left-out")}
