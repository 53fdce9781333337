"""URLs of repositories: whether a secret stands in one, and how one may be shown. Pure.

A URL is kept in profiles, journals and snapshots, is shown by `mount` and typed into commands that all users of the
machine can see. So a secret in one is refused wherever a repository is named, and shown nowhere meanwhile.
"""

import re
from urllib.parse import unquote

from yester.engine.errors import UsageError

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_PORT = re.compile(r"[0-9]{0,5}")
_SECRET_KEY = re.compile(
    r"(?i:(.*[_.-])?(pass|password|passwd|passphrase|pwd|secret|token|sig|signature|credential|credentials|"
    r"(api|access|account|auth|secret|private)[_-]?key))"
)
"""What a parameter of a query is called that holds a secret."""

HIDDEN = "***"


def scheme_of(url: str) -> str:
    """Return the scheme in small letters, with what stands before it (`par2+file`); empty for a path."""
    match = _URL.match(url)
    return match["scheme"].lower() if match else ""


def shown_url(place: str) -> str:
    """Return a path or URL as it may be shown: `***` in the place of each secret."""
    match = _URL.match(place)
    if match is None:
        return place
    rest, found = match["rest"], _password_in(match["rest"])
    if found is not None:
        rest = f"{rest[: found[0]]}{HIDDEN}{rest[found[1] :]}"
    path, mark, query = rest.partition("?")
    return f"{match['scheme']}://{path}{mark}{_shown_query(query)}"


def without_secrets(place: str) -> str:
    """Return a path or URL in which no secret stands; UsageError, which does not repeat it, where one does."""
    if shown_url(place) == place:
        return place
    raise UsageError(
        f"A secret stands in the URL {shown_url(place)}, where it would be kept and shown",
        hint=f"Take it out, and change it if others may have seen it. {_way(scheme_of(place))}",
    )


def _way(scheme: str) -> str:
    """Return how a secret is said instead."""
    if scheme == "file":
        return "A folder has none."
    if scheme == "sftp":
        return "ssh asks for it, or finds a key in the agent or in ~/.ssh."
    if scheme.startswith("duplicity+"):
        return "Set BACKEND_PASSWORD, as for duplicity."
    if scheme in ("s3", "s3+http", "s3+https"):
        return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws: see docs/backends.md."
    if scheme == "gs":
        return "Set GOOGLE_APPLICATION_CREDENTIALS or YESTER_GS_TOKEN: see docs/backends.md."
    if scheme == "az":
        return "Set YESTER_AZ_KEY, YESTER_AZ_SAS or AZURE_STORAGE_CONNECTION_STRING: see docs/backends.md."
    name = scheme.rpartition("+")[2]
    return (
        f"Set a variable such as YESTER_{name.upper().replace('-', '_').replace('.', '_')}_PASSWORD, "
        f"…_PASSWORD_FILE or …_PASSWORD_COMMAND: see docs/backends.md."
    )


def _password_in(rest: str) -> tuple[int, int] | None:
    """Return where a password begins and ends in what follows `://`.

    One with an unquoted slash in it makes the URL malformed, and is a password all the same: then what should be a
    port is none.
    """
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    end = authority.rfind("@")
    if end < 0:
        _, colon, port = authority.rpartition(":")
        # host::module is rsync's
        if not colon or authority.startswith("[") or "::" in authority or _PORT.fullmatch(port):
            return None
        end = rest.rfind("@")
    colon_at = rest.find(":", 0, end)
    return (colon_at + 1, end) if 0 <= colon_at < end - 1 else None


def _shown_query(query: str) -> str:
    return "&".join(_shown_parameter(each) for each in query.split("&"))


def _shown_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    return f"{name}={HIDDEN}" if equals and value and _SECRET_KEY.fullmatch(unquote(name)) else parameter
