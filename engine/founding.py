"""Founding: whether a store holds a repository, and making one where it holds none.

What makes a repository is the object `config`, so it comes last: before it there is a key slot and no repository. Where
the store decides who creates an object, whoever comes second finds that there is one. Where it does not, each of two
looks again after it has put its own, and at most one goes on.
"""

import os
import time
from contextlib import suppress
from typing import NamedTuple

from blake3 import blake3
from msgspec.structs import replace

from yester.engine.errors import Denied, Exists, Missing, MissingRepository, RepositoryError
from yester.engine.sealed.config import CONFIG_NAME, PROGRAM, Config, decode_config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.keyslots import SlotKind, new_slot
from yester.engine.sealed.unlocking import Unlocked
from yester.engine.store import Store


class Founded(NamedTuple):
    """A repository that was just made."""

    config: Config
    unlocked: Unlocked


def found(store: Store, master: MasterKey, secret: bytes | None, *, like: Config | None, label: str) -> Founded:
    """Make a repository in an empty store, unencrypted when `secret` is None, with the chunks of `like`.

    RepositoryError when there is one already, or somebody else is making one at the same moment.
    """
    refuse_taken(store)
    if not store.capabilities.if_absent:
        _refuse_rivals(store)
    keys = Keys(master)
    now_ns = time.time_ns()
    kind = SlotKind.NONE if secret is None else SlotKind.PASSPHRASE
    slot = new_slot(master, kind=kind, secret=secret, label=label, now_ns=now_ns)
    slot_name = f"key.{blake3(slot).hexdigest()}"
    config = _new_config(now_ns, like)
    store.put(slot_name, [slot])
    encoded = encode_config(config, keys)
    try:
        store.put(CONFIG_NAME, [encoded], if_absent=True)
    except Exists:
        store.delete(slot_name)
        raise _taken(store) from None
    if not store.capabilities.if_absent:
        _assert_alone(store, slot_name, encoded)
    return Founded(config, Unlocked(master, keys, slot_name))


def refuse_taken(store: Store) -> None:
    """RepositoryError when there is a repository in the store already."""
    if _has(store, CONFIG_NAME):
        raise _taken(store)


def config_of(store: Store) -> bytes:
    """Return the object `config` as it lies there. RepositoryError: there is none, MissingRepository: nor anything."""
    try:
        return store.get(CONFIG_NAME)
    except Missing:
        pass
    except Denied as error:
        raise RepositoryError(error.what, hint=error.hint) from None
    if next(iter(store.list()), None) is None:
        raise MissingRepository(
            f"There is no repository at {store.place}: nothing is stored there",
            hint=f"Check the path, or make one: yester init {store.place}",
        )
    raise RepositoryError(
        f"The repository at {store.place} has lost its config, or was never finished",
        hint="Put back the object config from another copy; if nothing was ever stored, start anew in an empty folder.",
    )


def sound_config_of(store: Store) -> bytes:
    """Return the config, which can be decoded. DamageError, RepositoryError."""
    data = config_of(store)
    decode_config(data)
    return data


def _new_config(now_ns: int, like: Config | None) -> Config:
    config = Config(repository=os.urandom(32), created_ns=now_ns, program=PROGRAM)
    if like is None:
        return config
    return replace(
        config,
        chunker=like.chunker,
        chunk_min=like.chunk_min,
        chunk_normal=like.chunk_normal,
        chunk_max=like.chunk_max,
    )


def _refuse_rivals(store: Store, own: str = "") -> None:
    """RepositoryError when there are key slots beside one's own, and so somebody who is making a repository."""
    if set(store.list("key.")) - {own}:
        raise RepositoryError(
            f"Somebody else is making a repository at {store.place} at this moment, or was stopped at it",
            hint="Try again. If it was stopped, and nothing was ever stored there: delete what begins with key. first.",
        )


def _assert_alone(store: Store, slot: str, config: bytes) -> None:
    """See that of two who look for a config and then put theirs both do not go on. RepositoryError: give up.

    Each has put a key slot before it looked, so each of the two finds the other's now. Who gives up takes the config
    away before the slot: who finds no other slot any more finds that the config is gone, or another's.
    """
    try:
        _refuse_rivals(store, slot)
        if config_of(store) != config:
            raise _taken(store)
    except RepositoryError:
        for name in (CONFIG_NAME, slot):
            with suppress(Missing):
                store.delete(name)
        raise


def _taken(store: Store) -> RepositoryError:
    return RepositoryError(
        f"There is a repository at {store.place} already", hint="Use it as it is, or give another folder."
    )


def _has(store: Store, name: str) -> bool:
    try:
        store.query(name)
    except Missing:
        return False
    return True
