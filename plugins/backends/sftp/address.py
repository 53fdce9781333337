"""Addresses: sftp://[user@]host[:port]/path. Pure.

The path is absolute, but what follows `/~/` is relative to the folder that the server starts in, which is the user's
home on most. Nothing of it can become an option of ssh.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from yester.engine.errors import UsageError

FORM = "Write it as sftp://user@host/absolute/path, or sftp://user@host/~/path below the home there."

_HOST = re.compile(r"\[(?P<six>[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?)\]|(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)")
_USER = re.compile(r"[A-Za-z0-9_.][^\x00-\x20\x7f@:/]*")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository lies. `path` as the server takes it: relative to its start, unless it begins with a slash."""

    host: str
    path: bytes
    user: str = ""
    port: int | None = None

    @property
    def login(self) -> str:
        """User and host, as a person gives them to ssh."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @property
    def by_hand(self) -> str:
        """The command that reaches the same machine by hand."""
        return f"ssh {f'-p {self.port} ' if self.port else ''}{self.login}"

    @property
    def known_as(self) -> str:
        """What known_hosts calls the machine, unless the person's configuration says otherwise."""
        return f"[{self.host}]:{self.port}" if self.port not in (None, 22) else self.host

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = quote(self.path if self.path.startswith(b"/") else b"/~/" + self.path)
        return f"sftp://{f'{quote(self.user)}@' if self.user else ''}{host}{f':{self.port}' if self.port else ''}{path}"


def parse(url: str) -> Address:
    """Return what an sftp:// URL means. UsageError, in which no password is repeated."""
    authority, _, rest = url.partition("://")[2].partition("/")
    login, at, machine = authority.rpartition("@")
    user, colon, _ = login.partition(":")
    if colon:
        raise UsageError(
            "A password stands in an sftp:// URL, where it would be kept and shown",
            hint="Take it out: ssh asks for it, or finds a key in the agent or in ~/.ssh.",
        )
    host = _HOST.match(machine)
    name = unquote_to_bytes(user).decode("utf-8", "replace")
    if host is None or (at and not _USER.fullmatch(name)):
        raise UsageError(f"{url} names no machine that ssh could reach", hint=FORM)
    return Address(host["six"] or host["name"], _path(url, rest), name, _port(url, machine[host.end() :]))


def _port(url: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r":[0-9]{1,5}", text) or not 0 < int(text[1:]) < 1 << 16:
        raise UsageError(f"{url} has no port between 1 and 65535 after its host", hint=FORM)
    return int(text[1:])


def _path(url: str, text: str) -> bytes:
    path = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    home = parts[:1] == [b"~"]
    if not parts[home:] or b"\0" in path:
        raise UsageError(f"{url} names no folder", hint=FORM)
    if parts[0].startswith(b"~") and not home:
        raise UsageError(f"{url} begins with another user's home, which SFTP does not know", hint=FORM)
    return b"/".join(parts[1:]) if home else b"/" + b"/".join(parts)
