"""Addresses of backends: URLs taken apart for whoever opens one, and as they may be shown. Pure.

ParsedUrl is what duplicity hands to its backends, in its attributes, but for what is unsound there: whether a URL has
a host is a property of its scheme that the caller says, and no table that all share; and `strip_auth` ends where the
host begins, also when an @ stands in the path.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from yester.engine.errors import UsageError
from yester.engine.urls import shown_url as shown

__all__ = ["InvalidBackendURL", "ParsedUrl", "is_backend_url", "shown", "strip_auth_from_url", "strip_prefix"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


class InvalidBackendURL(UsageError):
    """A URL that names no place."""


@dataclass(frozen=True, slots=True, repr=False)
class ParsedUrl:
    """A URL in parts. Its repr and str hold no secret; `url_string` and `geturl` do, if there is one."""

    url_string: str
    scheme: str
    """In small letters; empty for a local path."""
    netloc: str
    """Between `//` and the path, as it is written; empty where the scheme has no host."""
    path: str
    """Unquoted. Where the scheme has no host it begins with two slashes, and what would be the host is part of it."""
    username: str | None
    password: str | None
    hostname: str | None
    port: int | None
    query: str

    @classmethod
    def of(cls, url: str, *, has_host: bool = True, any_port: bool = False) -> "ParsedUrl":
        """Take a URL apart; InvalidBackendURL. `any_port`: what is no port is no mistake (`host::module` of rsync)."""
        match = _SCHEME.match(url)
        if match is None:
            return cls(url, "", "", url, None, None, None, None, "")
        scheme, rest = match[1].lower(), url[match.end() :]
        if not rest.startswith("//"):
            raise InvalidBackendURL(
                f"{shown(url)} is relative: it names no place", hint=f"Write it as {scheme}://host/path."
            )
        where, _, query = rest.partition("?")
        if not has_host:
            return cls(url, scheme, "", unquote(where), None, None, None, None, query)
        netloc, slash, path = where.removeprefix("//").partition("/")
        user, password, machine = _login(netloc)
        host, port = _machine(url, machine, any_port)
        if not host:
            raise InvalidBackendURL(f"{shown(url)} names no host", hint=f"Write it as {scheme}://host/path.")
        return cls(url, scheme, netloc, unquote(slash + path), user, password, host, port, query)

    @property
    def query_args(self) -> dict[str, list[str]]:
        """The parameters of the query."""
        return parse_qs(self.query)

    def geturl(self) -> str:
        """Return the URL as it was."""
        return self.url_string

    def strip_auth(self) -> str:
        """Return the URL without user and password."""
        return strip_auth_from_url(self)

    def __repr__(self) -> str:
        return f"ParsedUrl({shown(self.url_string)!r})"

    def __str__(self) -> str:
        return shown(self.url_string)


def strip_auth_from_url(url: ParsedUrl) -> str:
    """Return a URL without user and password. An @ in the path stays."""
    return url.url_string.replace(f"//{url.netloc}", f"//{url.netloc.rpartition('@')[2]}", 1)


def strip_prefix(url: str, prefix: str) -> str:
    """Return a URL without `prefix+`, in whatever letters it is written; the URL itself where it has none."""
    head, plus, rest = url.partition("+")
    return rest if plus and head.lower() == prefix.lower() else url


def is_backend_url(place: str) -> bool:
    """Whether a place is a URL, and no local path."""
    match = _SCHEME.match(place)
    return match is not None and place[match.end() :].startswith("//")


def _login(netloc: str) -> tuple[str | None, str | None, str]:
    """Return user, password and machine; an @ may stand in the user, quoted or not."""
    login, at, machine = netloc.rpartition("@")
    if not at:
        return None, None, netloc
    user, colon, password = login.partition(":")
    return unquote(user), unquote(password) if colon else None, machine


def _machine(url: str, machine: str, any_port: bool) -> tuple[str, int | None]:
    """Return host and port. InvalidBackendURL."""
    six = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", machine)
    host, colon, port = (six[1], ":", six[2] or "") if six else machine.partition(":")
    if not colon or not port:
        return host.lower(), None
    if port.isascii() and port.isdecimal() and int(port) < 1 << 16:
        return host.lower(), int(port)
    if any_port:
        return host.lower(), None
    raise InvalidBackendURL(
        f"{shown(url)} has no port between 1 and 65535 after its host", hint="Write it as scheme://host:port/path."
    )
