"""What people give that cannot work: one sentence that says what to do, the right exit code, and nothing lost.

By the real command line. The list is that of the first issue; damage to repositories is in test_damage.py.
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from blake3 import blake3
from tests.comparison import compare
from tests.engine.restoring_rig import as_nobody
from tests.rig import Rig
from tests.tui.cli.conftest import (  # noqa: F401 - fixtures are found by name
    Ended,
    Yester,
    docs,
    environment,
    finish,
    is_one_complaint,
    plain,
    start,
    yester,
)

from yester.engine.entries import Mark
from yester.engine.sealed.config import CONFIG_NAME

NOBODY = 65534

pytestmark = pytest.mark.timeout(180)


def assert_refused(done: Ended, code: int, *words: str, hint: bool = True) -> None:
    """One complaint with a hint, this exit code, these words, and nothing that moves the cursor."""
    assert done.code == code, done
    assert is_one_complaint(done.err), done.err
    assert ("  hint: " in done.err) or not hint, done.err
    assert "defect" not in done.err and "Traceback" not in done.err, done.err
    assert all(line.isprintable() for line in done.err.splitlines()), done.err
    for word in words:
        assert word in done.err, done.err


def assert_sound(yester: Yester, repository: Path | str = "") -> None:
    done = yester("check", "--read-data", *(("--repo", repository) if repository else ()))
    assert done.code == 0, done


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    """The default repository with one snapshot of `docs` under the profile of that name."""
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    return plain


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of its own; only root can make one."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


# Paths that are not there.


def test_paths_that_are_not_there(yester: Yester, taken: Path, docs: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert_refused(yester("profile", "add", "new", nowhere), 2, str(nowhere))
    assert_refused(yester("restore", "latest", nowhere, "--target", tmp_path / "back"), 2, str(nowhere))
    assert_refused(yester("mount", nowhere), 2, str(nowhere), "mkdir")
    assert_refused(yester("umount", nowhere), 2, str(nowhere))
    assert_refused(yester("show", f"latest:{nowhere}"), 2, str(nowhere))
    for command in (("list",), ("check",), ("show", "latest"), ("restore", "latest", "--target", tmp_path / "back")):
        assert_refused(yester(*command, "--repo", nowhere), 6, str(nowhere), "yester init")
    docs.rename(tmp_path / "moved")
    assert_refused(yester("snap", "docs"), 2, str(docs))
    (tmp_path / "moved").rename(docs)
    assert yester("snap", "docs").code == 0
    assert not (tmp_path / "back").exists()


def test_a_source_of_several_that_is_gone_is_said_and_the_others_are_taken(
    yester: Yester, plain: Path, docs: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    yester("profile", "add", "two", docs, other)
    other.rmdir()
    done = yester("snap", "two")
    assert done.code == 3 and str(other) in done.err
    other.mkdir()
    assert yester("snap", "two").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("restore", "latest", "--target", ""),
        ("restore", "latest", "--target="),
        ("mount", ""),
        ("profile", "add", "new", ""),
        ("list", "--repo", ""),
        ("snap", ""),
    ],
)
def test_a_variable_that_is_not_set_does_not_mean_the_current_folder(
    yester: Yester, taken: Path, arguments: tuple[str, ...]
) -> None:
    assert_refused(yester(*arguments), 2, "variable")


# Repositories that are none.


def test_repositories_that_are_none(yester: Yester, taken: Path, docs: Path, tmp_path: Path) -> None:
    empty, file, link = tmp_path / "empty", docs / "b.txt", tmp_path / "link"
    empty.mkdir()
    link.symlink_to(tmp_path / "nowhere")
    for place, words in ((empty, "is empty"), (file, "not a folder"), (docs, "other files"), (link, "link")):
        assert_refused(yester("list", "--repo", place), 6, words, hint=place != link)
        assert_refused(yester("check", "--repo", place), 6, words, hint=place != link)
    assert_refused(yester("init", docs, "--no-encryption"), 6, "not empty")
    assert_refused(yester("init", file, "--no-encryption"), 6)
    assert_refused(yester("init", taken, "--no-encryption"), 6, "already")
    assert sorted(path.name for path in docs.iterdir()) == ["b.txt", "letters"]


def test_wrong_passphrases(
    yester: Yester, docs: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "right")
    assert yester("init").code == 0
    yester("profile", "add", "docs", docs)
    assert yester("snap", "docs").code == 0
    commands = (("list",), ("check",), ("show", "latest"), ("restore", "latest", "--target", tmp_path / "back"))
    monkeypatch.setenv("YESTER_PASSPHRASE", "wrong")
    for command in (*commands, ("snap", "docs"), ("mount", tmp_path)):
        assert_refused(yester(*command), 6 if command[0] != "mount" else 2)
    monkeypatch.delenv("YESTER_PASSPHRASE")
    done = finish(start("list"))
    assert_refused(done, 6, "YESTER_PASSPHRASE")
    monkeypatch.setenv("YESTER_PASSPHRASE", "right")
    assert yester("snap", "docs").code == 0
    assert_sound(yester)


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("YESTER_REPOSITORY", "/nowhere/at/all", 6),
        ("YESTER_REPOSITORY", "gopher://host/place", 2),
        ("YESTER_REPOSITORY", "/odd\udcff\n\x1b[31m", 6),
        ("YESTER_PASSPHRASE", "", 2),
        ("YESTER_PASSPHRASE_FILE", "/nowhere", 2),
        ("YESTER_PASSPHRASE_FILE", "/dev", 2),
        ("YESTER_PASSPHRASE_FILE", "/dev/null", 2),
        ("YESTER_PASSPHRASE_COMMAND", "false", 2),
        ("YESTER_PASSPHRASE_COMMAND", "/nowhere", 2),
        ("YESTER_PASSPHRASE_COMMAND", "'", 2),
        ("YESTER_PASSPHRASE_COMMAND", "head -c 3000000 /dev/zero", 2),
        ("XDG_STATE_HOME", "/dev/null/x", 1),
        ("XDG_CACHE_HOME", "/dev/null/x", 1),
    ],
)
def test_nonsense_in_the_environment(
    yester: Yester, docs: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: int
) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "right")
    yester("init")
    yester("profile", "add", "docs", docs)
    monkeypatch.delenv("YESTER_PASSPHRASE")
    if not variable.startswith("YESTER_PASSPHRASE"):
        monkeypatch.setenv("YESTER_PASSPHRASE", "right")
    with monkeypatch.context() as patch:
        patch.setenv(variable, value)
        assert_refused(yester("snap", "docs"), code)
    monkeypatch.setenv("YESTER_PASSPHRASE", "right")
    assert yester("snap", "docs").code == 0


@pytest.mark.parametrize("kind", [CONFIG_NAME, "key", "data", "meta", "index", "snap"])
def test_an_object_that_is_cut_short_or_flipped(yester: Yester, taken: Path, docs: Path, kind: str) -> None:
    """The sentence is one, whatever command meets it; and with the object put back all is well."""
    (name,) = [path for path in sorted(taken.rglob("*")) if path.is_file() and path.name.split(".")[0] == kind][:1]
    good = name.read_bytes()
    name.chmod(0o600)
    for bad in (good[: len(good) // 2], b"", good[:-1] + bytes([good[-1] ^ 1])):
        name.write_bytes(bad)
        done = yester("check", "--read-data")
        assert done.code in (5, 6), done
        assert "Traceback" not in done.err and "defect" not in done.err and done.err.startswith("yester: ")
        if kind not in (CONFIG_NAME, "key"):
            assert name.name in done.err
    name.write_bytes(good)
    assert_sound(yester)
    assert yester("snap", "docs").code == 0


@pytest.mark.parametrize("part", ["version", "feature"])
def test_a_repository_of_a_newer_version(yester: Yester, taken: Path, docs: Path, part: str) -> None:
    """A config that a later program wrote: its version, or a feature that this one does not know."""
    config = taken / CONFIG_NAME
    good = config.read_bytes()
    head, body = bytearray(good[:16]), msgspec.msgpack.decode(good[16:-64])
    if part == "version":
        head[6] += 1
    else:
        body["features"] = ["time-travel"]
    packed = msgspec.msgpack.encode(body)
    head[12:16] = len(packed).to_bytes(4, "little")
    newer = bytes(head) + packed + bytes(32)
    config.chmod(0o600)
    config.write_bytes(newer + blake3(newer).digest())
    for command in (("list",), ("snap", "docs"), ("check",), ("restore", "latest", "--target", docs / "back")):
        assert_refused(yester(*command), 6, "this program", "Upgrade yester")
    config.write_bytes(good)
    assert_sound(yester)


# Disks that are full, read-only, forbidden.


@pytest.mark.usefixtures("as_root")
def test_a_full_disk_in_mid_run(yester: Yester, docs: Path, tmp_path: Path) -> None:
    """At whatever point the repository's disk is full: it is said, and with room the next run goes on."""
    noise = random.Random(1)
    for row in range(30):
        (docs / str(row)).write_bytes(noise.randbytes(100_000))
    with small_disk(tmp_path / "disk", "64k") as disk:
        repository = disk / "repository"
        assert yester("init", repository, "--no-encryption").code == 0
        assert yester("profile", "add", "docs", docs, "--repo", repository).code == 0
        sizes = [64, 100, 300, 1000, 2000, 3000, 3100, 3150, 3200]
        refused = 0
        for size in sizes:
            remount(disk, f"size={size}k")
            done = yester("snap", "docs")
            if done.code == 0:
                break
            assert_refused(done, 1, "No space left", "Make room")
            assert_sound(yester, repository)
            refused += 1
        assert refused >= 4
        remount(disk, "size=40m")
        assert yester("snap", "docs").code == 0
        assert_sound(yester, repository)
        target = tmp_path / "back"
        assert yester("restore", "docs@latest", docs, "--target", target).code == 0
        assert compare(docs, target / "docs") == []


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"])
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_own_folders_that_cannot_be_written(
    yester: Yester,
    taken: Path,
    fuse: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    how: str,
) -> None:
    """A command does its work or says what is in the way, and leaves neither a dead mount nor a lost snapshot."""
    mountpoint = tmp_path / "mnt"
    mountpoint.mkdir()
    with small_disk(tmp_path / "disk", "200k") as disk:
        shutil.copytree(os.environ[variable], disk, dirs_exist_ok=True)
        monkeypatch.setenv(variable, str(disk))
        if how == "full":
            with pytest.raises(OSError, match="No space"):
                (disk / "fill").write_bytes(bytes(1 << 20))
        else:
            remount(disk, "ro")
        said = {
            "snap": yester("snap", "docs"),
            "list": yester("list"),
            "check": yester("check"),
            "restore": yester("restore", "latest", "--target", tmp_path / "back"),
            "mount": yester("mount", mountpoint),
        }
        for command, done in said.items():
            assert done.code in (0, 1), (command, done)
            if done.code:
                assert_refused(done, 1, str(disk))
            assert "defect" not in done.err
        if said["mount"].code == 0:
            assert yester("umount", mountpoint).code == 0
        assert os.listdir(mountpoint) == [], "no dead mount is left"
        listed = len(yester("list").out.splitlines()) - 1
        assert listed == 1 + (said["snap"].code == 0), "what failed took no snapshot, what took one did not fail"
        remount(disk, "rw,size=20m")
        (disk / "fill").unlink(missing_ok=True)
        assert yester("snap", "docs").code == 0
        assert_sound(yester)


@pytest.mark.usefixtures("as_root")
def test_a_read_only_repository_can_be_read(yester: Yester, docs: Path, fuse: None, tmp_path: Path) -> None:
    mountpoint = tmp_path / "mnt"
    mountpoint.mkdir()
    with small_disk(tmp_path / "disk", "20m") as disk:
        repository = disk / "repository"
        yester("init", repository, "--no-encryption")
        yester("profile", "add", "docs", docs, "--repo", repository)
        assert yester("snap", "docs").code == 0
        remount(disk, "ro")
        assert_refused(yester("snap", "docs"), 1, "Read-only")
        assert yester("list", "--repo", repository).code == 0
        assert_sound(yester, repository)
        assert yester("restore", "latest", docs, "--target", tmp_path / "back", "--repo", repository).code == 0
        assert compare(docs, tmp_path / "back" / "docs") == []
        assert yester("mount", mountpoint, "--repo", repository).code == 0
        assert compare(docs, mountpoint / "latest" / docs.relative_to("/")) == []
        assert yester("umount", mountpoint).code == 0
        remount(disk, "rw")
        assert yester("snap", "docs").code == 0


@pytest.mark.passable
def test_permission_denied(yester: Yester, taken: Path, docs: Path, fuse: None, home: Path, tmp_path: Path) -> None:
    """A source file, a repository, a target and a mount point that are not theirs, for one who is not root."""
    secret, closed, mountpoint = docs / "letters" / "a.txt", tmp_path / "closed", tmp_path / "mnt"
    closed.mkdir()
    mountpoint.mkdir()
    for command in (("check",), ("restore", "latest", "--target", tmp_path / "before"), ("list",)):
        assert yester(*command).code == 0  # which also loads all that another user may not
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", tmp_path], check=True)
    with as_nobody():
        secret.chmod(0o000)
        closed.chmod(0o000)
        done = yester("snap", "docs")
        assert done.code == 3 and "Permission denied" in done.err and str(secret) in done.err, done
        assert_refused(yester("init", closed / "repo", "--no-encryption"), 6, "Permission denied")
        assert_refused(yester("list", "--repo", closed), 6, "Permission denied")
        assert_refused(yester("restore", "latest", "--target", closed / "back"), 1, "denied")
        assert_refused(yester("mount", closed), 2, "cannot be read")
        closed.chmod(0o700)
        taken.chmod(0o500)
        for folder in taken.iterdir():
            folder.chmod(0o500 if folder.is_dir() else 0o400)
        assert_refused(yester("snap", "docs"), 1, "Permission denied")
        done = yester("restore", "latest", docs, "--target", tmp_path / "back")
        assert done.code == 3 and "could not be read when" in done.err and str(secret) in done.err, done
        for folder in taken.iterdir():
            folder.chmod(0o700)
        secret.chmod(0o644)
        assert yester("snap", "docs").code == 0
        assert_sound(yester)


# Mount points.


def test_mount_points_that_will_not_do(yester: Yester, taken: Path, docs: Path, fuse: None, tmp_path: Path) -> None:
    inside, around, mountpoint = taken / "empty", tmp_path / "around", tmp_path / "mnt"
    inside.mkdir()
    mountpoint.mkdir()
    assert_refused(yester("mount", docs), 2, "not empty")
    assert_refused(yester("mount", docs / "b.txt"), 2, "not a folder")
    assert_refused(yester("mount", inside), 2, "inside the repository")
    around.symlink_to(inside)
    assert_refused(yester("mount", around), 2, "inside the repository")
    assert yester("mount", mountpoint).code == 0
    assert_refused(yester("mount", mountpoint), 2, "already", "umount")
    assert_refused(yester("snap", "nobody"), 2)
    assert yester("umount", mountpoint).code == 0
    assert_refused(yester("umount", mountpoint), 2, "not a mount")


def test_a_dead_mount_is_cleared_and_mounted_again(yester: Yester, taken: Path, fuse: None, tmp_path: Path) -> None:
    mountpoint = tmp_path / "mnt"
    mountpoint.mkdir()
    for end in ("umount", "mount"):
        server = start("mount", mountpoint, "--foreground")
        assert server.stdout is not None and b"mounted" in server.stdout.readline()
        server.kill()
        server.communicate()
        with pytest.raises(OSError, match="not connected"):
            os.listdir(mountpoint)
        # A run passes it by: nothing below a dead mount can be looked at.
        assert yester("snap", "docs").code == 0
        assert yester(end, mountpoint).code == 0
    assert (mountpoint / "latest").is_symlink()
    assert yester("umount", mountpoint).code == 0


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("lack", ["device", "refused"])
def test_a_machine_that_cannot_mount(yester: Yester, taken: Path, tmp_path: Path, lack: str) -> None:
    """In a mount namespace of its own: no /dev/fuse; or one that cannot be opened."""
    mountpoint = tmp_path / "mnt"
    mountpoint.mkdir()
    hide = {
        "device": "mount -t tmpfs none /dev",
        "refused": f"touch {tmp_path}/plain && mount -o bind,ro {tmp_path}/plain /dev/fuse",
    }[lack]
    command = f"{hide} && exec {sys.executable} -P -m yester mount {mountpoint}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command], env=environment(), capture_output=True, text=True, check=False
    )
    assert_refused(Ended(done.returncode, done.stdout, done.stderr), 1, "/dev/fuse")
    assert os.listdir(mountpoint) == []


# Names, times, kinds.


def test_odd_names_never_reach_the_terminal_raw(yester: Yester, plain: Path, docs: Path, tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\x1b[31mred\x1b]0;title\x07\nline\t\xc2\x9b")
    (docs / odd).mkdir()
    (docs / odd / odd).write_text("x")
    os.setxattr(docs / odd / odd, b"user.\xff\n\x1b[31m", b"\x1b\x00\xff")
    assert yester("profile", "add", "odd", docs / odd).code == 0
    (docs / odd / "fails").write_text("x")
    said = [
        yester("snap", "odd"),
        yester("show", "latest"),
        yester("show", f"latest:{docs / odd}"),
        yester("show", f"latest:{docs / odd / odd}"),
        yester("profile", "list"),
        yester("list"),
        yester("restore", "latest", docs / odd, "--target", tmp_path / odd),
        yester("check"),
    ]
    for done in said:
        assert done.code == 0, done
        assert all(line.isprintable() for line in (done.out + done.err).splitlines()), done
    assert compare(docs / odd, tmp_path / odd / odd) == []
    for arguments in (
        ("show", odd),
        ("snap", odd),
        (odd,),
        ("list", "--repo", f"/{odd}"),
        ("mount", f"/{odd}"),
        ("umount", f"/{odd}"),
        ("profile", "add", odd, str(docs)),
        ("profile", "add", "new", f"/{odd}"),
        ("profile", "add", "new", str(docs), "--repo", f"/{odd}"),
        ("list", "--profile", odd),
        ("check", f"--read-data={odd}"),
        ("restore", "latest", f"/{odd}", "--target", str(tmp_path / "t")),
        ("restore", "latest", "--target", str(docs / odd / odd)),
    ):
        done = yester(*arguments)
        assert_refused(done, done.code)
        assert done.code in (1, 2, 6)


def test_a_mount_point_and_a_repository_of_odd_names(yester: Yester, docs: Path, fuse: None, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff\n, \\x")
    mountpoint, repository = odd / "mnt", odd / "repository"
    mountpoint.mkdir(parents=True)
    assert yester("init", repository, "--no-encryption").code == 0
    done = yester("profile", "add", "docs", docs, "--repo", repository)
    assert_refused(done, 2, "UTF-8")
    plain_name = tmp_path / "link"
    plain_name.symlink_to(repository)
    assert yester("profile", "add", "docs", docs, "--repo", plain_name).code == 0
    assert yester("snap", "docs").code == 0
    assert yester("mount", mountpoint, "--repo", repository).code == 0
    assert compare(docs, mountpoint / "latest" / docs.relative_to("/")) == []
    assert yester("umount", mountpoint).code == 0
    assert_sound(yester, repository)


def test_times_before_1970_and_after_2106(yester: Yester, plain: Path, docs: Path, tmp_path: Path) -> None:
    for name, seconds in (("old", -2_000_000_000), ("before", -1), ("new", 4_294_967_297), ("far", 9_000_000_000)):
        (docs / name).write_text(name)
        os.utime(docs / name, ns=(0, seconds * 10**9 + 123_456_789))
    yester("profile", "add", "docs", docs)
    assert yester("snap", "docs").code == 0
    assert "1906" in yester("show", f"latest:{docs}").out
    assert yester("restore", "latest", docs, "--target", tmp_path / "back").code == 0
    assert compare(docs, tmp_path / "back" / "docs") == []


def test_sources_that_are_no_files(yester: Yester, taken: Path, docs: Path, tmp_path: Path) -> None:
    fifo, place = docs / "fifo", docs / "later"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(docs / "socket"))
    for source in (fifo, docs / "socket", Path("/dev/null")):
        assert_refused(yester("profile", "add", "new", source), 2, str(source))
    place.mkdir()
    yester("profile", "add", "later", place)
    place.rmdir()
    os.mkfifo(place)
    assert_refused(yester("snap", "later"), 2, "fifo")
    # In a folder they are entries like any other, and nobody waits for a writer.
    assert yester("snap", "docs").code == 0
    assert yester("restore", "latest", docs, "--target", tmp_path / "back").code == 0
    assert compare(docs, tmp_path / "back" / "docs") == []


def test_symlink_loops(yester: Yester, plain: Path, docs: Path, tmp_path: Path) -> None:
    (docs / "self").symlink_to(".")
    (docs / "a").symlink_to("c")
    (docs / "c").symlink_to("a")
    assert_refused(yester("profile", "add", "loop", docs / "a"), 2, str(docs / "a"))
    yester("profile", "add", "docs", docs)
    assert yester("snap", "docs").code == 0
    assert yester("restore", "latest", docs, "--target", tmp_path / "back").code == 0
    assert compare(docs, tmp_path / "back" / "docs") == []


# Sources and repositories within each other.


def test_a_repository_within_the_source_is_left_out_and_a_source_within_it_is_said(
    yester: Yester, taken: Path, home: Path, tmp_path: Path
) -> None:
    yester("profile", "add", "home", home)
    assert yester("snap", "home").code == 0
    assert "does not" not in yester("show", f"home@latest:{taken}").err
    assert yester("show", f"home@latest:{taken / 'config'}").code == 2
    yester("profile", "add", "inside", taken / "data")
    done = yester("snap", "inside")
    assert done.code == 3 and "never taken" in done.err
    assert_refused(yester("restore", "latest", "--target", taken / "new"), 2, "inside the repository")
    assert not (taken / "new").exists()
    assert_sound(yester)


@pytest.mark.usefixtures("as_root")
def test_a_source_on_another_file_system(yester: Yester, plain: Path, docs: Path, tmp_path: Path) -> None:
    """--one-file-system keeps to that of each source, whichever it is, and one source may lie in another."""
    outer = tmp_path / "outer"
    with small_disk(outer, "1m"):
        (outer / "file").write_text("outer")
        with small_disk(outer / "inner", "1m"), small_disk(outer / "third", "1m"):
            (outer / "inner" / "file").write_text("inner")
            (outer / "third" / "file").write_text("third")
            yester("profile", "add", "one", outer, "--one-file-system")
            yester("profile", "add", "both", tmp_path, outer, outer / "inner", "--one-file-system", "--exclude", "home")
            yester("profile", "add", "all", outer)
            kept = {}
            for profile in ("one", "both", "all"):
                done = yester("snap", profile)
                assert done.code == 0, done
                names = ("", "inner", "third")
                paths = {name: outer / name / "file" for name in names}
                kept[profile] = [name for name in names if yester("show", f"{profile}@latest:{paths[name]}").code == 0]
    assert kept == {"one": [""], "both": ["", "inner"], "all": ["", "inner", "third"]}


def test_the_root_as_source(yester: Yester, plain: Path, docs: Path) -> None:
    rest = [name for name in os.listdir("/") if name != docs.parts[1]]
    excludes = [part for name in rest for part in ("--exclude", f"/{name}/*")]
    above = [path for path in docs.parents if len(path.parts) > 1]
    for folder in above:
        beside = [each for each in os.listdir(folder) if not docs.is_relative_to(folder / each)]
        excludes += [part for name in beside for part in ("--exclude", str(folder / name))]
    assert yester("profile", "add", "root", "/", "--no-default-excludes", *excludes).code == 0
    assert yester("snap", "root").code in (0, 3)
    assert "letters" in yester("show", f"root@latest:{docs}").out


# Things that move.


def test_a_file_that_grows_without_end(yester: Yester, plain: Path, docs: Path, tmp_path: Path) -> None:
    growing = docs / "growing"
    growing.touch()
    writer = subprocess.Popen([sys.executable, "-c", GROW, growing], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        yester("profile", "add", "docs", docs)
        done = yester("snap", "docs")
        assert done.code == 0, done
    finally:
        writer.kill()
        writer.communicate()
    assert yester("restore", "latest", growing, "--target", tmp_path / "back").code == 0
    back = (tmp_path / "back" / "growing").read_bytes()
    assert back and growing.read_bytes().startswith(back)
    assert_sound(yester)
    assert yester("snap", "docs").code == 0


GROW = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
block = bytes(range(256)) * 64
for _ in range(64):
    os.write(file, block)
print(flush=True)
size = 0
while size < 1 << 30:
    size += os.write(file, block)
"""


def test_a_folder_that_changes_all_the_time(home: Path, tmp_path: Path) -> None:
    """Files and folders come, go and turn into each other meanwhile: what stands still is right, the rest is marked."""
    source, stop = tmp_path / "source", threading.Event()
    for row in range(200):
        (source / f"{row % 10}").mkdir(parents=True, exist_ok=True)
        (source / f"{row % 10}" / f"still-{row}").write_bytes(bytes([row]) * 3000)
    rig = Rig.of(home, source)
    shaker = threading.Thread(target=shake, args=(source, stop))
    shaker.start()
    try:
        results = [rig.snap() for _ in range(8)]
    finally:
        stop.set()
        shaker.join()
    for result in results:
        taken = rig.taken(result.snapshot)
        for row in range(200):
            path = source / f"{row % 10}" / f"still-{row}"
            assert taken.content(path) == bytes([row]) * 3000
        for name in taken.below(source):
            entry = taken[name]
            if entry.is_file and not entry.marks & Mark.UNREADABLE:
                assert len(taken.content(name)) == entry.size


def shake(source: Path, stop: threading.Event) -> None:
    dice = random.Random(3)
    while not stop.is_set():
        path = source / str(dice.randrange(10)) / f"moving-{dice.randrange(20)}"
        kind = dice.randrange(4)
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        if kind == 0:
            path.write_bytes(bytes(dice.randrange(100_000)))
        elif kind == 1:
            path.mkdir()
            (path / "in").write_text("x")
        elif kind == 2:
            path.symlink_to("still")


# Profiles broken by hand.


BREAKING: list[tuple[Callable[[str], str], str]] = [
    (lambda text: text.replace("sources", "surces"), "Did you mean sources"),
    (lambda text: text.replace("sources = [", "sources = "), "TOML"),
    (lambda text: "nonsense\n" + text, "TOML"),
    (lambda text: "", "missing"),
    (lambda text: re.sub(r"sources = \[.*?\]", "sources = 3", text, flags=re.DOTALL), "a list of paths"),
    (lambda text: re.sub(r"sources = \[.*?\]", "sources = []", text, flags=re.DOTALL), "absolute"),
    (lambda text: re.sub(r"sources = \[.*?\]", 'sources = ["relative"]', text, flags=re.DOTALL), "absolute"),
    (lambda text: re.sub(r"sources = \[.*?\]", r'sources = ["/a\\u0000b"]', text, flags=re.DOTALL), "u0000"),
    (lambda text: re.sub(r'id = ".*"', 'id = "x"', text), "hex"),
    (lambda text: "compression = 99\n" + text, "level"),
    (lambda text: text + "[[filters]]\n", "TOML"),
    (lambda text: text.replace("[filters]", '[filters]\nexclude_larger_than = "much"'), "size"),
    (lambda text: text.replace("[filters]", f'[filters]\nexclude_larger_than = "1{"0" * 400}G"'), "size"),
    (lambda text: text.replace("[filters]", '[filters]\nexclude = ["\\\\"]'), "pattern"),
    (lambda text: text.replace("[filters]", '[filters]\nexclude_files = ["/nowhere"]'), "/nowhere"),
]


def test_profiles_broken_by_hand(yester: Yester, taken: Path, home: Path) -> None:
    file = home / ".config/yester/profiles/docs.toml"
    good = file.read_text()
    for change, words in BREAKING:
        file.write_text(change(good))
        assert_refused(yester("snap", "docs"), 2, words)
    file.write_bytes(b"\xff\xfe")
    assert_refused(yester("snap", "docs"), 2, "UTF-8")
    file.unlink()
    file.mkdir()
    assert_refused(yester("snap", "docs"), 2, "directory")
    file.rmdir()
    file.write_text(good)
    assert yester("snap", "docs").code == 0


def test_two_profiles_of_one_name(yester: Yester, taken: Path, docs: Path) -> None:
    assert_refused(yester("profile", "add", "docs", docs), 2, "already")
    assert_refused(yester("profile", "add", "../docs", docs), 2)
    assert yester("snap", "docs").code == 0


# Naming snapshots.


def test_names_of_snapshots_that_do_not_fit(yester: Yester, taken: Path, tmp_path: Path) -> None:
    for _ in range(20):
        yester("snap", "docs")
    ids = [line.split()[2] for line in yester("list").out.splitlines()[1:]]
    assert len(set(ids)) == 21, "two within a second are two"
    for name in ("nosuch", "docs@1999-01-01", "nosuch@latest", "latest@docs", "0" * 64, "@", ":"):
        done = yester("show", name)
        assert_refused(done, 2)
    prefix = next(one for one in "0123456789abcdef" if sum(id.startswith(one) for id in ids) > 1)
    assert_refused(yester("show", prefix), 2)
    assert_refused(yester("restore", prefix, "--target", tmp_path / "back"), 2)
    assert yester("show", ids[0]).code == 0


# Streams, signals, two at once.


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(yester: Yester, taken: Path, closed: str) -> None:
    """Nothing that is printed may land in a file that was opened under a closed stream's number."""
    for arguments in ("snap docs", "list", "check"):
        command = f"exec {sys.executable} -P -m yester {arguments} {closed}"
        done = subprocess.run(["sh", "-c", command], env=environment(), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), (arguments, done)
    assert_sound(yester)


def test_output_that_nobody_reads(yester: Yester, taken: Path) -> None:
    for arguments in ("list", "snap docs --json", "snap docs --events", "show latest"):
        command = f"{sys.executable} -P -m yester {arguments} | true"
        done = subprocess.run(["sh", "-c", command], env=environment(), capture_output=True, text=True, check=False)
        assert done.stderr == "", (arguments, done)
    assert_sound(yester)


def test_two_runs_of_one_profile(yester: Yester, taken: Path, docs: Path) -> None:
    with halted_in_mid_run(docs) as first:
        assert_refused(yester("snap", "docs"), 4, "docs")
        first.kill()
    assert yester("snap", "docs").code == 0
    assert_sound(yester)


@contextmanager
def halted_in_mid_run(docs: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A run that has begun and waits: its events go to a pipe that is not read on."""
    for row in range(3000):
        (docs / "letters" / f"{row:04}").write_text(str(row) * 50)
    first = start("snap", "docs", "--events")
    assert first.stdout is not None
    while b'"mount.before"' not in (line := first.stdout.readline()):  # a run begins before it holds its lock
        assert line
    first.send_signal(signal.SIGSTOP)
    try:
        yield first
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["snap", "restore", "check"])
def test_signals_in_mid_work(
    yester: Yester, taken: Path, docs: Path, tmp_path: Path, number: signal.Signals, code: int, command: str
) -> None:
    noise = random.Random(2)
    for row in range(500):
        (docs / "letters" / f"{row:04}").write_bytes(noise.randbytes(40_000))
    if command != "snap":
        assert yester("snap", "docs").code == 0
    arguments = {
        "snap": ("snap", "docs", "--events"),
        "restore": ("restore", "latest", "--target", tmp_path / "back"),
        "check": ("check", "--read-data"),
    }[command]
    process = start(*arguments)
    await_work(process, command, tmp_path, taken)
    process.send_signal(number)
    done = finish(process)
    assert done.code in (code, 0), done
    if done.code:
        assert is_one_complaint(done.err) and "Traceback" not in done.err, done
    assert list((taken / "session").rglob("session.*")) == []
    assert not list((Path(os.environ["XDG_CACHE_HOME"])).rglob("check-*"))
    assert yester("snap", "docs").code == 0
    assert_sound(yester)


def await_work(process: "subprocess.Popen[bytes]", command: str, tmp_path: Path, repository: Path) -> None:
    """Wait until the work has begun, by a sign of it that others can see."""
    if command == "snap":
        assert process.stdout is not None
        while b'"run.begin"' not in process.stdout.readline():
            assert process.poll() is None
        return
    cache = Path(os.environ["XDG_CACHE_HOME"])
    while process.poll() is None:
        begun = (tmp_path / "back").exists() if command == "restore" else any(cache.rglob("check-*"))
        if begun:
            return


def test_a_clock_that_goes_backwards(yester: Yester, home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is refused, nothing is lost, and nobody is told of a rollback."""
    rig = Rig.of(home, docs)
    first = rig.snap()
    real = time.time_ns
    with monkeypatch.context() as patch:
        patch.setattr("time.time_ns", lambda: real() - 3600 * 10**9)
        (docs / "new").write_text("new")
        second = rig.snap()
    assert first.snapshot and second.snapshot and first.snapshot != second.snapshot
    assert rig.taken(second.snapshot).content(docs / "new") == b"new"
    (docs / "new").write_text("newer")
    third = rig.snap()
    assert rig.taken(third.snapshot).content(docs / "new") == b"newer"
    assert rig.open().warnings() == []
    assert rig.taken(third.snapshot).record.sequence == 3


def test_an_empty_source(yester: Yester, plain: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    yester("profile", "add", "empty", empty)
    assert [yester("snap", "empty").code for _ in range(3)] == [0, 0, 0]
    assert yester("restore", "latest", "--target", tmp_path / "back").code == 0
    assert (tmp_path / "back" / empty.relative_to("/")).is_dir()
    assert_sound(yester)


def test_output_to_a_full_disk(yester: Yester, taken: Path) -> None:
    for arguments in ("list", "snap docs", "check", "show latest"):
        command = f"exec {sys.executable} -P -m yester {arguments} > /dev/full"
        done = subprocess.run(["sh", "-c", command], env=environment(), capture_output=True, text=True, check=False)
        assert_refused(Ended(done.returncode, "", done.stderr), 1, "No space left", "standard output")
    assert_sound(yester)


# Killed.


def test_what_killed_checks_left_is_swept_away(yester: Yester, taken: Path) -> None:
    (cache,) = Path(os.environ["XDG_CACHE_HOME"]).glob("yester/repositories/*")
    old, young = cache / "check-old", cache / "check-young"
    for folder in (old, young):
        (folder / "deep").mkdir(parents=True)
    os.utime(old, ns=(0, time.time_ns() - 25 * 3600 * 10**9))
    assert yester("check").code == 0
    assert (old.exists(), young.exists()) == (False, True)


def test_interrupted_while_the_program_loads() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", INTERRUPTED], env=environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


INTERRUPTED = """
import os, signal, sys
from yester.__main__ import main
class Interrupter:
    def find_spec(self, name, *_):
        if name == "yester.tui.cli.program":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupter())
main()
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("rounds", [5, pytest.param(15, marks=pytest.mark.long)])
def test_kill_at_random_moments(yester: Yester, plain: Path, docs: Path, tmp_path: Path, rounds: int) -> None:
    """The real process, at moments spread over a run; then a check, a run and a comparison."""
    noise = random.Random(4)
    for row in range(2500):
        folder = docs / str(row % 40)
        folder.mkdir(exist_ok=True)
        (folder / str(row)).write_bytes(noise.randbytes(noise.choice((20, 2000, 30_000))))
    yester("profile", "add", "docs", docs)
    killed = 0
    for round in range(rounds):
        (docs / "0" / f"new-{round}").write_bytes(noise.randbytes(300_000))
        process = start("snap", "docs")
        try:
            process.wait(noise.uniform(0.1, 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate()
        done = yester("check", "--read-data")
        assert done.code == 0, done
    assert killed
    assert yester("snap", "docs").code == 0
    assert_sound(yester)
    assert yester("restore", "latest", docs, "--target", tmp_path / "back").code == 0
    assert compare(docs, tmp_path / "back" / "docs") == []
