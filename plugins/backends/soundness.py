"""Whether an object is what was stored, as far as it says so itself. Pure."""

from blake3 import blake3

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.config import CONFIG_NAME, decode_config
from yester.engine.sealed.sealing import digest_of, is_digest_name


def is_damaged(name: str, data: bytes) -> bool:
    """Compare an object with the digest in its name, the config with that inside it; False where there is none."""
    if name == CONFIG_NAME:
        return _is_damaged_config(data)
    return is_digest_name(name) and blake3(data).digest() != digest_of(name)


def shows_damage(name: str) -> bool:
    """Whether an object of this name says itself whether it is damaged."""
    return name == CONFIG_NAME or is_digest_name(name)


def _is_damaged_config(data: bytes) -> bool:
    try:
        decode_config(data)
    except DamageError:
        return True
    except RepositoryError:
        return False  # of a newer program
    return False
