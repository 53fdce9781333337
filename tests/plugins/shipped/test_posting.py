"""Healthcheck and webhook, with servers that answer, refuse, hang and are not there."""

import hashlib
import hmac
import json
import re
import socket
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.shipped.rig import BEGIN, ERRORS, GOOD, WHY, closed_port, fails, goes_well, made, silent, web

from yester.engine.errors import UsageError
from yester.engine.events import Error, ErrorCode, Message, SnapshotNew
from yester.plugins.shipped import posting
from yester.plugins.shipped.healthcheck import Healthcheck, address
from yester.plugins.shipped.posting import NotSent, Post, deliver, problem_of, send
from yester.plugins.shipped.webhook import Webhook

SECRET = "5f0c-secret"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PAUSES_S", (0.0,))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


# What is sent


def test_a_check_hears_of_the_begin_and_of_the_end() -> None:
    with web() as there:
        plugin, said = made(Healthcheck, url=f"{there.url}/{SECRET}")
        goes_well(plugin)
    paths = [each.path.partition("?") for each in there.asked]
    assert [path for path, _, _ in paths] == [f"/{SECRET}/start", f"/{SECRET}/0"]
    rids = {query.removeprefix("rid=") for _, _, query in paths}
    assert [str(uuid.UUID(rid)) for rid in rids] == list(rids)
    assert there.asked[1].body.startswith(b"The snapshot was taken.\n")
    assert said == []


@pytest.mark.parametrize("errors_fail", [True, False])
def test_what_counts_as_failed(errors_fail: bool) -> None:
    with web() as there:
        plugin, _ = made(Healthcheck, url=there.url, start=False, errors_fail=errors_fail, log=False)
        plugin.on_run_begin(BEGIN)
        plugin.on_run_end(ERRORS)
        fails(made(Healthcheck, url=there.url, start=False)[0])
        made(Healthcheck, url=there.url)[0].on_error(WHY)
        made(Healthcheck, url=there.url)[0].on_error(Error(ErrorCode.ALREADY_RUNNING, "busy"))
    assert [each.path.partition("?")[0] for each in there.asked] == ["/3" if errors_fail else "/0", "/1", "/1"]
    assert [bool(each.body) for each in there.asked] == [False, True, True]
    assert b"The run failed: The disk is full.\n\nMake room." in there.asked[1].body
    assert b"- /etc/x\\ny: Permission denied" in there.asked[1].body


def test_where_a_ping_goes() -> None:
    assert address("https://hc.example/ping/1/?a=b#c", "/start", "") == "https://hc.example/ping/1/start?a=b"
    assert re.fullmatch(
        r"https://hc\.example/1/7\?a=b&rid=[0-9a-f-]{36}", address("https://hc.example/1?a=b", "/7", "r")
    )


def test_a_hook_gets_the_chosen_events_signed() -> None:
    with web() as there:
        chosen, headers = ["snapshot.new", "run.end"], ["Authorization: Bearer x"]
        plugin, said = made(Webhook, url=f"{there.url}/{SECRET}", events=chosen, secret="key", headers=headers)
        goes_well(plugin)
        plugin.on_snapshot_new(SnapshotNew("ab" * 32))
    assert [json.loads(each.body)["type"] for each in there.asked] == ["run.end", "snapshot.new"]
    first = there.asked[0]
    assert json.loads(first.body)["files"] == 3
    right = "sha256=" + hmac.new(b"key", first.body, hashlib.sha256).hexdigest()
    wanted = {
        "X-Yester-Event": "run.end",
        "X-Yester-Signature": right,
        "Authorization": "Bearer x",
        "Content-Type": "application/json",
    }
    assert wanted.items() <= {name.title(): value for name, value in first.headers.items()}.items()
    assert said == []


@pytest.mark.parametrize(
    "options", [{"events": ["run.ended"]}, {"events": ["file"]}, {"headers": ["no colon"]}, {"headers": ["a: b\nc: d"]}]
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"there is no event|header 1 must be") as refused:
        made(Webhook, url="http://x", **options)
    assert "c: d" not in str(refused.value)


# What goes wrong


@pytest.mark.parametrize(
    ("codes", "sent", "words"),
    [
        ([500, 503, 200], 3, ""),
        ([429, 200], 2, ""),
        ([500], 3, "answered 500 Internal Server Error"),
        ([404], 1, "answered 404 Not Found"),
        ([302], 1, "sends us to another address (302)"),
        ([307], 1, "sends us to another address (307)"),
    ],
)
def test_tries(codes: list[int], sent: int, words: str) -> None:
    with web(*codes) as there:
        plugin, said = made(Webhook, url=f"{there.url}/{SECRET}", headers=[f"Authorization: {SECRET}"])
        plugin.on_run_end(GOOD)
    assert len(there.asked) == sent
    assert len({each.headers["X-Yester-Delivery"] for each in there.asked}) == 1
    assert [level for _, level in said] == (["warning"] if words else [])
    assert words in "".join(text for text, _ in said)
    assert SECRET not in str(said)


def test_nobody_is_there() -> None:
    for kind in (Healthcheck, Webhook):
        plugin, said = made(kind, url=f"http://127.0.0.1:{closed_port()}/{SECRET}")
        goes_well(plugin)
        assert "127.0.0.1 cannot be reached: Connection refused" in said[-1][0]
        assert SECRET not in str(said)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with silent() as port:
        plugin, said = made(Healthcheck, url=f"http://127.0.0.1:{port}/{SECRET}", timeout=0.1, tries=2)
        goes_well(plugin)
    assert [text for text, _ in said] == ["No ping was sent: 127.0.0.1 did not answer within 0.1 s"] * 2


def test_a_byte_now_and_then_does_not_prolong_it() -> None:
    """Each wait is short enough, and all of them together are not."""
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.0 200 OK\r\n")
            while not stop.wait(0.02):
                try:
                    connection.sendall(b"X: y\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        try:
            with pytest.raises(NotSent, match=r"did not answer within 0\.3 s"):
                send(Post(f"http://127.0.0.1:{server.getsockname()[1]}"), 0.3)
        finally:
            stop.set()
            thread.join()


def test_an_answer_that_is_none() -> None:
    def babble(server: socket.socket) -> None:
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\xff\xfe nonsense\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=babble, args=(server,))
        thread.start()
        with pytest.raises(NotSent, match="gave no answer that makes sense"):
            deliver(Post(f"http://127.0.0.1:{server.getsockname()[1]}"), timeout_s=5, tries=2)
        thread.join()


def test_after_two_troubles_only_ends_are_tried() -> None:
    with web(500) as there:
        plugin, said = made(Webhook, url=there.url, events=["message", "run.end", "error"], tries=2)
        for number in range(20):
            plugin.on_message(Message(text=str(number)))
        plugin.on_error(WHY)
        goes_well(plugin)
    assert len(there.asked) == 2 + 1 + 1 + 1
    assert len(said) == 4


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "it has no url"),
        ("file:///etc/passwd", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("http://host:x/", "must begin with https://"),
        ("http://[::1/", "must begin with https://"),
        ("http://ho st/", "must begin with https://"),
        ("http://host/\r\nX: y", "must begin with https://"),
        ("https://host/ä", "must begin with https://"),
        ("http://[::1]:80/x", ""),
    ],
)
def test_addresses(url: str, words: str) -> None:
    assert words in problem_of(url)
    assert bool(problem_of(url)) == bool(words)
    if words:
        plugin, said = made(Healthcheck, url=url)
        goes_well(plugin)
        assert "yester plugin options healthcheck --set url=" in said[-1][0]
        assert len(url) < 9 or url not in str(said)


def test_trying_it_out(tmp_path: Path) -> None:
    with web() as there:
        assert made(Healthcheck, url=there.url)[0].try_it({}) == "127.0.0.1 took the ping"
        assert made(Webhook, url=there.url)[0].try_it({}) == "127.0.0.1 took the event"
    assert there.asked[0].path == "/log"
    with pytest.raises(NotSent, match="it has no url"):
        made(Webhook)[0].try_it({})
