"""Names of profiles, hosts and tags as names that a folder can hold: always the same, and never two alike.

What a file name cannot hold, or would do harm on a screen, stands as `%` and two hexadecimal digits for each byte, as
in URLs: `/`, `%`, whatever is not printable or no UTF-8, and names that are only dots. A name that is too long ends in
`%~` and 16 digits of its hash. No name of one person's can thus take, or move, the folder of another's.
"""

from blake3 import blake3

NAME_MAX = 255
LONGEST = 200
"""Bytes; what is longer is cut. The rest is room for an ending, and for other systems' limits."""
_HASH_SIZE = 8
_EMPTY = b"%"


def profile_name(profile: str, host: str | None = None) -> bytes:
    """Return PROFILE, or PROFILE@HOST: in PROFILE `@` is escaped, so that no profile is called as one of a host."""
    parts = [_escaped(profile, "/%@")] + ([] if host is None else [_escaped(host, "/%")])
    return _fitted(b"@".join(parts))


def file_name(text: str) -> bytes:
    """Return the name of anything else, such as a host or a tag, as a file name."""
    return _fitted(_escaped(text, "/%"))


def _escaped(text: str, special: str) -> bytes:
    if text in ("", ".", ".."):
        return b"%2E" * len(text) or _EMPTY
    return b"".join(_plain(char) if char in special or not char.isprintable() else char.encode() for char in text)


def _plain(char: str) -> bytes:
    # Bytes that are no UTF-8 come as single surrogates; any other surrogate is written as it would be.
    is_byte = "\udc80" <= char <= "\udcff"
    raw = char.encode(errors="surrogateescape" if is_byte else "surrogatepass")
    return b"".join(b"%%%02X" % byte for byte in raw)


def _fitted(name: bytes) -> bytes:
    if len(name) <= LONGEST:
        return name
    start = name[:LONGEST].decode(errors="ignore").encode()
    return start + b"%~" + blake3(name).hexdigest(_HASH_SIZE).encode()
