"""What a multi:// URL and the file that it names say. Pure; both are as duplicity has them (its URL query is ours too).

multi:///etc/yester/places.json?mode=mirror&onfail=continue

[{"url": "file:///media/one/backup"},
 {"url": "sftp://nas/backup", "env": [{"name": "YESTER_SSH_COMMAND", "value": "ssh -p 2222"}]}]
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from yester.engine.errors import UsageError
from yester.engine.urls import scheme_of, without_secrets

SCHEME = "multi"
FORM = (
    "Write it as multi:///path.json?mode=mirror, or mode=stripe; besides onfail=continue or abort, and subpath=FOLDER."
)


class Mode(StrEnum):
    """Which stores have an object."""

    STRIPE = "stripe"
    """One of them."""
    MIRROR = "mirror"
    """All."""


class OnFail(StrEnum):
    """What becomes of a put that a store refuses or does not answer."""

    CONTINUE = "continue"
    """The others will do."""
    ABORT = "abort"
    """It fails."""


@dataclass(frozen=True, slots=True)
class Address:
    """A multi:// URL in parts."""

    path: str
    mode: Mode = Mode.STRIPE
    on_fail: OnFail = OnFail.CONTINUE
    subpath: str = ""

    def __str__(self) -> str:
        below = f"&subpath={quote(self.subpath)}" if self.subpath else ""
        return f"{SCHEME}://{quote(self.path)}?mode={self.mode}&onfail={self.on_fail}{below}"


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A variable of the environment that a store is opened in."""

    name: str
    value: str


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the stores."""

    url: str
    description: str = ""
    env: tuple[Variable, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Objects whose names begin so go to the stores that say so, and to no others. Only of mirrors."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What is added to the environment."""
        return {each.name: each.value for each in self.env}


def parse(url: str) -> Address:
    """Return what a multi:// URL says. UsageError."""
    where, _, query = url.partition("://")[2].partition("?")
    path = unquote(where, errors="surrogateescape")
    if not path.startswith("/") or path.endswith("/") or "#" in where:
        raise UsageError(f"{url} names no file", hint=FORM)
    return Address(path, **dict(_said(url, query)))  # type: ignore[arg-type]


def _said(url: str, query: str) -> Iterator[tuple[str, str]]:
    known = {"mode": Mode, "onfail": OnFail, "subpath": str}
    seen = set[str]()
    for key, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape"):
        if key not in known or key in seen:
            raise UsageError(f"{url}: {key} is {'said twice' if key in seen else 'not known'}", hint=FORM)
        seen.add(key)
        try:
            yield "on_fail" if key == "onfail" else key, known[key](value)
        except ValueError:
            raise UsageError(f"{url}: {key} cannot be {value!r}", hint=FORM) from None


def decode(text: bytes, address: Address) -> Sequence[Place]:
    """Return the stores that the file lists. UsageError, which names the file, unless it makes sense."""
    file = address.path
    try:
        places = msgspec.json.decode(text, type=tuple[Place, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"{file} is no list of stores: {problem}",
            hint='It is like [{"url": "file:///one"}, {"url": "sftp://nas/two"}].',
        ) from None
    if len(places) < 2:
        raise UsageError(f"{file} lists fewer than two stores", hint="One store needs no multi://.")
    for place in places:
        if not scheme_of(without_secrets(place.url)):
            raise UsageError(f"{file}: {place.url!r} is no URL", hint="A folder is written as file:///path.")
        if place.prefixes and address.mode is Mode.STRIPE:
            raise UsageError(f"{file}: prefixes are for mode=mirror", hint="Take them out, or say mode=mirror.")
        if any(not prefix for prefix in place.prefixes):
            raise UsageError(f"{file}: an empty prefix says nothing", hint="Take it out.")
    if len({place.url for place in places}) < len(places):
        raise UsageError(f"{file} lists a store twice", hint="A copy in the same place is none.")
    if places and all(place.prefixes for place in places):
        raise UsageError(f"{file}: every store has prefixes", hint="One must take all other objects.")
    return places


def below(url: str, subpath: str) -> str:
    """Return the URL of a folder below that of another URL."""
    if not subpath:
        return url
    where, mark, query = url.partition("?")
    return f"{where.rstrip('/')}/{quote(subpath.strip('/'))}{mark}{query}"
