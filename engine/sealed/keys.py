"""The master key and all that is derived from it (docs/format.md, section 2)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from blake3 import blake3

from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind
from yester.engine.store import Buffer

KEY_SIZE = 32

_MAX_EPOCH = 2**32 - 1
_MAX_EPOCHS = 4096
_MALFORMED = "The master key in a key slot is malformed"


def _derived(context: str, material: bytes) -> bytes:
    return blake3(material, derive_key_context=f"yester v1 {context}").digest()


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """The one secret of a repository: an identity for its life and a secret for each epoch, oldest first.

    It shows nothing of itself and cannot be pickled.
    """

    identity: bytes
    epochs: tuple[tuple[int, bytes], ...]

    @classmethod
    def random(cls, like: "MasterKey | None" = None) -> "MasterKey":
        """Make a new master key; with `like` it shares that one's identity, so that ids and chunks compare."""
        identity = like.identity if like else os.urandom(KEY_SIZE)
        return cls(identity, ((1, os.urandom(KEY_SIZE)),))

    def rotated(self) -> "MasterKey":
        """Return a master key with one more epoch, whose secret nobody has yet."""
        return MasterKey(self.identity, (*self.epochs, (self.epochs[-1][0] + 1, os.urandom(KEY_SIZE))))

    def encode(self) -> bytes:
        """Return the msgpack map that key slots seal."""
        import msgspec

        return msgspec.msgpack.encode({"identity": self.identity, "epochs": self.epochs})

    @classmethod
    def decode(cls, data: bytes) -> "MasterKey":
        """Read what `encode` wrote; DamageError when it is anything else."""
        import msgspec

        try:
            fields = msgspec.msgpack.decode(data, type=dict[str, object])
            identity = msgspec.convert(fields.get("identity"), bytes)
            epochs = msgspec.convert(fields.get("epochs"), tuple[tuple[int, bytes], ...])
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise DamageError(_MALFORMED) from None
        numbers = [number for number, _ in epochs]
        sizes = {len(identity), *(len(secret) for _, secret in epochs)}
        rising = all(low < high for low, high in zip([0, *numbers], [*numbers, _MAX_EPOCH + 1], strict=True))
        if sizes != {KEY_SIZE} or not rising or not 0 < len(epochs) <= _MAX_EPOCHS:
            raise DamageError(_MALFORMED)
        return cls(identity, epochs)

    def __repr__(self) -> str:
        return "MasterKey(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key cannot be pickled")


class Keys:
    """The keys that work is done with, derived once. Immutable, shared by threads, shows nothing of itself."""

    __slots__ = ("_id_keys", "_secrets", "chunker_seed", "config_key", "epoch", "page_key")

    chunker_seed: int
    """63 bits."""
    page_key: bytes
    config_key: bytes
    epoch: int
    """The newest, which new objects are sealed under."""

    def __init__(self, master: MasterKey) -> None:
        identity = master.identity
        self._id_keys: Mapping[BlobKind, bytes] = {
            kind: _derived(f"id {kind.name.lower()}", identity) for kind in BlobKind
        }
        self._secrets = dict(master.epochs)
        self.chunker_seed = int.from_bytes(_derived("chunker", identity)[:8], "little") >> 1
        self.page_key = _derived("page boundary", identity)
        self.config_key = _derived("config", identity)
        self.epoch = master.epochs[-1][0]

    def id_key(self, kind: BlobKind) -> bytes:
        """Return the 32 bytes that ids of this kind are keyed with."""
        return self._id_keys[kind]

    def object_key(self, epoch: int, salt: bytes) -> bytes:
        """Return the sub-key of the object with this salt; DamageError for an epoch that the master key lacks."""
        secret = self._secrets.get(epoch)
        if secret is None:
            raise DamageError(
                f"it was sealed under epoch {epoch}, which the key does not have",
                hint="If the key was rotated just now, run the command again; else run `yester check`.",
            )
        return blake3(secret + salt, derive_key_context="yester v1 object").digest()

    def __repr__(self) -> str:
        return f"Keys(epoch {self.epoch}, hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys cannot be pickled")


def blob_id(key: bytes, data: Buffer) -> BlobId:
    """Return the id of a blob: `key` is the id key of its kind (`Keys.id_key`)."""
    return BlobId(blake3(data, key=key).digest())
