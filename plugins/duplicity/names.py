"""Names of duplicity's files as names of objects, and back. Pure.

duplicity's have capital letters (the T and Z of a time), objects' have none; and with a prefix of the person's own
they may be longer than an object's can be. So an object is called `misc.`, then `d-` in the place of `duplicity-` or
`x-` in that of nothing, then the rest: small letters but q, digits, `.` and `-` as they are, a capital letter as q and
the small one, anything else as q0 and two hexadecimal digits. What would be too long is called `misc.l-` and a digest
of the name, which an object `misc.n-` and the digest holds.
"""

import re
from hashlib import blake2b

from yester.engine.store import is_name

_KIND = "misc."
_COMMON = b"duplicity-"
_PLAIN = frozenset(b"abcdefghijklmnoprstuvwxyz0123456789.-")
_ENCODED = re.compile(r"q0([0-9a-f]{2})|q([a-z])|([^q])")
LONG, NAME = f"{_KIND}l-", f"{_KIND}n-"


def object_name(name: bytes) -> str:
    """Return the name of the object for a file of duplicity's."""
    short = f"{_KIND}d-" if name.startswith(_COMMON) else f"{_KIND}x-"
    encoded = short + "".join(map(_encoded, name.removeprefix(_COMMON)))
    return encoded if is_name(encoded) else f"{LONG}{blake2b(name, digest_size=20).hexdigest()}"


def holder_of(long: str) -> str:
    """Return the name of the object that holds the name which was too long for this one."""
    return NAME + long.removeprefix(LONG)


def file_name(name: str) -> bytes | None:
    """Return the name of duplicity's file that an object is; None when it is none, or has a name that is held."""
    for short, common in ((f"{_KIND}d-", _COMMON), (f"{_KIND}x-", b"")):
        if name.startswith(short):
            return common + b"".join(map(_decoded, _ENCODED.finditer(name.removeprefix(short))))
    return None


def _encoded(byte: int) -> str:
    if byte in _PLAIN:
        return chr(byte)
    if ord("A") <= byte <= ord("Z"):
        return f"q{chr(byte).lower()}"
    return f"q0{byte:02x}"


def _decoded(match: "re.Match[str]") -> bytes:
    digits, capital, plain = match.groups()
    if digits:
        return bytes.fromhex(digits)
    return (capital.upper() if capital else plain).encode()
