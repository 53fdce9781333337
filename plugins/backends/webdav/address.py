"""Addresses: webdav[s]://[user@]host[:port]/path. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from yester.engine.errors import UsageError

FORM = "Write it as webdavs://user@host/path; %20 and the like stand for bytes."

_HOST = re.compile(r"\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?)")
_SCHEMES = {"webdav": "http", "webdavs": "https"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository lies."""

    scheme: str
    host: str
    path: tuple[bytes, ...]
    """The folders on the way, from the server's top."""
    user: str = ""
    port: int | None = None

    @property
    def is_secure(self) -> bool:
        """Whether what is sent is encrypted on its way."""
        return self.scheme == "webdavs"

    @property
    def origin(self) -> str:
        """The server, as HTTP names it."""
        return f"{_SCHEMES[self.scheme]}://{self._machine}"

    @property
    def base(self) -> str:
        """The path of the repository's folder on the server, quoted; it ends with a slash."""
        return "/" + "".join(f"{quote(part)}/" for part in self.path)

    @property
    def _machine(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def __str__(self) -> str:
        return f"{self.scheme}://{f'{quote(self.user)}@' if self.user else ''}{self._machine}{self.base.rstrip('/')}"


def parse(url: str) -> Address:
    """Return what a webdav:// or webdavs:// URL means. UsageError, in which no password is repeated."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    login, at, machine = authority.rpartition("@")
    user, colon, _ = login.partition(":")
    if colon:
        raise UsageError(
            f"A password stands in a {scheme.lower()}:// URL, where it would be kept and shown",
            hint="Take it out: set YESTER_WEBDAV_PASSWORD, _PASSWORD_FILE or _PASSWORD_COMMAND, or use ~/.netrc.",
        )
    host = _HOST.match(machine)
    name = unquote_to_bytes(user).decode("utf-8", "replace")
    if host is None or (at and not name) or any(sign < " " for sign in name):
        raise UsageError(f"{url} names no server", hint=FORM)
    if re.search(r"[?#]", path):
        raise UsageError(f"{url} has a query or a fragment, which no folder has", hint="Write ? as %3F and # as %23.")
    return Address(
        scheme.lower(), host["six"] or host["name"], _path(url, path), name, _port(url, machine[host.end() :])
    )


def _port(url: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r":[0-9]{1,5}", text) or not 0 < int(text[1:]) < 1 << 16:
        raise UsageError(f"{url} has no port between 1 and 65535 after its host", hint=FORM)
    return int(text[1:])


def _path(url: str, text: str) -> tuple[bytes, ...]:
    parts = [unquote_to_bytes(part.encode("utf-8", "surrogateescape")) for part in text.split("/")]
    parts = [part for part in parts if part not in (b"", b".")]
    if b".." in parts or any(b"\0" in part or b"/" in part for part in parts):
        raise UsageError(f"{url} names no folder", hint=FORM)
    return tuple(parts)
