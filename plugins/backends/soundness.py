"""Whether an object is what was stored, as far as it says so itself. Pure."""

from blake3 import blake3

from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.sealed.sealing import digest_of, is_digest_name

_DIGEST_SIZE = 32


def is_damaged(name: str, data: bytes) -> bool:
    """Compare an object with the digest in its name, the config with that at its end; False where there is none."""
    if name == CONFIG_NAME:
        return blake3(data[:-_DIGEST_SIZE]).digest() != data[-_DIGEST_SIZE:]
    return is_digest_name(name) and blake3(data).digest() != digest_of(name)


def shows_damage(name: str) -> bool:
    """Whether an object of this name says itself whether it is damaged."""
    return name == CONFIG_NAME or is_digest_name(name)
