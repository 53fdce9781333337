"""What is known of mounts: their state, what they have done, and that nothing is left of the dead."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.fs.mounting import World
from tests.fs.test_serving import end, wait_for

from yester.engine.errors import YesterError
from yester.fs import unmounting
from yester.fs.known_mounts import KnownMount, MountState, clear_dead_mounts, known_mounts
from yester.fs.mounts import ActiveMount, is_dead
from yester.fs.registry import MountRegistry
from yester.fs.tally import Tally, TallyFile, read_tally
from yester.fs.unmounting import refuse_of_others, unmount


@pytest.fixture(autouse=True)
def _none_but_ours(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Whoever runs the tests may have mounts of their own, dead ones too, which are none of our business."""
    monkeypatch.setattr("yester.fs.known_mounts.active_mounts", world.mounts)


def mount_of(world: World) -> KnownMount:
    """The one mount of this world."""
    (found,) = [mount for mount in known_mounts(world.places.runtime) if mount.path == bytes(world.mountpoint)]
    return found


def pid_of(world: World) -> int:
    record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None
    return record.pid


def test_a_mount_is_known_with_what_it_shows_and_has_done(world: World) -> None:
    (world.source / "file").write_bytes(os.urandom(500_000))
    world.take()
    with world.mounted():
        mount = mount_of(world)
        assert (mount.state, mount.repository, mount.tally) == (MountState.LIVE, str(world.repository), Tally())
        assert mount.record is not None and mount.record.shows == "all"
        assert len((world.latest / "file").read_bytes()) == 500_000
        wait_for(lambda: mount_of(world).tally.reads > 0)
        # What is counted follows what is done; pages that the kernel keeps are asked for once.
        seen = mount_of(world).tally
        assert seen.hits > 0 and seen.misses > 0


@pytest.mark.parametrize(
    ("plan", "shows"),
    [({"profile": "docs"}, "profile docs"), ({"path": "{source}/folder"}, r"snapshot {sid} (docs@.*):{source}/folder")],
)
def test_what_a_narrowed_mount_shows(world: World, plan: dict[str, Any], shows: str) -> None:
    (world.source / "folder").mkdir()
    sid = world.take()
    given = {key: value.format(source=world.source) for key, value in plan.items()}
    with world.mounted(**given):
        record = mount_of(world).record
        begin, _, rest = shows.format(source=world.source, sid=sid.hex()[:8]).partition(".*")
        assert record is not None and record.shows.startswith(begin) and record.shows.endswith(rest)


def test_dead_mounts_are_recognised_and_cleared_and_live_ones_stay(world: World) -> None:
    world.take()
    assert world.try_to_mount().returncode == 0
    other = World.__new__(World)
    other.__dict__.update(world.__dict__, mountpoint=world.root / "other")
    other.mountpoint.mkdir()
    with other.mounted():
        end(pid_of(world), signal.SIGKILL)
        assert mount_of(world).state is MountState.DEAD
        cleared = [mount.path for mount in clear_dead_mounts(world.places.runtime)]
        assert cleared == [bytes(world.mountpoint)]
        assert os.listdir(world.mountpoint) == []
        assert MountRegistry(world.places.runtime).find(world.mountpoint) is None
        assert mount_of(other).state is MountState.LIVE and "latest" in os.listdir(other.mountpoint)
    assert list((world.places.runtime / "mounts").iterdir()) == []


def test_a_mount_that_does_not_answer_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server was stopped, or waits for something itself: it is there, and not dead."""
    ends = threading.Event()
    monkeypatch.setattr("yester.fs.known_mounts.is_dead", lambda path: ends.wait(60))
    monkeypatch.setattr("yester.fs.known_mounts.active_mounts", lambda: [ActiveMount(b"/mnt", "yester:/repo", "0:99")])
    monkeypatch.setattr("yester.fs.known_mounts.PATIENCE_S", 0.01)
    [mount] = known_mounts(tmp_path)
    assert (mount.path, mount.repository, mount.state) == (b"/mnt", "/repo", MountState.LIVE)
    ends.set()


def test_a_dead_mount_is_told_at_once_whatever_the_kernel_remembers_of_its_root(world: World) -> None:
    (world.source / "folder").mkdir()
    world.take()
    assert world.try_to_mount(path=f"{world.source}/folder").returncode == 0
    # The attributes of a snapshot's folder are kept for months, so that asking for them says nothing of the server.
    assert os.stat(world.mountpoint).st_ino == 1
    end(pid_of(world), signal.SIGKILL)
    assert is_dead(world.mountpoint) and mount_of(world).state is MountState.DEAD
    unmount(world.mountpoint, world.places.runtime)
    assert world.mounts() == []


def test_what_is_left_of_a_mount_that_was_taken_away_by_others_is_swept(world: World) -> None:
    world.take()
    assert world.try_to_mount().returncode == 0
    end(pid_of(world), signal.SIGKILL)
    assert os.system(f"fusermount3 -u -z {world.mountpoint}") == 0
    assert list((world.places.runtime / "mounts").iterdir())
    clear_dead_mounts(world.places.runtime)
    assert list((world.places.runtime / "mounts").iterdir()) == []


def test_a_mount_without_a_record_is_known_by_what_the_kernel_tells(world: World, tmp_path: Path) -> None:
    world.take()
    with world.mounted():
        (found,) = [mount for mount in known_mounts(tmp_path / "elsewhere") if mount.path == bytes(world.mountpoint)]
        assert (found.state, found.record) == (MountState.LIVE, None)
        assert found.repository == str(world.repository)


def test_a_record_of_an_earlier_server_does_not_make_a_live_mount_dead(world: World) -> None:
    world.take()
    with world.mounted():
        tally = next((world.places.runtime / "mounts").glob("*.tally"))
        tally.rename(tally.with_suffix(".away"))
        assert mount_of(world).state is MountState.LIVE
        tally.with_suffix(".away").rename(tally)


def renamed(world: World, name: str) -> World:
    """The same world after the folder above its mount point got another name."""
    (world.root / "above").rename(world.root / name)
    other = World.__new__(World)
    other.__dict__.update(world.__dict__, mountpoint=world.root / name / "mnt")
    return other


@pytest.fixture
def below(world: World) -> World:
    """A world whose mount point lies in a folder of its own."""
    world.mountpoint = world.root / "above" / "mnt"
    world.mountpoint.mkdir(parents=True)
    world.take()
    return world


def test_a_mount_is_known_after_a_folder_above_was_renamed(below: World) -> None:
    assert below.try_to_mount().returncode == 0
    before = mount_of(below)
    moved = renamed(below, "elsewhere")
    assert mount_of(moved).record == before.record is not None
    # What is mounted at the old place since is another one, and neither takes the other's record.
    below.mountpoint.mkdir(parents=True)
    with below.mounted():
        assert mount_of(moved).record == before.record
        assert mount_of(below).record not in (None, before.record)
    clear_dead_mounts(below.places.runtime)
    assert mount_of(moved).record == before.record
    unmount(moved.mountpoint, below.places.runtime)
    assert below.mounts() == [] and list((below.places.runtime / "mounts").iterdir()) == []


def test_a_server_that_is_told_to_end_takes_away_its_mount_that_was_renamed(below: World) -> None:
    assert below.try_to_mount().returncode == 0
    pid = pid_of(below)
    renamed(below, "elsewhere")
    end(pid, signal.SIGTERM)
    assert below.mounts() == [] and list((below.places.runtime / "mounts").iterdir()) == []


def test_a_dead_mount_that_was_renamed_is_cleared_with_its_record(below: World) -> None:
    assert below.try_to_mount().returncode == 0
    end(pid_of(below), signal.SIGKILL)
    moved = renamed(below, "elsewhere")
    assert (mount_of(moved).state, mount_of(moved).record is not None) == (MountState.DEAD, True)
    clear_dead_mounts(below.places.runtime)
    assert below.mounts() == [] and list((below.places.runtime / "mounts").iterdir()) == []


def test_open_files_are_counted(world: World) -> None:
    (world.source / "file").write_text("one")
    world.take()
    with world.mounted():
        with open(world.latest / "file"), open(world.latest / "file"):
            wait_for(lambda: mount_of(world).tally.open_files == 2)
        wait_for(lambda: mount_of(world).tally.open_files == 0)


def test_the_mount_of_somebody_else_is_refused_in_words() -> None:
    theirs = ActiveMount(b"/mnt/a", "yester:/srv", "0:52", 4711_4711)
    refuse_of_others(theirs, 0)
    refuse_of_others(theirs, 4711_4711)
    with pytest.raises(YesterError, match="/mnt/a is a mount of user 47114711's") as caught:
        refuse_of_others(theirs, 1000)
    assert "sudo yester umount /mnt/a" in caught.value.hint


@pytest.mark.usefixtures("as_root")
def test_who_mounted_it_is_said_to_others(world: World) -> None:
    world.take()
    world.root.chmod(0o755)
    with world.mounted(others=True):
        (found,) = world.mounts()
        assert found.user == 0
        os.seteuid(65534)
        try:
            with pytest.raises(YesterError, match="is a mount of root's"):
                unmount(world.mountpoint, world.root / "nobody")
        finally:
            os.seteuid(0)
        assert mount_of(world).state is MountState.LIVE


def test_who_holds_a_mount_for_a_moment_only_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.take()
    assert world.try_to_mount().returncode == 0
    try:
        honest, said = unmounting._run, ["umount: target is busy."] * 2
        monkeypatch.setattr(unmounting, "_run", lambda *words: said.pop() if said else honest(*words))
        monkeypatch.setattr(unmounting, "BUSY_PAUSE_S", 0.0)
        unmount(world.mountpoint, world.places.runtime)
        assert (world.mounts(), said) == ([], [])
    finally:
        if world.mounts():
            honest("-u", "-z", world.mountpoint)


def test_a_busy_mount_is_let_go_lazily(world: World) -> None:
    (world.source / "file").write_text("one")
    world.take()
    assert world.try_to_mount().returncode == 0
    pid = pid_of(world)
    with open(world.latest / "file") as file:
        with pytest.raises(YesterError, match="is busy") as caught:
            unmount(world.mountpoint, world.places.runtime)
        assert "yester umount --lazy" in caught.value.hint
        unmount(world.mountpoint, world.places.runtime, lazy=True)
        assert world.mounts() == [] and os.listdir(world.mountpoint) == []
        # Another may take its place, and is not forgotten when the first one ends.
        with world.mounted():
            assert file.read() == "one"
            file.close()
            wait_for(lambda: not alive(pid))
            assert mount_of(world).record is not None and mount_of(world).state is MountState.LIVE


def test_a_server_that_was_let_go_and_is_told_to_end_leaves_the_mount_that_took_its_place(world: World) -> None:
    (world.source / "file").write_text("one")
    world.take()
    assert world.try_to_mount().returncode == 0
    pid = pid_of(world)
    with open(world.latest / "file"):
        unmount(world.mountpoint, world.places.runtime, lazy=True)
        with world.mounted():
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not alive(pid))
            assert (world.latest / "file").read_text() == "one"
            assert mount_of(world).record is not None and mount_of(world).state is MountState.LIVE


def test_a_mount_point_that_is_a_link_is_the_folder_that_it_leads_to(world: World) -> None:
    world.take()
    link, folder = world.mountpoint, world.root / "folder"
    world.mountpoint.rename(folder)
    link.symlink_to("other")
    link.with_name("other").symlink_to(folder)
    assert world.try_to_mount().returncode == 0
    (found,) = known_mounts(world.places.runtime)
    assert found.path == bytes(folder) and found.record is not None
    assert "already" in world.try_to_mount().stderr
    unmount(link, world.places.runtime)
    assert world.mounts() == [] and list((world.places.runtime / "mounts").iterdir()) == []


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_tally_is_read_by_others_while_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "key.tally"
    assert read_tally(path) == (Tally(), False)
    held = TallyFile(path)
    held.write(Tally(1, 2, 3, 4))
    assert read_tally(path) == read_tally(path) == (Tally(1, 2, 3, 4), True)
    later = TallyFile(path)
    held.write(Tally(9, 9, 9, 9))
    assert read_tally(path) == (Tally(), True)
    os.close(later._fd)
    assert read_tally(path) == (Tally(), False)
    path.write_bytes(b"torn")
    assert read_tally(path) == (Tally(), False)
