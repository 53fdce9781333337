"""Addresses: rclone://remote/path, for rclone's own `remote:path`. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from yester.engine.errors import UsageError

FORM = (
    "Write it as rclone://REMOTE/path, with a name that `rclone listremotes` shows; rclone://REMOTE//path is an "
    "absolute path there. %20 and the like stand for bytes."
)

_REMOTE = re.compile(r"[\w.+@-](?:[\w.+@ -]*[\w.+@-])?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository lies."""

    remote: str
    path: str

    @property
    def place(self) -> str:
        """What rclone calls it."""
        return f"{self.remote}:{self.path}"

    def __str__(self) -> str:
        return f"rclone://{quote(self.remote)}/{quote(self.path)}"


def parse(url: str) -> Address:
    """Return what an rclone:// URL means. UsageError."""
    name, _, rest = url.partition("://")[2].partition("/")
    remote = _text(name)
    if _REMOTE.fullmatch(remote) is None or remote.startswith("-"):
        raise UsageError(f"{url} names no remote of rclone's", hint=FORM)
    path = _text(rest).rstrip("/") or ("/" if rest.startswith("/") else "")
    parts = path.split("/")
    if re.search(r"[?#]", rest) or ".." in parts or any(sign in path for sign in "]\0\n"):
        raise UsageError(f"{url} names no folder that can be used", hint=f"No part of it may be .. or hold a ]. {FORM}")
    return Address(remote, path)


def _text(quoted: str) -> str:
    try:
        return unquote_to_bytes(quoted.encode("utf-8", "surrogateescape")).decode()
    except UnicodeDecodeError:
        raise UsageError("The URL names what is no UTF-8, which rclone does not know", hint=FORM) from None
