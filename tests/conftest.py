"""What every test gets: a home of its own, and nothing mounted when it ends."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from yester.engine.packs import writing
from yester.engine.packs.compressors import spare_processors
from yester.engine.sealed import keyslots
from yester.tui.demo.scratch import mounted_below

XDG_FOLDERS = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}

MANY_FILES = 100
"""Some libraries open files of their own, once and for all."""

LEAST_COST = {"_MEMORY_KIB": 32, "_PASSES": 1}
FULL_COST = {name: getattr(keyslots, name) for name in LEAST_COST}

# On a busy machine anything may take long: that decides no test.
settings.register_profile("yester", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("yester")


def settle_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Make `home` the home folder of this process and of what it starts, with nothing of yester's set."""
    for variable in [name for name in os.environ if name.startswith("YESTER_")]:
        patch.delenv(variable)
    patch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    # No process that outlives a test. Those about such a process switch it on.
    patch.setenv("YESTER_BACKGROUND", "0")
    patch.setenv("HOME", str(home))
    for variable, folder in XDG_FOLDERS.items():
        place = home / folder
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        patch.setenv(variable, str(place))


def no_schedules(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the timers and the crontab of who runs them, root's also: those are not below a home."""
    for program in ("crontab", "systemctl"):
        (folder / program).write_text("#!/bin/sh\necho no crontab here >&2\nexit 1\n")
        (folder / program).chmod(0o755)
    patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    patch.setenv("SYSTEMD_UNIT_PATH", str(folder / "units"))


def pytest_collection_finish() -> None:
    """Look for garbage only among what tests make: ten thousand collected tests are never any."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_home_of_the_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests that ask for no `home` away from the real one too."""
    with pytest.MonkeyPatch.context() as patch:
        settle_in(tmp_path_factory.mktemp("home"), patch)
        no_schedules(tmp_path_factory.mktemp("system"), patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Hear interrupts, as from a terminal: a shell starts what runs in the background with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _power_stays() -> Iterator[None]:
    """Let a busy or slow disk write when it likes. The processes that tests start do wait for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which also fails when the file is not open
        yield


_FSYNC = os.fsync


@pytest.fixture
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the disk all the same: for tests of real drives that lose their power."""
    monkeypatch.setattr(os, "fsync", _FSYNC)


@pytest.fixture(scope="session", autouse=True)
def _alone() -> Iterator[None]:
    """Compress in this process: to start others takes longer than all that a test stores. What tests start has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "spare_processors", lambda: 0)
        yield


@pytest.fixture
def compressors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress in processes of their own, as many as there are processors for, and one at least."""
    monkeypatch.setattr(writing, "spare_processors", lambda: max(1, spare_processors()))


@pytest.fixture(scope="session", autouse=True)
def _cheap_keys() -> Iterator[None]:
    """Derive the keys of new slots at the least cost that Argon2id knows; a slot says what it cost, to all who open it.

    The processes that tests start make slots at full cost.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LEAST_COST.items():
            patch.setattr(keyslots, name, value)
        yield


@pytest.fixture
def dear_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys at full cost."""
    for name, value in FULL_COST.items():
        monkeypatch.setattr(keyslots, name, value)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home folder, with XDG folders inside and no variable of yester's set."""
    place = tmp_path / "home"
    settle_in(place, monkeypatch)
    return place


FAILED = pytest.StashKey[bool]()

REMOVER = """
import shutil, sys
for line in sys.stdin:
    shutil.rmtree(line[:-1], ignore_errors=True)
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note of which tests the folders are to stay."""
    report = yield
    item.stash[FAILED] = report.failed or item.stash.get(FAILED, False)
    return report


@pytest.fixture(scope="session")
def _away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], None]]:
    """Take folders away, by a process that does nothing else: to remove a directory is to wait for the disk.

    It is nobody's child, as some tests count theirs.
    """
    words = ["setsid", "--fork", sys.executable, "-I", "-S", "-c", REMOVER]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.wait()
    gone, numbers, lines = tmp_path_factory.mktemp("gone"), count(), process.stdin

    def take_away(folder: Path) -> None:
        with suppress(OSError):  # pytest removes what cannot be moved
            print(folder.rename(gone / str(next(numbers))), file=lines, flush=True)

    yield take_away
    process.stdin.close()
    process.stdout.read()  # until it has ended
    process.stdout.close()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path: Path, _away: Callable[[Path], None]) -> Iterator[Path]:
    """pytest's; for a test marked `passable`, one elsewhere: pytest closes its own to other users at any start."""
    if not request.node.get_closest_marker("passable"):
        yield tmp_path
        if not request.node.stash.get(FAILED, False):
            _away(tmp_path)
        return
    with TemporaryDirectory(prefix="yester-test-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def fuse() -> None:
    """Say what is missing where a test cannot mount: a failure, since yester without its mount is not tested."""
    if not shutil.which("fusermount3"):
        pytest.fail("fusermount3 is not installed: run `make setup`", pytrace=False)
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        pytest.fail(
            f"/dev/fuse cannot be opened ({error.strerror}): load the kernel module with `modprobe fuse`, or start the "
            "container with `--device /dev/fuse --cap-add SYS_ADMIN`",
            pytrace=False,
        )


@pytest.fixture
def as_root() -> None:
    """Say what a test would need: CI runs as root, a person who does not may still run all the others."""
    if os.geteuid() != 0:
        pytest.skip("only root gives files away, makes file systems and devices, and becomes other users")


@pytest.fixture(autouse=True)
def _no_mount_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves something mounted below the tests' folder, and unmount it."""
    yield
    left = mounted_below(tmp_path_factory.getbasetemp().resolve())
    for point in left:
        subprocess.run(["fusermount3", "-u", "-z", point], check=True)
    assert not left, f"still mounted at the end: {', '.join(map(str, left))}"


@pytest.fixture(autouse=True)
def _files_are_closed() -> Iterator[None]:
    """Fail a test that leaves files open by the hundred: later tests would run out of descriptors, far from here."""
    before = len(os.listdir("/proc/self/fd"))
    yield
    if len(os.listdir("/proc/self/fd")) - before >= MANY_FILES:
        gc.collect()  # what is collected late, such as a mapped index, is open until then
    left = len(os.listdir("/proc/self/fd")) - before
    assert left < MANY_FILES, f"{left} files are still open at the end"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Fail a test that leaves this process elsewhere, or stepped back for other programs: later tests would suffer."""
    before = os.getcwd(), os.getpriority(os.PRIO_PROCESS, 0)
    yield
    after = os.getcwd(), os.getpriority(os.PRIO_PROCESS, 0)
    os.chdir(before[0])
    assert after == before


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was just written count as settled, so that tests need not wait for the clock to tick."""
    monkeypatch.setattr("yester.engine.capture.listing.TICK_NS", 0)
    monkeypatch.setattr("yester.engine.capture.listing.COARSE_TICK_NS", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to take snapshots of."""
    place = tmp_path / "source"
    place.mkdir()
    return place


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of faults the tests of them went through: they are found by counting."""
    reports = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    faults = sum(int(str(value)) for report in reports for name, value in report.user_properties if name == "faults")
    if faults:
        terminalreporter.write_line(f"{faults} faults of the store were met.")
