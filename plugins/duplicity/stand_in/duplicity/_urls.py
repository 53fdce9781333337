"""URLs by duplicity's rules, without its global change of Python's own URL parser."""

import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from duplicity.errors import InvalidBackendURL

uses_netloc: list[str] = []
"""Schemes whose URLs name a host; backends add theirs. Of all others the host's place belongs to the path."""

_AUTHORITY = re.compile(r"^([^:/?#]+://)([^/?#]*@)?", re.S)
_NO_PORT = ("rclone",)


class ParsedUrl:
    """A URL and its parts. InvalidBackendURL when it is none."""

    def __init__(self, url_string: str) -> None:
        self.url_string = url_string
        try:
            parts = urlsplit(url_string)
        except ValueError as problem:
            raise InvalidBackendURL(f"syntax error ({problem}) in {strip_auth(url_string)}") from None
        self.scheme, self.netloc, self.query = parts.scheme, parts.netloc, parts.query
        self.query_args = parse_qs(parts.query)
        self.username = _unquoted(parts.username)
        self.password = _unquoted(parts.password)
        self.hostname = parts.hostname
        self.port = self._port(parts)
        self.path = unquote(parts.path)
        if self.scheme in uses_netloc:
            if not self.hostname:
                raise InvalidBackendURL(f"missing hostname in {strip_auth(url_string)}")
        elif self.scheme:
            if not url_string[len(self.scheme) + 1 :].startswith("//"):
                raise InvalidBackendURL(f"missing // - relative paths are not supported in {url_string}")
            self.path = "//" + unquote(parts.netloc) + self.path
            self.netloc = ""

    def geturl(self) -> str:
        """Return the URL as it was."""
        return self.url_string

    def strip_auth(self) -> str:
        """Return the URL without user and password."""
        return strip_auth(self.url_string)

    def _port(self, parts: SplitResult) -> int | None:
        try:
            return parts.port
        except ValueError:
            is_module = self.scheme == "rsync" and "::" in self.url_string
            if is_module or self.scheme in _NO_PORT:
                return None
            raise InvalidBackendURL(f"bad port in {strip_auth(self.url_string)}") from None


def strip_auth(url: str) -> str:
    """Return a URL without user and password; an @ in the path stays."""
    return _AUTHORITY.sub(r"\1", url, count=1)


def strip_prefix(url_string: str, prefix_scheme: str) -> str:
    """Return a URL without `prefix+` before it, in whatever case."""
    return re.sub(rf"(?i)^{re.escape(prefix_scheme)}\+", "", url_string)


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)
