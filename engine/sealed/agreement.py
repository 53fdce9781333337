"""Sealing for who can read, by who cannot: X25519 key agreement (docs/format.md, section 2).

Each epoch's secret gives a private key. A write-only client holds the public keys only; for each object it draws a key
pair of its own, agrees on a key with the epoch's public one, and forgets the private half: from then on it cannot open
the object itself.
"""

import os
from typing import NamedTuple

from blake3 import blake3

from yester.engine.errors import DamageError

_SIZE = 32


class Agreed(NamedTuple):
    """A fresh public key, which is the object's salt, and the sub-key that was agreed on with it."""

    salt: bytes
    key: bytes


def private_key(secret: bytes) -> bytes:
    """Return the private key of an epoch."""
    return blake3(secret, derive_key_context="yester v1 epoch key pair").digest()


def public_key(secret: bytes) -> bytes:
    """Return the public key of an epoch."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private_key(secret)).public_key().public_bytes_raw()


def agree(public: bytes, ephemeral: bytes | None = None) -> Agreed:
    """Return salt and sub-key for a new object that the holder of the private key can open.

    `ephemeral` is for golden vectors only: to seal twice under one is to lose the key.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    mine = X25519PrivateKey.from_private_bytes(ephemeral or os.urandom(_SIZE))
    salt = mine.public_key().public_bytes_raw()
    return Agreed(salt, _sub_key(mine.exchange(X25519PublicKey.from_public_bytes(public)), salt, public))


def agreed_key(secret: bytes, salt: bytes) -> bytes:
    """Return the sub-key of an object with this salt; DamageError for a salt that nobody draws."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    mine = X25519PrivateKey.from_private_bytes(private_key(secret))
    try:
        shared = mine.exchange(X25519PublicKey.from_public_bytes(salt))
    except ValueError:
        raise DamageError("its salt is no public key that was drawn at random") from None
    return _sub_key(shared, salt, mine.public_key().public_bytes_raw())


def _sub_key(shared: bytes, salt: bytes, public: bytes) -> bytes:
    return blake3(shared + salt + public, derive_key_context="yester v1 agreed object").digest()
