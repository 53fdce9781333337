"""Real drives, pulled out while a run writes to them or reads from them: it ends with words, and nothing is lost."""

import json
import os
import random
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.loose_drives import KINDS, LooseDrive, run
from tests.tui.cli.conftest import SOURCE_ROOT, Ended, Yester, finish, start

from yester.engine.places import Places

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("as_root", "durable")]


@pytest.fixture(params=[*KINDS])
def drive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LooseDrive]:
    made = LooseDrive.made(request.param, tmp_path)
    made.plug_in()
    yield made
    made.put_away()


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[LooseDrive]:
    made = LooseDrive.made("ext4", tmp_path, size=160 << 20)
    made.plug_in()
    yield made
    made.put_away()


@pytest.fixture
def source(home: Path) -> Path:
    """More than a pack."""
    folder, noise = home / "photos", random.Random(1)
    fill(folder, noise, 24)
    return folder


def fill(folder: Path, noise: random.Random, count: int) -> None:
    folder.mkdir(parents=True)
    for row in range(count):
        (folder / f"{row:02}").write_bytes(noise.randbytes(1_000_000))


def with_plugin(drive: LooseDrive, patch: pytest.MonkeyPatch) -> None:
    """Let the plugin be on, and take the drive for one; workers find yester where this process found it."""
    patch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    config = Places.default().config
    config.mkdir(parents=True, exist_ok=True)
    (config / "plugins.toml").write_text(f'enabled = ["usb"]\n[options.usb]\nalso = ["{drive.device}"]\n')


def begun(process: "subprocess.Popen[bytes]", repository: Path) -> None:
    """Wait until a run is in the middle of writing a pack."""
    while not any(repository.glob("data/*/.put-*")):
        assert process.poll() is None, finish(process)


def pulled_in_mid_write(drive: LooseDrive, repository: Path, profile: str) -> Ended:
    process = start("snap", profile, YESTER_UPLOAD_LIMIT="6M")
    begun(process, repository)
    drive.pull()
    return finish(process)


def assert_sound(yester: Yester, repository: Path) -> None:
    done = yester("check", "--read-data", "--repo", repository)
    assert (done.code, done.err) == (0, "")
    assert "no damage found" in done.out


def test_the_repository_is_pulled(yester: Yester, drive: LooseDrive, source: Path) -> None:
    repository = drive.point / "repo"
    assert yester("init", "--no-encryption", repository).code == 0
    assert yester("profile", "add", "photos", source, "--repo", repository).code == 0
    assert yester("snap", "photos").code == 0
    before = yester("list", "--json", "--repo", repository).out
    fill(source / "more", random.Random(2), 24)
    done = pulled_in_mid_write(drive, repository, "photos")
    assert done.code == 1
    assert "Was the drive pulled out" in done.err
    assert "Traceback" not in done.err
    gone = yester("snap", "photos")
    assert gone.code == 6
    assert "There is no repository at" in gone.err and "plug in" in gone.err
    drive.mend()
    drive.plug_in()
    listed = yester("list", "--json", "--repo", repository)
    assert (listed.out, listed.err) == (before, "")
    assert_sound(yester, repository)
    again = yester("snap", "photos")
    assert (again.code, again.err) == (0, "")
    assert_sound(yester, repository)
    assert yester("restore", "photos@latest", "--target", source.parent / "back").code == 0
    back = source.parent / f"back{source}"
    assert all((back / path.relative_to(source)).read_bytes() == path.read_bytes() for path in files_in(source))
    drive.eject()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_plugin_says_that_the_drive_was_pulled(
    yester: Yester, stick: LooseDrive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = stick.point / "repo"
    assert yester("init", "--no-encryption", repository).code == 0
    assert yester("profile", "add", "photos", source, "--repo", repository).code == 0
    with_plugin(stick, monkeypatch)
    assert "STICK" in yester("plugin", "run", "usb", "drives").out
    words = "yester: usb: The drive STICK was taken away while it was in use. No snapshot on it is harmed"
    assert pulled_in_mid_write(stick, repository, "photos").err.count(words) == 1


def test_the_source_is_pulled(yester: Yester, plain: Path, stick: LooseDrive, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stick.point / "camera", random.Random(3), 90)
    assert yester("profile", "add", "camera", stick.point / "camera").code == 0
    with_plugin(stick, monkeypatch)
    stick.eject()
    stick.plug_in()  # so that nothing of it is in memory
    process = start("snap", "camera", YESTER_UPLOAD_LIMIT="12M")
    begun(process, plain)
    stick.pull()
    done = finish(process)
    assert done.code == 3
    assert "The drive STICK was taken away while it was read: the snapshot lacks what was not read yet" in done.err
    assert "Input/output error" in done.err
    gone = yester("snap", "camera")
    assert gone.code == 2
    assert "No source of the profile camera exists" in gone.err
    assert_sound(yester, plain)
    stick.plug_in()
    again = yester("snap", "camera")
    assert (again.code, again.err) == (0, "")
    assert yester("verify", "camera@latest", stick.point / "camera").code == 0
    stick.eject()


def test_the_target_of_a_restore_is_pulled(
    yester: Yester, plain: Path, stick: LooseDrive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert yester("profile", "add", "photos", source).code == 0
    assert yester("snap", "photos").code == 0
    with_plugin(stick, monkeypatch)
    target = stick.point / "back"
    process = start("restore", "photos@latest", "--target", target, YESTER_DOWNLOAD_LIMIT="6M")
    arrived = Path(f"{target}{source}")
    while not arrived.is_dir() or not any(arrived.iterdir()):
        assert process.poll() is None, finish(process)
    stick.pull()
    done = finish(process)
    assert done.code == 3
    assert (
        done.err.count("yester: usb: The drive STICK was taken away while files were restored to it. Plug it in") == 1
    )
    stick.plug_in()
    assert yester("restore", "photos@latest", "--target", target).code == 0
    assert all((arrived / path.name).read_bytes() == path.read_bytes() for path in files_in(source))
    stick.eject()


def test_the_unit_of_a_drive_waits_for_its_mount_and_takes_a_snapshot(
    yester: Yester, stick: LooseDrive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What systemd would start when the drive is plugged in, started by hand."""
    repository = stick.point / "repo"
    assert yester("init", "--no-encryption", repository).code == 0
    assert yester("profile", "add", "photos", source, "--repo", repository).code == 0
    with_plugin(stick, monkeypatch)
    assert yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=photos", "enable=no").code == 0
    uuid = run("blkid", "--output", "value", "--match-tag", "UUID", stick.image)
    stick.eject()
    done = yester("schedule", "enable", "photos", "--dry-run", "--with", "systemd", "--json")
    [plan] = json.loads(done.out)
    assert plan["notes"] == [], "systemd-analyze verify has looked at it"
    [unit] = plan["texts"]
    waiting, working, environment = commands_of(unit["text"])
    gone = subprocess.run(waiting, env=environment, capture_output=True, text=True, check=False)
    assert (gone.returncode, gone.stderr.splitlines()[0]) == (1, f"yester: The drive {uuid} is not connected")
    stick.connect()
    with linked(uuid, stick.device), subprocess.Popen(waiting, env=environment) as process:
        stick.mount()
        assert process.wait() == 0
    snapped = subprocess.run(working, env=environment, capture_output=True, text=True, check=False)
    assert (snapped.returncode, snapped.stderr) == (0, "")
    assert len(json.loads(yester("list", "--json", "--repo", repository).out)) == 1
    stick.eject()


def commands_of(unit: str) -> tuple[list[str], list[str], dict[str, str]]:
    """Return the command that waits, the one that works, and their environment."""
    lines = [line.partition("=") for line in unit.splitlines()]
    words = {key: shlex.split(value) for key, _, value in lines if key.startswith("Exec")}
    stated = (shlex.split(value)[0].partition("=") for key, _, value in lines if key == "Environment")
    return words["ExecStartPre"], words["ExecStart"], {name: value for name, _, value in stated}


@contextmanager
def linked(uuid: str, device: str) -> Iterator[None]:
    """Make the link that udev makes, where no udev runs."""
    link = Path("/dev/disk/by-uuid", uuid)
    is_ours = not link.is_symlink()
    if is_ours:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(device)
    try:
        yield
    finally:
        if is_ours:
            link.unlink()


def test_a_drive_that_is_full(yester: Yester, drive: LooseDrive, source: Path) -> None:
    if drive.kind.name == "fat":
        return  # fusefat says that the operation is not permitted; the kernel's driver says what the others say
    repository = drive.point / "repo"
    assert yester("init", "--no-encryption", repository).code == 0
    assert yester("profile", "add", "photos", source, "--repo", repository).code == 0
    fill_up(drive.point / "film")
    done = yester("snap", "photos")
    assert done.code == 1
    assert "No space left on device" in done.err
    assert "Make room there" in done.err
    (drive.point / "film").unlink()
    assert yester("snap", "photos").code == 0
    assert_sound(yester, repository)
    drive.eject()


def fill_up(path: Path) -> None:
    """Leave some 10 MB."""
    status = os.statvfs(path.parent)
    left = status.f_bavail * status.f_frsize - (10 << 20)
    with open(path, "wb") as file:
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))


def test_a_drive_that_is_mounted_elsewhere(
    yester: Yester, stick: LooseDrive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = stick.point / "backups" / "repo"
    assert yester("init", "--no-encryption", repository).code == 0
    assert yester("profile", "add", "photos", source, "--repo", repository).code == 0
    with_plugin(stick, monkeypatch)
    assert yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=photos", "enable=no").code == 0
    stick.eject()
    there = stick.point.rename(stick.point.with_name("STICK1"))
    stick.point = there
    stick.plug_in()
    done = yester("snap", "photos")
    assert done.code == 6
    assert f"The drive STICK is mounted at {there}, and there is no repository where photos says" in done.err
    command = done.err.partition("Is it this one? yester ")[2].splitlines()[0]
    assert yester(*shlex.split(command)).code == 0
    assert yester("snap", "photos").code == 0
    stick.eject()


def test_a_drive_that_is_mounted_read_only(
    yester: Yester, stick: LooseDrive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = stick.point / "repo"
    assert yester("init", "--no-encryption", repository).code == 0
    assert yester("profile", "add", "photos", source, "--repo", repository).code == 0
    assert yester("snap", "photos").code == 0
    stick.eject()
    stick.plug_in("-o", "ro")
    with_plugin(stick, monkeypatch)
    assert yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=photos", "enable=no").code == 0
    done = yester("snap", "photos")
    assert done.code == 1
    assert "yester: usb: The drive STICK is mounted read-only" in done.err
    assert "look for a write-protect switch" in done.err
    assert yester("list", "--repo", repository).code == 0
    assert_sound(yester, repository)
    stick.eject()
