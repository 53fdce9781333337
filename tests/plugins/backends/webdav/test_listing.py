import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.backends.webdav.listing import Entry, Garbled, Listing, moment

_HEAD = '<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:" xmlns:x="urn:x">'
_TAIL = "</D:multistatus>"


def file(href: str, *, size: str = "5", status: str = "HTTP/1.1 200 OK", type: str = "") -> str:
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype>{type}</D:resourcetype>"
        f"<D:getcontentlength>{size}</D:getcontentlength><x:href>other</x:href>"
        "<D:getlastmodified>Thu, 01 Jan 1970 00:01:00 GMT</D:getlastmodified></D:prop>"
        f"<D:status>{status}</D:status></D:propstat></D:response>"
    )


def read(text: str | bytes, step: int = 1 << 20) -> list[Entry]:
    data = text.encode() if isinstance(text, str) else text
    listing = Listing()
    found = [entry for start in range(0, len(data), step) for entry in listing.feed(data[start : start + step])]
    return found + listing.feed(b"", last=True)


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_reads_an_answer_in_pieces_of_any_size(step: int) -> None:
    text = _HEAD + file("/dav/a%20b/", type="<D:collection/>") + file("http://h:1/dav/a%20b/%ff?x") + _TAIL
    assert read(text, step) == [
        Entry(b"/dav/a b", True, 5, 60.0),
        Entry(b"/dav/a b/\xff", False, 5, 60.0),
    ]
    assert [entry.name for entry in read(text)] == [b"a b", b"\xff"]


def test_what_a_server_could_not_find_out_is_not_taken() -> None:
    text = _HEAD + file("/a", status="HTTP/1.1 404 Not Found", type="<D:collection/>") + _TAIL
    assert read(text) == [Entry(b"/a", False, None, None)]


def test_a_size_that_is_none_is_unknown() -> None:
    assert [entry.size for entry in read(_HEAD + file("/a", size="-1") + file("/b", size="9" * 50) + _TAIL)] == [
        None
    ] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "<html><body>It works!</body></html>",
        '<multistatus xmlns="other:"/>',
        _HEAD,
        '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        + '<multistatus xmlns="DAV:">&b;</multistatus>',
        '<!DOCTYPE m SYSTEM "file:///etc/passwd"><multistatus xmlns="DAV:"/>',
        _HEAD + "<a>" * 100,
        _HEAD + "<D:response><D:href>" + "a" * 20_000 + "</D:href></D:response>" + _TAIL,
        _HEAD + "<D:response><D:href>http://[</D:href></D:response>" + _TAIL,
        _HEAD + "&unknown;" + _TAIL,
        '<?xml version="1.0" encoding="no-such"?><multistatus xmlns="DAV:"/>',
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(Garbled):
        read(text)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_hostile_bytes_are_read_or_refused(noise: bytes, at: int) -> None:
    text = (_HEAD + file("/a") + _TAIL).encode()
    for data in (noise, text[:at] + noise + text[at:], text[:at]):
        try:
            found = read(data, 13)
        except Garbled:
            continue
        assert all(isinstance(entry, Entry) for entry in found)


def test_dates_are_moments() -> None:
    assert moment("Thu, 01 Jan 1970 00:00:10 GMT") == 10.0
    assert moment("Thu, 01 Jan 1970 01:00:10 +0100") == 10.0
    assert [moment(text) for text in ("", "yesterday", "Thu, 99 Jan 1970 00:00:10 GMT")] == [None] * 3
