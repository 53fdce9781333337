"""The master key and all that is derived from it (docs/format.md, section 2)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Protocol, Self

from blake3 import blake3

from yester.engine.errors import DamageError, RepositoryError
from yester.engine.ids import BlobId, BlobKind
from yester.engine.sealed.agreement import agree, agreed_key, public_key
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
    def random(cls, like: "MasterKey | None" = None) -> Self:
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

    def public(self) -> "PublicMaster":
        """Return what a write-only client gets."""
        return PublicMaster(self.identity, tuple((number, public_key(secret)) for number, secret in self.epochs))

    @classmethod
    def decode(cls, data: bytes) -> Self:
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
        return f"{type(self).__name__}(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key cannot be pickled")


class PublicMaster(MasterKey):
    """What a write-only client holds: the identity, and of each epoch the public key only."""

    __slots__ = ()

    def public(self) -> "PublicMaster":
        """Return itself."""
        return self


class OwnKeys(Protocol):
    """The sub-keys of objects that a write-only client wrote itself (engine/sealed/own_objects.py)."""

    def key(self, digest: bytes) -> bytes | None:
        """Return the sub-key of the object with this digest, None when it is not known."""
        ...

    def keep(self, digest: bytes, key: bytes) -> None:
        """Remember the sub-key of an object."""
        ...


class ObjectKey(NamedTuple):
    """What a new object is sealed with: flags and salt of its header, and its sub-key."""

    flags: int
    salt: bytes
    key: bytes


AGREED = 1
"""Header flag: the salt is a public key, and the sub-key was agreed on with it."""

_SALT_SIZE = 32


class Keys:
    """The keys that work is done with, derived once. Immutable, shared by threads, shows nothing of itself."""

    __slots__ = ("_id_keys", "_own", "_secrets", "can_read", "chunker_seed", "config_key", "epoch", "page_key")

    chunker_seed: int
    """63 bits."""
    page_key: bytes
    config_key: bytes
    epoch: int
    """The newest, which new objects are sealed under."""
    can_read: bool
    """False for a write-only client's: they seal, and open only what `own` has the sub-keys of."""

    def __init__(self, master: MasterKey, own: OwnKeys | None = None) -> None:
        identity = master.identity
        self._id_keys: Mapping[BlobKind, bytes] = {
            kind: _derived(f"id {kind.name.lower()}", identity) for kind in BlobKind
        }
        self._secrets = dict(master.epochs)
        self.chunker_seed = int.from_bytes(_derived("chunker", identity)[:8], "little") >> 1
        self.page_key = _derived("page boundary", identity)
        self.config_key = _derived("config", identity)
        self.epoch = master.epochs[-1][0]
        self.can_read = not isinstance(master, PublicMaster)
        self._own = own

    def id_key(self, kind: BlobKind) -> bytes:
        """Return the 32 bytes that ids of this kind are keyed with."""
        return self._id_keys[kind]

    def new_object(self, salt: bytes | None = None) -> ObjectKey:
        """Return what to seal a new object with, under the newest epoch.

        `salt` is for golden vectors only: to seal twice under one is to lose the key.
        """
        if self.can_read:
            salt = salt or os.urandom(_SALT_SIZE)
            return ObjectKey(0, salt, self.object_key(self.epoch, salt))
        return ObjectKey(AGREED, *agree(self._secrets[self.epoch], salt))

    def keep(self, digest: bytes, key: bytes) -> None:
        """Let a write-only client remember the sub-key of an object of its own."""
        if self._own is not None:
            self._own.keep(digest, key)

    def may_open(self, digest: bytes) -> bool:
        """Whether the object with this digest can be opened with these keys, if it is whole."""
        return self.can_read or (self._own is not None and self._own.key(digest) is not None)

    def own_key(self, digest: bytes) -> bytes:
        """Return the sub-key of an object that this write-only client wrote; RepositoryError for any other."""
        key = None if self._own is None else self._own.key(digest)
        if key is None:
            raise cannot_read()
        return key

    def object_key(self, epoch: int, salt: bytes, flags: int = 0) -> bytes:
        """Return the sub-key of an object with this in its header; DamageError for an epoch that the master key lacks.

        RepositoryError: these are the keys of a write-only client.
        """
        if not self.can_read:
            raise cannot_read()
        secret = self._secrets.get(epoch)
        if secret is None:
            raise DamageError(
                f"it was sealed under epoch {epoch}, which the key does not have",
                hint="If the key was rotated just now, run the command again; else run `yester check`.",
            )
        if flags & AGREED:
            return agreed_key(secret, salt)
        return blake3(secret + salt, derive_key_context="yester v1 object").digest()

    def __repr__(self) -> str:
        return f"Keys(epoch {self.epoch}, hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys cannot be pickled")


def cannot_read() -> RepositoryError:
    """Return the error for whoever reads with the key of a write-only client."""
    return RepositoryError(
        "This key can only add snapshots: it reads, changes and deletes nothing",
        hint="Use a passphrase of the repository, or its recovery key; `yester key list` shows which there are.",
    )


def blob_id(key: bytes, data: Buffer) -> BlobId:
    """Return the id of a blob: `key` is the id key of its kind (`Keys.id_key`)."""
    return BlobId(blake3(data, key=key).digest())
