"""What goes wrong with places for repositories, over every backend: clear words, the right exit code, nothing lost.

By the real command line. The list is that of the issue of backends.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.moto_server import KEYS, Moto
from tests.places import (  # noqa: F401 - fixtures are found by name
    PLACES,
    Making,
    Place,
    azure,
    gcs,
    making,
    moto,
    sshd,
    webdav,
)
from tests.plugins.backends.objects.front import Answer, Front, error, running
from tests.sshd import Sshd
from tests.test_bad_input import assert_refused, remount, small_disk
from tests.tui.cli.conftest import Yester, docs, yester  # noqa: F401
from tests.wsgidav_server import PASSWORD, USER, serving

from yester.plugins.backends import registry
from yester.plugins.backends.registry import PREFIXES, SCHEMES
from yester.plugins.backends.retrying import Patience

pytestmark = pytest.mark.timeout(240)

IN_EVERY_RUN = ("file",)


def kinds(wanted: Callable[[str], bool] = lambda kind: True) -> list[object]:
    return [
        pytest.param(kind, marks=[] if kind in IN_EVERY_RUN else pytest.mark.servers) for kind in PLACES if wanted(kind)
    ]


ON_DISK = kinds(lambda kind: kind not in ("s3+http", "gs", "az", "multi"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries without the pauses between them."""
    monkeypatch.setattr(Patience, "delay_s", lambda *_: 0.0)


def _no_room(folder: Path) -> Callable[[dict[str, Any], Any], list[bytes] | None]:
    """What Apache and others say of a full disk: the server of the tests only knows that something failed."""

    def before(asked: dict[str, Any], start: Any) -> list[bytes] | None:
        if asked["REQUEST_METHOD"] != "PUT" or shutil.disk_usage(folder).free > int(asked["CONTENT_LENGTH"]):
            return None
        asked["wsgi.input"].read(int(asked["CONTENT_LENGTH"]))
        start("507 Insufficient Storage", [("Content-Length", "0")])
        return []

    return before


class Repository:
    """A repository at a place, with a snapshot of `docs`."""

    def __init__(self, place: Place, yester: Yester, docs: Path) -> None:  # noqa: F811
        self.place, self.yester, self.docs = place, yester, docs
        assert yester("init", "--no-encryption", place.url).code == 0
        assert yester("profile", "add", "docs", docs, "--repo", place.url).code == 0
        assert yester("snap", "docs").code == 0

    def assert_nothing_lost(self, to: Path) -> None:
        """What the first snapshot has comes back as it was, and all is sound."""
        done = self.yester("check", "--read-data", "--repo", self.place.url)
        assert done.code == 0, done
        done = self.yester("restore", "--repo", self.place.url, "latest", "--target", to)
        assert done.code == 0, done
        assert Path(f"{to}{self.docs}/letters/a.txt").read_text() == "dear a\n"


# Full and read-only disks.


@pytest.mark.usefixtures("as_root")
@pytest.mark.passable
@pytest.mark.parametrize("kind", ON_DISK)
def test_a_store_that_is_full(kind: str, making: Making, yester: Yester, docs: Path, tmp_path: Path) -> None:  # noqa: F811
    place = PLACES[kind](making)
    assert place.folder is not None
    if kind == "webdav":
        making.request.getfixturevalue("webdav").before = _no_room(place.folder)
    with small_disk(place.folder, "5m"):
        repository = Repository(place, yester, docs)
        (docs / "large").write_bytes(random.Random(0).randbytes(12 << 20))
        done = yester("snap", "docs")
        (docs / "large").rename(tmp_path / "large")
        repository.assert_nothing_lost(tmp_path / "back")
        remount(place.folder, "size=60m")
        (tmp_path / "large").rename(docs / "large")
        assert yester("snap", "docs").code == 0
        repository.assert_nothing_lost(tmp_path / "back again")
        assert_refused(done, 1, "Make room")


@pytest.mark.usefixtures("as_root")
@pytest.mark.passable
@pytest.mark.parametrize("kind", ON_DISK)
def test_a_store_that_is_read_only(kind: str, making: Making, yester: Yester, docs: Path, tmp_path: Path) -> None:  # noqa: F811
    place = PLACES[kind](making)
    assert place.folder is not None
    with small_disk(place.folder, "5m"):
        repository = Repository(place, yester, docs)
        remount(place.folder, "ro")
        (docs / "more").write_text("more\n")
        done = yester("snap", "docs")
        repository.assert_nothing_lost(tmp_path / "back")
        tried = yester("backend", "test", "--quick", "--beside-repository", place.url)
        remount(place.folder, "rw")
        assert yester("snap", "docs").code == 0
        repository.assert_nothing_lost(tmp_path / "back again")
        assert_refused(done, 1)
        assert_refused(tried, 1)


# Others in the same place.


@pytest.mark.parametrize("kind", ON_DISK)
def test_foreign_files(kind: str, making: Making, yester: Yester, docs: Path, tmp_path: Path) -> None:  # noqa: F811
    place = PLACES[kind](making)
    assert place.folder is not None
    folder = place.folder if place.takes_others else place.folder / "new"
    folder.mkdir(exist_ok=True)
    (folder / "letter.txt").write_text("dear")
    done = yester("init", "--no-encryption", place.url)
    if place.takes_others:
        assert done.code == 0
    else:
        assert_refused(done, 6, "letter.txt")
        assert [path.name for path in folder.iterdir()] == ["letter.txt"]
    assert (folder / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("kind", kinds())
def test_two_repositories_in_one_place(kind: str, making: Making, yester: Yester, docs: Path, tmp_path: Path) -> None:  # noqa: F811
    place = PLACES[kind](making)
    repository = Repository(place, yester, docs)
    before = place.everything()
    for more in ((), ("--no-encryption",)):
        done = yester("init", *more, place.url)
        assert_refused(done, 6, "There is a repository at")
    assert place.everything() == before
    repository.assert_nothing_lost(tmp_path / "back")


# URLs.


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("gopher://x/y", ("No backend serves gopher://", "yester backend list")),
        ("sfpt://nas/x", ("No backend serves sfpt://", "Did you mean sftp://?")),
        ("cahce+sftp://nas/x", ("Did you mean cache+sftp://?",)),
        ("cache+gopher://x", ("No backend serves gopher://",)),
        ("https://cloud.example/x", ("webdavs://HOST/PATH", "s3+https://HOST/BUCKET")),
        ("ssh://nas/x", ("sftp://USER@HOST/PATH",)),
        ("b2://bucket", ("rclone://REMOTE/PATH", "duplicity+b2://")),
        ("multi+sftp://nas/x", ("No backend serves multi+sftp://",)),
        ("://x", ("has no scheme before ://",)),
        ("limit+://", ("has no scheme before ://",)),
        ("duplicity+://", ("which backend of duplicity's", "duplicity+rsync://")),
        ("duplicity+gopher://x", ("no backend takes gopher: URLs", "Known are")),
        ("user@nas:/srv", ("is no URL", "sftp://USER@HOST/PATH", "./user@nas:/srv")),
        ("sftp:nas:/srv", ("is no URL", "sftp://nas/srv/backup")),
        ("s3:bucket/x", ("is no URL", "s3://bucket/prefix")),
        ("s3:https://host/bucket", ("s3+https://host/bucket/prefix",)),
        ("cache+/media/x", ("is no URL", "cache+file://")),
        ("file://host/x", ("does not name a local folder", "file:///home/me/backup")),
        ("sftp://", ("names no machine", "sftp://user@host/absolute/path")),
        ("sftp://nas", ("names no folder",)),
        ("sftp://nas:99999/x", ("no port between 1 and 65535",)),
        ("s3://", ("names no bucket", "s3://bucket/prefix")),
        ("s3+http://host:bad/b", ("names no server",)),
        ("webdav://", ("names no server", "webdavs://user@host/path")),
        ("webdavs://cloud.example:bad/x", ("no port between 1 and 65535",)),
        ("rclone://", ("names no remote", "rclone listremotes")),
    ],
)
def test_urls_that_are_none(yester: Yester, home: Path, place: str, words: tuple[str, ...]) -> None:  # noqa: F811
    for command in (("init", "--no-encryption"), ("backend", "test"), ("list", "--repo")):
        assert_refused(yester(*command, place), 2, *words)


SECRETS = ("sftp", "s3", "s3+https", "webdavs", "rclone", "duplicity+sftp", "cache+sftp", "limit+webdav", "file")


@pytest.mark.parametrize("scheme", SECRETS)
def test_a_secret_in_a_url_is_refused_and_not_repeated(yester: Yester, home: Path, docs: Path, scheme: str) -> None:  # noqa: F811
    url = f"{scheme}://me:hush/hush@host/x"
    commands = (("init", url), ("backend", "test", url), ("profile", "add", "d", str(docs), "--repo", url))
    for command in commands:
        done = yester(*command)
        assert_refused(done, 2, "A secret stands in the URL", "***")
        assert "hush" not in done.err
    assert not [path for path in home.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]


@pytest.mark.parametrize("name", [name for name, row in {**SCHEMES, **PREFIXES}.items() if row.extra])
def test_what_is_not_installed_is_named_with_its_extra(
    yester: Yester,  # noqa: F811
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    row = {**SCHEMES, **PREFIXES}[name]
    monkeypatch.setattr(registry, "find_spec", lambda module: None)
    assert_refused(yester("init", row.example), 2, row.needs, f"pip install 'yester[{row.extra}]'")
    if name in SCHEMES:
        done = yester("init", f"{name}x://host/x")
        assert_refused(done, 2, f"Did you mean {name}://?", f"pip install 'yester[{row.extra}]'")
    assert f"no: pip install 'yester[{row.extra}]'" in yester("backend", "list").out


# Logins.


@pytest.fixture
def by_ssh(making: Making) -> tuple[Sshd, str]:  # noqa: F811
    place = PLACES["sftp"](making)
    return making.request.getfixturevalue("sshd"), place.url


def test_a_host_key_that_is_not_known(yester: Yester, by_ssh: tuple[Sshd, str], making: Making) -> None:  # noqa: F811
    server, url = by_ssh
    (server.folder / "known_hosts").write_text("")
    assert_refused(yester("init", url), 6, "is not known here", "compare the key", f"accept it: ssh -p {server.port}")
    server.know("other")
    assert_refused(yester("init", url), 6, "not the one that known_hosts has", "compare", "ssh-keygen -R")
    assert list(making.folder.iterdir()) == []


def test_a_key_that_opens_nothing(yester: Yester, by_ssh: tuple[Sshd, str], making: Making) -> None:  # noqa: F811
    server, url = by_ssh
    known = f"-o UserKnownHostsFile={server.folder}/known_hosts"
    making.patch.setenv("YESTER_SSH_COMMAND", f"ssh -F none {known} -i {server.folder}/other")
    assert_refused(yester("init", url), 6, "Permission denied", "ssh")


BUCKET: dict[str, tuple[Answer | None, tuple[str, ...], tuple[str, ...]]] = {
    "no credentials": (None, tuple(KEYS), ("There are no credentials", "AWS_ACCESS_KEY_ID")),
    "unknown key": (error(403, "InvalidAccessKeyId"), (), ("does not know this access key", "credentials")),
    "wrong secret": (error(403, "SignatureDoesNotMatch"), (), ("secret key is not the access key's",)),
    "expired": (error(400, "ExpiredToken", "It has expired."), (), ("have expired", "Log in again")),
    "may not": (error(403, "AccessDenied", "Access Denied."), (), ("Access Denied", "may do there")),
}
"""Answer of the server, variables that are not set, words."""


@pytest.fixture
def bucket(making: Making) -> Iterator[tuple[Front, str]]:  # noqa: F811
    PLACES["s3+http"](making)
    server: Moto = making.request.getfixturevalue("moto")
    making.patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with running(server.port) as front:
        yield front, f"s3+http://127.0.0.1:{front.port}/{server.bucket()}/r"


@pytest.mark.servers
@pytest.mark.parametrize(("answer", "variables", "words"), BUCKET.values(), ids=BUCKET)
def test_a_bucket_that_one_may_not_use(
    yester: Yester,  # noqa: F811
    bucket: tuple[Front, str],
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer | None,
    variables: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    front, url = bucket
    for name in variables:
        monkeypatch.delenv(name)
    if answer is not None:
        front.rules.append(lambda _: answer)
    for command in (("init", "--no-encryption"), ("backend", "test", "--quick"), ("list", "--repo")):
        assert_refused(yester(*command, url), 6, *words)


@pytest.mark.servers
def test_a_bucket_that_does_not_exist(yester: Yester, bucket: tuple[Front, str]) -> None:  # noqa: F811
    front, _ = bucket
    done = yester("init", "--no-encryption", f"s3+http://127.0.0.1:{front.port}/no-such-bucket/r")
    assert_refused(done, 6, "no-such-bucket")
    assert "bucket" in done.err.split("hint:")[1]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(403, "QuotaExceeded"), "no room is left"),
        (error(507, "XMinioStorageFull"), "no room is left"),
        (error(400, "ExpiredToken", "It has expired."), "have expired"),
        (error(403, "AccessDenied", "Access Denied."), "Access Denied"),
        (error(405, "MethodNotAllowed", "Read only"), "Read only"),
    ],
)
def test_a_bucket_that_takes_no_more(
    yester: Yester,  # noqa: F811
    docs: Path,  # noqa: F811
    tmp_path: Path,
    bucket: tuple[Front, str],
    answer: Answer,
    words: str,
) -> None:
    front, url = bucket
    repository = Repository(Place(url, list), yester, docs)
    front.rules.append(lambda asked: answer if asked.method in ("PUT", "POST", "DELETE") else None)
    (docs / "more").write_text("more\n")
    done = yester("snap", "docs")
    repository.assert_nothing_lost(tmp_path / "back")
    front.rules.clear()
    assert yester("snap", "docs").code == 0
    repository.assert_nothing_lost(tmp_path / "back again")
    assert_refused(done, 1, words)


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_a_webdav_login(
    yester: Yester,  # noqa: F811
    home: Path,
    docs: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    (tmp_path / "dav").mkdir()
    with serving(tmp_path / "dav", scheme=scheme) as server:
        assert_refused(yester("init", "--no-encryption", server.url()), 6, "login", "YESTER_WEBDAV_PASSWORD")
        url = server.url(user=USER)
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", "wrong hush")
        done = yester("init", "--no-encryption", url)
        assert_refused(done, 6, "does not accept the login")
        assert "hush" not in done.err
        monkeypatch.delenv("YESTER_WEBDAV_PASSWORD")
        monkeypatch.setenv("YESTER_WEBDAV_TOKEN", "expired hush")
        done = yester("init", "--no-encryption", url)
        assert_refused(done, 6, "does not accept the login", "token")
        assert "hush" not in done.err
        assert list((tmp_path / "dav").iterdir()) == []
        monkeypatch.delenv("YESTER_WEBDAV_TOKEN")
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", PASSWORD)
        repository = Repository(Place(url, list), yester, docs)
        # The password was changed there.
        (docs / "more").write_text("more\n")
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", "old hush")
        assert_refused(yester("snap", "docs"), 6, "does not accept the login")
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", PASSWORD)
        repository.assert_nothing_lost(tmp_path / "back")
