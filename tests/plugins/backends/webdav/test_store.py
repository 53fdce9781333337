"""The store against a WebDAV server in Python; tests/plugins/backends/webdav/test_apache.py has the real one."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.backend_contract import NAMES, BackendContract
from tests.wsgidav_server import PASSWORD, USER, WebdavServer, serving

from yester.engine.errors import Broken, Denied, Exists, Full, RepositoryError, Retry, StoreError, UsageError
from yester.engine.store import Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.webdav.address import parse
from yester.plugins.backends.webdav.server import Server
from yester.plugins.backends.webdav.store import WebdavStore

PACK = f"data.{'ab' * 32}"

Answer = Callable[[dict[str, Any], Any], Any]


class TestWebdavStore(BackendContract):
    MANY = 100
    BY_CHANCE = frozenset({"one creator", "old or new"})
    """This server removes what is there, and then renames."""

    @pytest.fixture
    def store(self, server: WebdavServer) -> Iterator[Store]:
        opened = open_store(server.url(), create=True)
        yield opened
        opened.close()

    @pytest.fixture
    def other(self, store: Store, server: WebdavServer) -> Iterator[Store]:
        opened = open_store(server.url(), create=True)
        yield opened
        opened.close()


@pytest.fixture
def bare(server: WebdavServer) -> Iterator[WebdavStore]:
    """A store without retries."""
    address = parse(server.url())
    opened = WebdavStore(address, Server(str(address), address.origin, stall_s=2), create=True)
    yield opened
    opened.close()


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def answering(status: str, body: bytes = b"", *headers: tuple[str, str], method: str = "") -> Answer:
    """Return what answers requests of a method in the server's place."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        if method and environ["REQUEST_METHOD"] != method:
            return None
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    return answer


# One layout


def test_a_folder_serves_what_it_stored_and_the_other_way_round(store: Store, server: WebdavServer) -> None:
    folder = FolderStore(server.folder / "repository", create=True)
    names = ["config", PACK, f"snap.{'01' * 32}", "other"]
    for number, name in enumerate(names):
        (store if number % 2 else folder).put(name, [name.encode() * 1000])
    for each in (store, folder):
        assert sorted(each.list()) == sorted(names)
        assert [each.get(name) for name in names] == [name.encode() * 1000 for name in names]
    folder.close()


@pytest.mark.parametrize("size", [0, 1, 131_071, 131_072, 131_073, 5_000_000])
def test_keeps_every_byte(store: Store, size: int) -> None:
    content = os.urandom(size)
    store.put(PACK, [content[: size // 3], content[size // 3 :]])
    assert store.get(PACK) == content
    assert store.query(PACK) == size
    assert store.get_range(PACK, size // 7, size // 2) == content[size // 7 : size // 7 + size // 2]


def test_lists_ten_thousand_names(store: Store, server: WebdavServer) -> None:
    names = {f"snap.{number:064x}" for number in range(10_000)}
    (server.folder / "repository/snap").mkdir()
    for name in names:
        (server.folder / "repository/snap" / name).touch()
    found = list(store.list("snap."))
    assert (len(found), set(found)) == (10_000, names)


def test_passes_over_what_is_no_object(store: Store, server: WebdavServer) -> None:
    store.put(PACK, [b"x"])
    top = server.folder / "repository"
    for foreign in ["lost+found/x", "data/.put-1-2", "data/ab/note", f"data/cd/{PACK}", "snap/SNAP.1", "snap/ä", "R"]:
        (top / foreign).parent.mkdir(exist_ok=True)
        (top / foreign).write_bytes(b"foreign")
    (top / "snap" / "snap.3").mkdir()
    (top / "key").write_bytes(b"not a folder")
    assert list(store.list()) == [PACK]
    assert list(store.list("key.")) == []
    with pytest.raises(Broken, match=r"snap\.3"):
        store.query("snap.3")


def test_packs_of_one_shard_are_found_with_one_request(store: Store, server: WebdavServer) -> None:
    store.put(PACK, [b"x"])
    server.asked.clear()
    assert list(store.list("data.ab")) == [PACK]
    assert len(server.asked) == 1


# Whole or not at all


def test_nothing_is_left_of_a_put(store: Store, server: WebdavServer) -> None:
    store.put("config", [b"x"], if_absent=True)
    store.put(PACK, [b"x"])
    store.put(PACK, [b"y"])
    with pytest.raises(Exists):
        store.put("config", [b"y"], if_absent=True)
    assert files(server.folder / "repository") == ["config", f"data/ab/{PACK}"]


class Cut(list[bytes]):
    """Buffers that are counted, but break off when they are sent."""

    was_counted = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"x" * 1_000_000
        if self.was_counted:
            raise KeyboardInterrupt
        self.was_counted = True
        yield b"x" * 1_000_000


def test_a_put_that_breaks_off_leaves_no_object(bare: WebdavStore) -> None:
    with pytest.raises(KeyboardInterrupt):
        bare.put(PACK, Cut())
    assert list(bare.list()) == []
    bare.put(PACK, [b"x" * 1_000_000])
    assert bare.query(PACK) == 1_000_000


def test_tidying_takes_what_killed_puts_left(store: Store, server: WebdavServer) -> None:
    root = server.folder / "repository"
    store.put(PACK, [b"x"])
    store.put("snap.1", [b"x"])
    old = [root / "data/ab/.put-1-old", root / "snap/.put-1-old", root / ".put-1-old"]
    for path in (*old, root / "snap/.put-2-young"):
        path.write_bytes(b"x")
    for path in old:
        os.utime(path, (0, 0))
    store.tidy()
    assert [path.name for path in root.rglob(".put-*")] == [".put-2-young"]
    assert sorted(store.list()) == sorted([PACK, "snap.1"])


def test_folders_made_for_nothing_go_again(server: WebdavServer) -> None:
    opened = open_store(server.url("new/inner"), create=True)
    opened.put(NAMES.mark, [b"x"])
    opened.delete(NAMES.mark)
    opened.close()
    assert list(server.folder.iterdir()) == []


def test_a_folder_stays_in_which_somebody_puts_something_just_then(server: WebdavServer) -> None:
    theirs = server.folder / "new/config"

    def meanwhile(environ: dict[str, Any], start_response: Any) -> None:
        if environ["REQUEST_METHOD"] == "MOVE":
            theirs.write_bytes(b"theirs")
            server.before = None

    opened = open_store(server.url("new"), create=True)
    server.before = meanwhile
    opened.close()
    assert files(server.folder) == ["new/config"]


def test_nothing_is_written_where_the_disk_is_gone(store: Store, server: WebdavServer) -> None:
    store.put("config", [b"x"])
    again = open_store(server.url())
    (server.folder / "repository/config").unlink()
    with pytest.raises(StoreError, match="config"):
        again.put(PACK, [b"x"])
    assert files(server.folder / "repository") == []
    again.close()


def test_a_server_that_ignores_overwrite_f_is_caught(bare: WebdavStore, server: WebdavServer) -> None:
    def deaf(environ: dict[str, Any], start_response: Any) -> None:
        if environ["REQUEST_METHOD"] == "MOVE":
            environ["HTTP_OVERWRITE"] = "T"

    bare.put("config", [b"first"])
    server.before = deaf
    with pytest.raises(Exists):
        bare.put("config", [b"second"], if_absent=True)
    assert bare.get("config") == b"first"


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Failed", "409 Conflict"])
def test_a_folder_that_another_makes_in_the_same_moment_is_there(
    bare: WebdavStore, server: WebdavServer, status: str
) -> None:
    def overtaken(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "MKCOL":
            (server.folder / "repository/snap").mkdir()
            return answering(status)(environ, start_response)
        return None

    server.before = overtaken
    bare.put("snap.1", [b"x"])
    assert bare.get("snap.1") == b"x"


# Ranges


def test_a_server_without_ranges_serves_them_all_the_same(bare: WebdavStore, server: WebdavServer) -> None:
    def without(environ: dict[str, Any], start_response: Any) -> None:
        environ.pop("HTTP_RANGE", None)

    server.before = without
    bare.put(PACK, [bytes(range(256))])
    assert bare.capabilities.ranges
    assert bare.get_range(PACK, 10, 5) == bytes(range(10, 15))
    assert not bare.capabilities.ranges
    with pytest.raises(Broken):
        bare.get_range(PACK, 250, 7)


@pytest.mark.parametrize(
    ("header", "body"),
    [("bytes 0-4/256", b"01234"), ("", b"01234"), ("bytes 10-14/256", b"0123456789"), ("bytes 10-14/256", b"012")],
)
def test_another_part_than_was_asked_for_is_refused(
    bare: WebdavStore, server: WebdavServer, header: str, body: bytes
) -> None:
    server.before = answering("206 Partial Content", body, ("Content-Range", header), method="GET")
    with pytest.raises(Broken, match=PACK):
        bare.get_range(PACK, 10, 5)


# Refusals


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *(("401 Unauthorized", Denied), ("403 Forbidden", Denied), ("423 Locked", Retry), ("507 Full", Full)),
        *(("500 Failed", Retry), ("503 Busy", Retry), ("429 Slowly", Retry), ("301 Moved", Broken), ("404 No", Broken)),
    ],
)
def test_a_refused_put_is_said(bare: WebdavStore, server: WebdavServer, status: str, error: type[StoreError]) -> None:
    server.before = answering(status, method="PUT")
    with pytest.raises(error, match=PACK) as caught:
        bare.put(PACK, [b"x"])
    assert caught.value.name == PACK


@pytest.mark.parametrize("status", ["403 Forbidden", "503 Busy", "507 Full", "404 No", "502 Bad Gateway"])
def test_what_could_not_be_named_is_removed(bare: WebdavStore, server: WebdavServer, status: str) -> None:
    server.before = answering(status, method="MOVE")
    with pytest.raises(StoreError):
        bare.put(PACK, [b"x"])
    assert files(server.folder / "repository") == []


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b"<!DOCTYPE x><x/>"])
def test_a_list_that_is_none_is_refused(bare: WebdavStore, server: WebdavServer, body: bytes) -> None:
    server.before = answering("207 Multi-Status", body, method="PROPFIND")
    with pytest.raises(Broken, match="could not be listed"):
        list(bare.list())


def test_a_server_that_goes_away_may_come_back(home: Path, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        address = parse(server.url())
        bare = WebdavStore(address, Server(str(address), address.origin), create=True)
    with pytest.raises(Retry, match="lost") as caught:
        bare.get(PACK)
    assert caught.value.hint
    bare.close()


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(server: WebdavServer, bare: WebdavStore) -> None:
    go_on = threading.Event()

    def stall(environ: dict[str, Any], start_response: Any) -> None:
        go_on.wait(60)

    server.before = stall
    try:
        with pytest.raises(Retry, match="not answered for 2 seconds"):
            bare.query("config")
    finally:
        go_on.set()


def test_after_close_nothing_is_touched(store: Store) -> None:
    store.close()
    store.close()
    for ask in (lambda: store.put(PACK, [b"x"]), lambda: store.get(PACK)):
        with pytest.raises(StoreError):
            ask()


def test_a_redirect_is_followed_where_it_may_be(bare: WebdavStore, server: WebdavServer) -> None:
    top = f"/{server.folder.name}/repository"
    bare.put(PACK, [b"x"])
    bare.put("snap.1", [b"y"])

    def elsewhere(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET" and PACK in environ["PATH_INFO"]:
            start_response("302 Found", [("Location", place), ("Content-Length", "0")])
            return [b""]
        return None

    server.before = elsewhere
    place = f"{top}/snap/snap.1"
    assert bare.get(PACK) == b"y"
    place = "http://127.0.0.2:1/x"
    with pytest.raises(Broken, match=r"127\.0\.0\.2"):
        bare.get(PACK)
    place = f"{top}/data/ab/{PACK}"
    with pytest.raises(Broken, match="without end"):
        bare.get(PACK)


# Threads


def test_many_threads_read_while_they_list(store: Store) -> None:
    for number in range(40):
        store.put(f"snap.{number}", [b"x"])

    def work(_: int) -> int:
        return sum(len(store.get(name)) for name in store.list("snap."))

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(work, range(12))) == [40] * 12


# Opening


def refused(url: str, *, create: bool = False) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        open_store(url, create=create)
    return caught.value


def test_strange_folders_are_said(server: WebdavServer) -> None:
    assert str(refused(server.url("none"))).endswith("there is no such folder")
    assert not (server.folder / "none").exists()
    (server.folder / "file").write_text("x")
    assert "is not a folder" in str(refused(server.url("file")))
    (server.folder / "a b#").mkdir()
    url = server.url("a%20b%23")
    assert str(refused(url)).endswith("the folder is empty")
    (server.folder / "a b#/letter").write_text("x")
    assert "letter is in it" in str(refused(url, create=True))


@pytest.mark.parametrize("path", ["", "deep/deeper/deepest", "a%20b/%25"])
def test_folders_on_the_way_are_made(server: WebdavServer, path: str) -> None:
    store = open_store(server.url(path), create=True)
    store.put("config", [b"x"])
    store.close()
    again = open_store(server.url(path))
    assert again.get("config") == b"x"
    again.close()


def test_what_is_no_webdav_is_said(server: WebdavServer) -> None:
    server.before = answering("200 OK", b"<html>It works!</html>")
    assert "200" in str(refused(server.url()))
    server.before = answering("405 Method Not Allowed")
    assert "no WebDAV there" in str(refused(server.url()))
    server.before = answering("301 Moved Permanently", b"", ("Location", "http://other/dav"))
    assert "http://other/dav" in str(refused(server.url()))


# Logins


@pytest.mark.parametrize("scheme", ["basic", "digest"])
@pytest.mark.parametrize("way", ["variable", "file", "command", "netrc", "profile"])
def test_a_password_opens(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, way: str) -> None:
    place = tmp_path / "server"
    place.mkdir()
    secret, stated = tmp_path / "secret", {}
    secret.write_text(PASSWORD + "\n")
    if way == "variable":
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", PASSWORD)
    elif way == "file":
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD_FILE", str(secret))
    elif way == "command":
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD_COMMAND", f"cat '{secret}'")
    elif way == "netrc":
        (home / ".netrc").write_text(f'machine 127.0.0.1 login {USER} password "{PASSWORD}"\n')
        (home / ".netrc").chmod(0o600)
    else:
        stated = {"webdav": {"user": USER, "password_file": str(secret)}}
    with serving(place, scheme=scheme) as server:
        store = open_store(server.url(user="" if way in ("netrc", "profile") else USER), create=True, stated=stated)
        store.put("config", [b"x" * 300_000])
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: store.get("config"), range(8))) == [b"x" * 300_000] * 8
        store.close()
        monkeypatch.setenv("YESTER_WEBDAV_PASSWORD", "wrong")
        problem = refused(server.url(user=USER))
        assert "does not accept the login" in str(problem)
        assert "wrong" not in str(problem) + problem.hint


def test_a_token_is_sent(server: WebdavServer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    server.before = lambda environ, start_response: seen.append(environ.get("HTTP_AUTHORIZATION"))
    monkeypatch.setenv("YESTER_WEBDAV_TOKEN", "hush")
    open_store(server.url(), create=True).close()
    assert set(seen) == {"Bearer hush"}


@pytest.mark.parametrize("name", ["password", "token"])
def test_a_secret_in_a_profile_is_refused(server: WebdavServer, name: str) -> None:
    with pytest.raises(UsageError, match=r"backends\.webdav|is a secret") as caught:
        open_store(server.url(), create=True, stated={"webdav": {name: "hush"}})
    assert "hush" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PASSWORD_FILE", "/nonexistent"),
        ("PASSWORD_FILE", "/dev/null"),
        ("PASSWORD_COMMAND", "false"),
        ("PASSWORD_COMMAND", "no-such-program-here"),
        ("PASSWORD_COMMAND", "cat 'x"),
        ("TOKEN_COMMAND", "true"),
        ("TIMEOUT", "soon"),
    ],
)
def test_a_secret_that_cannot_be_had_is_said(
    server: WebdavServer, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"YESTER_WEBDAV_{variable}", value)
    with pytest.raises(UsageError):
        open_store(server.url(), create=True)


def test_a_netrc_that_is_none_is_said(server: WebdavServer, home: Path) -> None:
    (home / ".netrc").write_text("nonsense here\n")
    with pytest.raises(UsageError, match="netrc"):
        open_store(server.url(), create=True)
