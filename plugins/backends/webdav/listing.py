"""What a WebDAV server says is in a folder (a PROPFIND's multistatus, RFC 4918 section 14.16), as it arrives. Pure.

The answer is read as it comes, and nothing of it is kept but the entry under way: a folder of a hundred thousand
names takes no more memory than one of ten. A document type is refused, and with it every entity that somebody could
define; texts and depths have bounds.
"""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes, urlsplit
from xml.parsers import expat

REQUEST = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/></prop></propfind>'
)
"""What is asked for."""

_LONGEST_TEXT = 16 << 10
_DEEPEST = 64
_DAV = "DAV: "
_TEXTS = frozenset({"href", "status", "getcontentlength", "getlastmodified"})


class Garbled(Exception):
    """It is no list of a folder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder, or the folder itself."""

    path: bytes
    """From the server's top, without a slash at its end."""
    is_folder: bool
    size: int | None
    changed_s: float | None
    """Seconds since 1970, by the server's clock."""

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]


class Listing:
    """Turns the bytes of an answer into entries."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._found: list[Entry] = []
        self._depth = 0
        self._is_multistatus = False
        self._words: list[str] | None = None
        self._length = 0
        self._href = ""
        self._props: dict[str, str] = {}
        self._said: dict[str, str] = {}
        self._is_good = True

    def feed(self, data: bytes, *, last: bool = False) -> list[Entry]:
        """Return the entries that are whole with these bytes. Garbled."""
        try:
            self._parser.Parse(data, last)
        except (expat.ExpatError, LookupError, ValueError) as problem:
            raise Garbled(f"what is no XML: {problem}") from None
        if last and not self._is_multistatus:
            raise Garbled("no list of a folder")
        found, self._found = self._found, []
        return found

    def _refuse(self, *_: object) -> None:
        raise Garbled("XML with a document type")

    def _start(self, tag: str, _: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Garbled("XML that is nested without end")
        name = tag.removeprefix(_DAV)
        if self._depth == 1:
            if tag != f"{_DAV}multistatus":
                raise Garbled(f"{name[:40]} instead of the list of a folder")
            self._is_multistatus = True
        elif tag == f"{_DAV}response":
            self._href, self._props = "", {}
        elif tag == f"{_DAV}propstat":
            self._said, self._is_good = {}, True
        elif tag == f"{_DAV}collection":
            self._said["collection"] = ""
        elif tag.startswith(_DAV) and name in _TEXTS:
            self._words, self._length = [], 0

    def _text(self, text: str) -> None:
        if self._words is not None:
            self._length += len(text)
            if self._length > _LONGEST_TEXT:
                raise Garbled("a text without end")
            self._words.append(text)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.removeprefix(_DAV)
        if self._words is not None and name in _TEXTS:
            self._take(name, "".join(self._words).strip())
            self._words = None
        elif tag == f"{_DAV}propstat" and self._is_good:
            self._props |= self._said
        elif tag == f"{_DAV}response":
            self._found.append(_entry(self._href, self._props))

    def _take(self, name: str, text: str) -> None:
        if name == "href":
            # One for each response; those of properties and errors come later.
            self._href = self._href or text
        elif name == "status":
            self._is_good = text.split(" ")[1:2] == ["200"]
        else:
            self._said[name] = text


def _entry(href: str, props: dict[str, str]) -> Entry:
    try:
        path = urlsplit(href).path
    except ValueError:
        raise Garbled("an address that is none") from None
    size = props.get("getcontentlength", "")
    return Entry(
        unquote_to_bytes(path).rstrip(b"/"),
        "collection" in props,
        int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None,
        moment(props.get("getlastmodified", "")),
    )


def moment(text: str) -> float | None:
    """Return what a date of HTTP means, in seconds since 1970; None for what is no date."""
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
