"""What a server's refusal means. Pure."""

from dataclasses import dataclass

from yester.engine.errors import Broken, Denied, Full, Missing, Retry, StoreError

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status says to a person."""

    error: type[StoreError]
    words: str
    hint: str = ""


_LOGIN = (
    "Give the user in the URL (webdavs://user@host/path) and the password with YESTER_WEBDAV_PASSWORD, _PASSWORD_FILE, "
    "_PASSWORD_COMMAND or ~/.netrc; a token with YESTER_WEBDAV_TOKEN."
)
_ROOM = "Make room there, then run the command again: what was stored so far is used."
_RIGHTS = "Check there whether this user may write, and whether the disk is read-only."
_SERVER = "The log of the server knows more."

_MEANINGS = {
    401: Meaning(Denied, "the server does not accept the login", _LOGIN),
    403: Meaning(Denied, "the server forbids it", _RIGHTS),
    404: Meaning(Missing, "it is not there"),
    405: Meaning(Broken, "the server has no WebDAV there", "Check the path: only a part of a server may be WebDAV."),
    407: Meaning(Denied, "the proxy does not accept the login", "Check the variables HTTPS_PROXY and HTTP_PROXY."),
    408: Meaning(Retry, "the server waited too long"),
    409: Meaning(Missing, "the folder for it is not there"),
    410: Meaning(Missing, "it is gone"),
    413: Meaning(
        Full, "the server takes no object of that size", "Raise its limit to 64 MiB (Apache: LimitRequestBody)."
    ),
    423: Meaning(Retry, "somebody has locked it there"),
    425: Meaning(Retry, "the server wants it later"),
    429: Meaning(Retry, "the server is asked too often"),
    501: Meaning(Broken, "the server cannot do that", "A repository needs PROPFIND, PUT, MOVE, MKCOL and DELETE."),
    505: Meaning(Broken, "the server talks another HTTP", _SERVER),
    507: Meaning(Full, "no room is left", _ROOM),
}
_MOVED = Meaning(Broken, "the server sends elsewhere", "Give the URL of the place itself.")
_FAILED = Meaning(Retry, "the server failed", _SERVER)
_REFUSED = Meaning(Broken, "the server refuses it", _SERVER)


def meaning(status: int) -> Meaning:
    """Return what a status means that is no success."""
    if status in _MEANINGS:
        return _MEANINGS[status]
    if 300 <= status < 400:
        return _MOVED
    return _FAILED if status >= 500 else _REFUSED


def refusal(status: int, reason: str, what: str, name: str = "", *, later: str = "", elsewhere: str = "") -> StoreError:
    """Return the error for a status; `what` could not be done, `later` and `elsewhere` are Retry-After and Location."""
    found = meaning(status)
    more = ""
    if found.error is Retry and later.isascii() and later.isdigit() and len(later) < 7:
        more = f", and asks for {int(later)} seconds"
    elif found is _MOVED and elsewhere:
        more = f", to {_shown(elsewhere)}"
    said = f"{status} {_shown(reason)}".strip()
    return found.error(f"{what}: {found.words}{more} ({said})", name=name, hint=found.hint)


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:_LONGEST]
