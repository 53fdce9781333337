"""Configurations of rclone's, with a remote of each kind, and stores on them."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from tests.moto_server import Moto
from tests.moto_server import running as moto_running
from tests.sshd import Sshd
from tests.sshd import running as sshd_running
from tests.wsgidav_server import WebdavServer, serving

from yester.plugins.backends.rclone.child import found_program

Remote = Callable[[str, Path], str]

_numbers = count()


@pytest.fixture
def config(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of rclone's, with the remote `disk`."""
    path = tmp_path / "rclone.conf"
    path.write_text("[disk]\ntype = local\n")
    monkeypatch.setenv("RCLONE_CONFIG", str(path))
    return path


@pytest.fixture
def url(config: Path, tmp_path: Path) -> str:
    """A folder that is not there yet, on the local disk."""
    return f"rclone://disk/{tmp_path}/repository"


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd_running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebdavServer]:
    with serving(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with ExitStack() as stack:
        yield stack.enter_context(moto_running())


@pytest.fixture
def remote_url(request: pytest.FixtureRequest, config: Path, tmp_path: Path) -> str:
    """A folder that is not there yet, on a remote of the kind that the test is run with."""
    kind = request.param
    if kind == "sftp":
        server = request.getfixturevalue("sshd")
        lines = (
            f"host = 127.0.0.1\nport = {server.port}\nuser = root\nkey_file = {server.folder}/key\nshell_type = unix\n"
        )
        lines += f"known_hosts_file = {server.folder}/known_hosts\n"
        path = f"/{tmp_path}/repository"
    elif kind == "webdav":
        server = request.getfixturevalue("webdav")
        lines = f"url = http://127.0.0.1:{server.port}\nvendor = other\n"
        path = f"{next(_numbers)}/repository"
    else:
        server = request.getfixturevalue("moto")
        lines = f"provider = Other\nendpoint = {server.endpoint}\naccess_key_id = test\nsecret_access_key = secret\n"
        path = f"{server.bucket()}/repository"
    config.write_text(f"[far]\ntype = {kind}\n{lines}")
    return f"rclone://far/{path}"


def encrypt(config: Path, password: str) -> None:
    """Put a password on a configuration."""
    subprocess.run(
        [
            found_program({}),
            "config",
            "encryption",
            "set",
            "--config",
            str(config),
            "--password-command",
            f"echo {password}",
        ],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
