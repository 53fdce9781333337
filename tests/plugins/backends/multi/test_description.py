import json

import pytest

from yester.engine.errors import UsageError
from yester.plugins.backends.multi.description import Address, Mode, OnFail, below, decode, parse

MIRROR = Address("/a.json", Mode.MIRROR)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("multi:///a.json", Address("/a.json")),
        ("multi:///a%20b.json?mode=mirror", Address("/a b.json", Mode.MIRROR)),
        ("multi:///a.json?onfail=abort&mode=stripe", Address("/a.json", Mode.STRIPE, OnFail.ABORT)),
        ("multi:///a.json?subpath=x%2Fy", Address("/a.json", subpath="x/y")),
    ],
)
def test_a_url_says_file_and_manner(url: str, address: Address) -> None:
    assert parse(url) == address
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "url",
    [
        *("multi://", "multi:///", "multi://host/a.json", "multi:///a/", "multi:///a#b"),
        *("multi:///a?mode=raid", "multi:///a?mode=mirror&mode=mirror", "multi:///a?x=1", "multi:///a?onfail="),
    ],
)
def test_what_is_no_such_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        parse(url)


def test_a_file_lists_stores() -> None:
    text = """[
        {"url": "file:///one", "description": "the disk", "prefixes": ["data."]},
        {"url": "sftp://nas/two", "env": [{"name": "A", "value": "1"}]}
    ]"""
    one, two = decode(text.encode(), MIRROR)
    assert (one.url, one.prefixes, one.environment) == ("file:///one", ("data.",), {})
    assert two.environment == {"A": "1"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "no list"),
        ([], "fewer than two"),
        ([{"url": "file:///a"}], "fewer than two"),
        ([{"url": "file:///a"}, {"uri": "file:///b"}], "uri"),
        ([{"url": "file:///a"}, {"url": 3}], "no list"),
        ([{"url": "file:///a"}, {"url": "/b"}], "no URL"),
        ([{"url": "file:///a"}, {"url": "file:///a"}], "twice"),
        ([{"url": "file:///a"}, {"url": "webdav://me:hush@b/"}], "secret"),
        ([{"url": "file:///a", "prefixes": [""]}, {"url": "file:///b"}], "empty prefix"),
        ([{"url": "file:///a", "prefixes": ["a"]}, {"url": "file:///b", "prefixes": ["b"]}], "every store"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(content: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        decode(json.dumps(content).encode(), MIRROR)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_prefixes_are_for_mirrors() -> None:
    content = [{"url": "file:///a", "prefixes": ["data."]}, {"url": "file:///b"}]
    with pytest.raises(UsageError, match="mode=mirror"):
        decode(json.dumps(content).encode(), Address("/a.json"))


@pytest.mark.parametrize("text", [b"", b"\xff", b"[", b"[" * 100_000, b'[{"url":"file:///a"},{"url":"file:///\xff"}]'])
def test_hostile_bytes_are_refused(text: bytes) -> None:
    with pytest.raises(UsageError):
        decode(text, MIRROR)


def test_a_subpath_goes_below() -> None:
    assert below("file:///a", "") == "file:///a"
    assert below("file:///a/", "/b c/") == "file:///a/b%20c"
    assert below("multi:///a?mode=mirror", "b") == "multi:///a/b?mode=mirror"
