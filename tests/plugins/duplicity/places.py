"""Real servers for real backend files of duplicity: where each backend puts its objects, and which files it is."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests import apache, ftpd, sshd

ROOT = Path(__file__).parents[3]
OLD = Path("/usr/lib/python3/dist-packages/duplicity")
"""Debian's, 0.8.22."""
VENV = ROOT / "build" / "duplicity"
"""Made by .ci/test-servers, with what PyPI has."""


def new() -> Path:
    """Return the package of duplicity 3."""
    return next(iter(VENV.glob("lib/python3.*/site-packages/duplicity")), VENV / "none")


@dataclass(frozen=True, slots=True)
class Servers:
    """What is running."""

    ssh: sshd.Sshd
    web: apache.Apache
    ftp: ftpd.Ftpd

    @property
    def ssh_options(self) -> str:
        """What lets ssh in."""
        folder = self.ssh.folder
        keys = f"-oIdentityFile={folder}/key -oUserKnownHostsFile={folder}/known_hosts -oIdentitiesOnly=yes"
        # One connection for all that a worker starts: rsync and pexpect make one for each file otherwise.
        return f"{keys} -oControlMaster=auto -oControlPersist=yes -oControlPath={folder}/%n-%p"


@contextmanager
def running() -> Iterator[Servers]:
    """Run them all, in folders that other users may enter."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="yester-test-", dir="/var/tmp"))
        os.chmod(folder, 0o755)
        folders = [Path(folder, name) for name in ("ssh", "web", "ftp")]
        for each in folders:
            each.mkdir()
        yield Servers(
            stack.enter_context(sshd.running(folders[0])),
            stack.enter_context(apache.running(folders[1])),
            stack.enter_context(ftpd.running(folders[2])),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a backend keeps its objects."""

    url: str
    folders: tuple[Path, ...]
    """Where they can be seen."""

    def packs(self) -> set[str]:
        """Name the data packs."""
        return {path.name for folder in self.folders for path in folder.glob("data.*_w")}


def _at(form: str) -> Callable[[Servers, Path], Place]:
    def place(servers: Servers, folder: Path) -> Place:
        folder.mkdir()
        me = "root" if os.geteuid() == 0 else os.environ["USER"]
        return Place(form.format(folder=folder, ssh=f"{me}@127.0.0.1:{servers.ssh.port}"), (folder,))

    return place


def _multi(mode: str) -> Callable[[Servers, Path], Place]:
    def place(servers: Servers, folder: Path) -> Place:
        folder.mkdir()
        stores = [folder / "one", folder / "two"]
        (folder / "m.json").write_text(json.dumps([{"url": f"file://{each}"} for each in stores]))
        return Place(f"duplicity+multi://{folder}/m.json?mode={mode}", tuple(stores))

    return place


def _web(form: str, section: str) -> Callable[[Servers, Path], Place]:
    def place(servers: Servers, folder: Path) -> Place:
        name = f"{section}/{folder.parent.name}-{folder.name}"
        there = servers.web.top / name
        return Place(form.format(url=servers.web.url(name, user=apache.USER if section == "basic" else "")), (there,))

    return place


def _ftp(servers: Servers, folder: Path) -> Place:
    name = f"{folder.parent.name}-{folder.name}"
    return Place(f"duplicity+ftp://{ftpd.USER}@127.0.0.1:{servers.ftp.port}/{name}", (servers.ftp.top / name,))


PLACES: Mapping[str, Callable[[Servers, Path], Place]] = {
    "local": _at("duplicity+file://{folder}"),
    "par2": _at("duplicity+par2+file://{folder}"),
    "multi-mirror": _multi("mirror"),
    "multi-stripe": _multi("stripe"),
    "rclone": _at("duplicity+rclone://{folder}"),
    "rsync": _at("duplicity+rsync://{ssh}/{folder}"),
    "lftp-ftp": _ftp,
    "lftp-webdav": _web("duplicity+lftp+{url}", "shown"),
    "webdav": _web("duplicity+{url}", "basic"),
    "ssh-paramiko": _at("duplicity+sftp://{ssh}/{folder}"),
    "ssh-pexpect": _at("duplicity+pexpect+sftp://{ssh}/{folder}"),
}
FILES = {"0.8": lambda: OLD, "3": new}
PROGRAMS = {"0.8": lambda: ["/usr/bin/duplicity"], "3": lambda: [str(VENV / "bin" / "duplicity")]}


def settle(monkeypatch: pytest.MonkeyPatch, servers: Servers, era: str, home: Path) -> None:
    """Let backend files of an age be used, which reach the servers."""
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    if not (FILES[era]() / "backends").is_dir():
        pytest.fail(f"there is no duplicity {era}: run `make test-servers`", pytrace=False)
    # rclone comes from PyPI, with these tests' Python.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("YESTER_DUPLICITY_FILES", str(FILES[era]()))
    monkeypatch.setenv("YESTER_DUPLICITY_SSH_OPTIONS", servers.ssh_options)
    monkeypatch.setenv("YESTER_DUPLICITY_NUM_RETRIES", "1")
    monkeypatch.setenv("BACKEND_PASSWORD", apache.PASSWORD)
    monkeypatch.setenv("FTP_PASSWORD", apache.PASSWORD)
