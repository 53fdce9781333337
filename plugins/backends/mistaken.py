"""What people write who mean a backend of yester's and do not know its name: other programs' words for it."""

import re
from collections.abc import Mapping

from yester.engine.errors import UsageError
from yester.engine.nearest import nearest
from yester.plugins.backends.registry import PREFIXES, SCHEMES, Row

_SSH = "Over SSH it is sftp://USER@HOST/PATH."
_RCLONE = "Through rclone it is rclone://REMOTE/PATH, through a backend of duplicity's duplicity+{scheme}://…"

_ELSEWHERE: Mapping[str, str] = {
    "http": "A WebDAV server is webdav://HOST/PATH, one that speaks S3 s3+http://HOST/BUCKET/PREFIX.",
    "https": "A WebDAV server is webdavs://HOST/PATH, one that speaks S3 s3+https://HOST/BUCKET/PREFIX.",
    "dav": "It is webdav://HOST/PATH.",
    "davs": "It is webdavs://HOST/PATH.",
    **dict.fromkeys(("ssh", "scp", "rsync", "fish"), _SSH),
    **dict.fromkeys(("ftp", "ftps", "smb", "b2", "dropbox", "gdrive", "onedrive", "mega", "swift", "box"), _RCLONE),
}
"""Schemes that other programs have."""

_LIKE_A_URL = re.compile(r"(?P<name>[^/:]*):(?P<rest>.*)", re.DOTALL)


def unknown(scheme: str) -> UsageError:
    """Return the error for a scheme that no backend serves, with what may be meant."""
    prefix, plus, inner = scheme.partition("+")
    if plus and inner in SCHEMES:
        near = [f"{each}+{inner}" for each in nearest(prefix, PREFIXES)]
    else:
        near = nearest(scheme, [*SCHEMES, *(f"{each}+" for each in PREFIXES)])
    if scheme in _ELSEWHERE:
        hint = _ELSEWHERE[scheme].format(scheme=scheme)
    elif near:
        hint = f"Did you mean {_written(near[0])}?{_lacking(near[0])}"
    else:
        hint = "To see what there is: yester backend list"
    return UsageError(f"No backend serves {scheme}://", hint=hint)


def no_scheme(url: str) -> UsageError:
    """Return the error for a URL without a scheme, as `s3:https://host/bucket` of another program is one."""
    row = _meant(url)
    hint = f"Write it as {row.example}." if row else "To see what there is: yester backend list"
    return UsageError(f"{url} has no scheme before ://", hint=hint)


def refuse_mistaken(place: str) -> None:
    """UsageError for what is taken for a path, and was most likely meant as a URL: `nas:/srv`, `s3:bucket/x`."""
    row = _meant(place)
    match = _LIKE_A_URL.match(place)
    if row is None and match is None:
        return
    written = f"Write it as {row.example}" if row else "On a machine with SSH it is sftp://USER@HOST/PATH"
    raise UsageError(
        f"{place} is no URL, and no folder that is there", hint=f"{written}. A new folder of that name is ./{place}"
    )


def _meant(place: str) -> Row | None:
    prefix, plus, _ = place.partition("+")
    if plus and prefix in PREFIXES:
        return PREFIXES[prefix]
    first, _, rest = place.partition(":")
    return SCHEMES.get(f"{first}+{rest.partition(':')[0]}".lower()) or SCHEMES.get(first.lower()) if rest else None


def _written(scheme: str) -> str:
    return scheme if scheme.endswith("+") else f"{scheme}://"


def _lacking(scheme: str) -> str:
    """Return what to install for a scheme or prefix, as a sentence to follow another; empty when it is there."""
    row = SCHEMES.get(scheme) or PREFIXES.get(scheme.partition("+")[0])
    if row is None or row.is_installed:
        return ""
    return f" It is not installed yet: {row.install}"
