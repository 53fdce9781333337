"""The config: what a repository is, readable without a key (docs/format.md, section 3.1)."""

from typing import Annotated

import msgspec

from yester import __version__
from yester.engine.errors import DamageError, RepositoryError
from yester.engine.sealed.clear import ClearKind, decode_clear, encode_clear, has_keyed_digest
from yester.engine.sealed.keys import Keys

CONFIG_NAME = "config"
CHUNKER = "fastcdc-2020/1"

PROGRAM = f"yester {__version__}"
"""What configs, snapshots and runs say they were made by."""

KNOWN_FEATURES: frozenset[str] = frozenset()
"""A config may ask for features that its readers must know; version 1 as it was first released has none."""

_MAX_BLOB = 8 << 20

ChunkSize = Annotated[int, msgspec.Meta(ge=64, le=_MAX_BLOB)]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What never changes about a repository. Sizes in bytes."""

    repository: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    created_ns: int
    chunker: str = CHUNKER
    chunk_min: ChunkSize = 65536
    chunk_normal: ChunkSize = 262144
    chunk_max: ChunkSize = 1048576
    program: str = ""
    features: tuple[str, ...] = ()


def encode_config(config: Config, keys: Keys) -> bytes:
    """Return the bytes of the object `config`."""
    return encode_clear(ClearKind.CONFIG, msgspec.msgpack.encode(config), keys.config_key)


def decode_config(data: bytes) -> Config:
    """Read the object `config`. DamageError: damaged; RepositoryError: not yester's, or this program is too old."""
    body = decode_clear(ClearKind.CONFIG, data, CONFIG_NAME)
    try:
        config = msgspec.msgpack.decode(body, type=Config)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DamageError(f"{CONFIG_NAME} is damaged: {error}") from None
    unknown = sorted(set(config.features) - KNOWN_FEATURES)
    if config.chunker != CHUNKER:
        unknown.append(config.chunker)
    if unknown:
        raise RepositoryError(
            f"The repository needs what this program does not know: {', '.join(unknown)}",
            hint="Upgrade yester on this machine.",
        )
    if not config.chunk_min <= config.chunk_normal <= config.chunk_max:
        raise DamageError(f"{CONFIG_NAME} is damaged: its chunk sizes cannot be")
    return config


def check_config(data: bytes, keys: Keys) -> None:
    """DamageError unless the config was written by who holds these keys."""
    if not has_keyed_digest(data, keys.config_key):
        raise DamageError(
            f"{CONFIG_NAME} was changed by someone who does not hold the key, or belongs to another repository",
            hint="Put back a copy of that object, or open the repository from another copy.",
        )
