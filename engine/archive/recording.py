"""Saying in the repository what archives hold: the order of it is in engine/archive/holdings.py."""

import time
from collections.abc import Collection, Iterable, Sequence

from yester.engine.archive.holdings import Holding, Holdings, holding_id
from yester.engine.capture.standing import listed
from yester.engine.errors import DamageError
from yester.engine.host import host_name
from yester.engine.ids import HoldingId, PackId
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.sessions import WriterSession

PURPOSE = "archive"
_TOGETHER = 4096
"""Holdings that one record says, about: each takes some hundred bytes."""


def record_held(repository: Repository, holdings: Sequence[Holding]) -> tuple[Holding, ...]:
    """Say that an archive has taken copies of packs, or that copies were verified; again is harmless.

    Returns those that came too late: a prune has deleted the pack meanwhile, or is about to. They are recorded as
    released, so that the archive is told to delete its copies. StoreError when the store fails; DamageError when it
    cannot be known what is marked.
    """
    late: list[Holding] = []
    for start in range(0, len(holdings), _TOGETHER):
        together = holdings[start : start + _TOGETHER]
        found = _late(repository, together)
        # In the same record: nobody ever counts on these.
        _put(repository, held=together, released=map(holding_id, found))
        late += found
    return tuple(late)


def _late(repository: Repository, holdings: Iterable[Holding]) -> list[Holding]:
    """Return those whose pack a prune is about to delete, or that is neither online nor held already."""
    seen, held = listed(repository), repository.index.look_for_archived().held
    doomed = set[PackId]().union(*seen.marks.values()) - seen.purging
    there = (seen.packs | held.keys()) - doomed
    return [each for each in holdings if each.pack not in there]


def record_wrong(repository: Repository, holdings: Collection[Holding]) -> tuple[Holding, ...]:
    """Let nobody count any more on copies that are not what was archived; return those of which that could be said.

    Not of a pack that is offline, or about to be: what there is of it is not given up for one bad reading. A purge that
    begins meanwhile waits for this session, and then sees that the copy does not count. StoreError; DamageError when a
    mark cannot be read.
    """
    if not holdings:
        return ()
    session = WriterSession(
        repository.store,
        repository.keys,
        writer=repository.writer,
        host=host_name(),
        purpose=PURPOSE,
        started_ns=time.time_ns(),
    )
    with session:
        staying = listed(repository).lasting
        wrong = tuple(each for each in holdings if each.pack in staying)
        if not session.stands():
            return ()
        record_released(repository, wrong)
    return wrong


def record_released(repository: Repository, holdings: Collection[Holding]) -> None:
    """Say that nobody counts on these copies any more: for a prune that has marked the packs, waited and looked."""
    if holdings:
        _put(repository, released=map(holding_id, holdings))


def record_dropped(repository: Repository, holdings: Collection[Holding]) -> None:
    """Say that the archive has these copies no longer: it deleted them, or has lost them. StoreError.

    A pack that no other holding is left of is lost where it is offline: so for what was released, or was not there.
    """
    if holdings:
        _put(repository, dropped=map(holding_id, holdings))


def _put(
    repository: Repository,
    *,
    held: Iterable[Holding] = (),
    released: Iterable[HoldingId] = (),
    dropped: Iterable[HoldingId] = (),
) -> None:
    record = Holdings(
        writer=repository.writer,
        time_ns=time.time_ns(),
        held=tuple(held),
        released=tuple(released),
        dropped=tuple(dropped),
    )
    repository.put_record(ObjectKind.HOLDING, record)


def unneeded(repository: Repository) -> tuple[Holding, ...]:
    """Return the copies that archives may delete: a prune found that no snapshot needs the pack.

    Whoever let an archive delete them says so with `record_dropped`. DamageError when a record cannot be read, which
    may say of one of them what is not known now.
    """
    stock = repository.index.look_for_archived()
    for name, what in stock.damaged.items():
        raise DamageError(f"{name} is damaged: {what}", hint="Run `yester check`.")
    return stock.unneeded
