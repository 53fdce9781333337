"""Fresh places for repositories, one of each kind that there is, on real servers; seen from behind, without yester.

A test module that uses them imports the servers' fixtures (`from tests.places import moto, sshd, webdav`).
"""

import json
import os
import re
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from tests import azurite, gcs_server, moto_server
from tests.azure_signing import signed
from tests.azurite import ACCOUNT, KEY, Azurite
from tests.gcs_server import Gcs
from tests.moto_server import KEYS, Moto
from tests.plugins.duplicity.plain_backends import lay
from tests.sshd import Sshd
from tests.sshd import running as sshd_running
from tests.wsgidav_server import WebdavServer, serving

from yester.plugins.backends.sftp.ssh import COMMAND_VARIABLE

_numbers = count()


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd_running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with moto_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebdavServer]:
    with serving(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session")
def gcs() -> Iterator[Gcs]:
    with gcs_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def azure() -> Iterator[Azurite]:
    with azurite.running() as server:
        yield server


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository may be made: nothing is there."""

    url: str
    everything: Callable[[], list[str]]
    """What lies there, and what is on its way there, by whatever name."""
    made: tuple[str, ...] = ()
    """Of that, folders that stay where they were made."""
    folder: Path | None = None
    """Where it is on this machine's disk; None: it is on none."""
    takes_others: bool = False
    """Whether files that are not yester's may lie among the objects: a backend of others makes no folder of its own."""


@dataclass(frozen=True, slots=True)
class Making:
    """What places are made from, in a home of their own."""

    request: pytest.FixtureRequest
    home: Path
    folder: Path
    patch: pytest.MonkeyPatch


def _below(folder: Path) -> Callable[[], list[str]]:
    return lambda: sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _folder(on: Making) -> Place:
    return Place(f"file://{on.folder}/new", _below(on.folder), folder=on.folder)


def _sftp(on: Making) -> Place:
    server: Sshd = on.request.getfixturevalue("sshd")
    on.patch.setenv(COMMAND_VARIABLE, server.ssh)
    server.know("host")
    return Place(server.url(on.folder / "new"), _below(on.folder), folder=on.folder)


def _s3(on: Making) -> Place:
    server: Moto = on.request.getfixturevalue("moto")
    for name, value in KEYS.items():
        on.patch.setenv(name, value)
    bucket = server.bucket()

    def everything() -> list[str]:
        said = server.request("GET", f"/{bucket}?list-type=2") + server.request("GET", f"/{bucket}?uploads")
        return _keys(said, b"Key")

    return Place(f"s3+http://127.0.0.1:{server.port}/{bucket}/new", everything)


def _gs(on: Making) -> Place:
    server: Gcs = on.request.getfixturevalue("gcs")
    on.patch.setenv("YESTER_GS_ENDPOINT", f"http://127.0.0.1:{server.port}")
    on.patch.setenv("YESTER_GS_TOKEN", "a-token")
    bucket = server.bucket()

    def everything() -> list[str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/{bucket}?list-type=2") as response:
            return _keys(response.read(), b"Key")

    return Place(f"gs://{bucket}/new", everything)


def _az(on: Making) -> Place:
    server: Azurite = on.request.getfixturevalue("azure")
    on.patch.setenv("AZURE_STORAGE_CONNECTION_STRING", server.connection)
    container = server.container()

    def everything() -> list[str]:
        headers = signed("GET", f"/{ACCOUNT}/{container}", {"restype": "container", "comp": "list"}, ACCOUNT, KEY)
        request = urllib.request.Request(f"{server.endpoint}/{container}?restype=container&comp=list", headers=headers)
        with urllib.request.urlopen(request) as response:
            return _keys(response.read(), b"Name")

    return Place(f"az://{container}/new", everything)


def _keys(said: bytes, tag: bytes) -> list[str]:
    return [key.decode() for key in re.findall(b"<%s>([^<]*)" % tag, said)]


def _webdav(on: Making) -> Place:
    server: WebdavServer = on.request.getfixturevalue("webdav")
    # It forgets a connection now and then.
    on.patch.setenv("YESTER_WEBDAV_TIMEOUT", "20")
    server.serve_anew(f"place-{next(_numbers)}")
    # A folder is removed there with all that is in it, so yester never does.
    return Place(server.url("new"), _below(server.folder), ("new",), server.folder)


def _rclone(on: Making) -> Place:
    path = on.home / "rclone.conf"
    path.write_text("[disk]\ntype = local\n")
    on.patch.setenv("RCLONE_CONFIG", str(path))
    return Place(f"rclone://disk/{on.folder}/new", _below(on.folder), folder=on.folder)


def _duplicity(on: Making) -> Place:
    lay(on.home, on.patch)
    on.patch.setenv("YESTER_DUPLICITY_TRIES", "1")
    return Place(f"duplicity+plain://{on.folder}", _below(on.folder), folder=on.folder, takes_others=True)


def _shelf(on: Making) -> Place:
    page = Path(__file__).parents[1] / "docs" / "backends.md"
    found = re.search(r"```python\n(\"\"\"Keep objects on a shelf.*?)```", page.read_text(), re.DOTALL)
    assert found is not None
    folder = Path(os.environ["XDG_DATA_HOME"]) / "yester/plugins/backends"
    folder.mkdir(parents=True)
    (folder / "shelf.py").write_text(found[1])
    return Place(f"shelf://{on.folder}", _below(on.folder), folder=on.folder, takes_others=True)


def _cached(on: Making) -> Place:
    return Place(f"cache+file://{on.folder}/new", _below(on.folder), folder=on.folder)


def _par2(on: Making) -> Place:
    return Place(f"par2+file://{on.folder}/new", _below(on.folder), folder=on.folder)


def _multi(on: Making) -> Place:
    file = on.home / "stores.json"
    file.write_text(json.dumps([{"url": f"file://{on.folder}/{name}"} for name in ("one", "two")]))
    return Place(f"multi://{file}?mode=mirror&onfail=abort", _below(on.folder))


def _limited(on: Making) -> Place:
    return Place(f"limit+file://{on.folder}/new", _below(on.folder), folder=on.folder)


PLACES: Mapping[str, Callable[[Making], Place]] = {
    "file": _folder,
    "sftp": _sftp,
    "s3+http": _s3,
    "gs": _gs,
    "az": _az,
    "webdav": _webdav,
    "rclone": _rclone,
    "multi": _multi,
    "duplicity+": _duplicity,
    "cache+": _cached,
    "par2+": _par2,
    "limit+": _limited,
    "shelf": _shelf,
}
"""By scheme, or by prefix with its plus; the last is no backend of yester's."""


@pytest.fixture
def making(request: pytest.FixtureRequest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Making:
    folder = tmp_path / "places"
    folder.mkdir()
    return Making(request, home, folder, monkeypatch)
