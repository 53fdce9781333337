"""Putting recalled packs back into the store, where they are online again.

No session and no mark is needed. The bytes are put only under the name that is their own digest; a pack that is put
twice, by whomever, is the same object; one that nobody needs any more goes with the next prune, and one that a purge
deletes at the same moment is held as before. The records stay as they are: the pack is listed, and so it is online.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

from blake3 import blake3

from yester.engine.errors import DamageError, Missing
from yester.engine.ids import PackId
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.store import Buffer


def readmit(repository: Repository, packs: Iterable[tuple[PackId, Callable[[], Buffer]]]) -> tuple[PackId, ...]:
    """Put packs back, one after the other, and return them; those that are online already are left as they are.

    Each is read when its turn comes. DamageError when the bytes are not those of the pack: those before are back, and
    nothing was put in its name. StoreError when the store fails.
    """
    back: list[PackId] = []
    for pack, read in packs:
        name = name_of(ObjectKind.DATA, pack)
        if not _is_online(repository, name):
            data = read()
            if blake3(data).digest() != pack:
                raise DamageError(f"What was brought back is not {name}", hint="Nothing was put in its place.")
            repository.store.put(name, [data])
        back.append(pack)
    settle(repository, back)
    return tuple(back)


def settle(repository: Repository, packs: Iterable[PackId]) -> None:
    """Let the index name packs that are back in the store: it does, unless a fragment was lost meanwhile."""
    repository.index.refresh()
    unnamed = set(packs) - repository.index.packs()
    if unnamed:
        adopt_orphans(repository, [name_of(ObjectKind.DATA, pack) for pack in sorted(unnamed)])


def _is_online(repository: Repository, name: str) -> bool:
    with suppress(Missing):
        repository.store.query(name)
        return True
    return False
