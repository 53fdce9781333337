"""The index brought to name what is there: packs without a fragment are adopted, dead ones are named no longer."""

from collections.abc import Collection
from contextlib import suppress

from yester.engine.errors import DamageError, Missing
from yester.engine.ids import FragmentId, PackId
from yester.engine.packs.adoption import Adoption, adopt_orphans
from yester.engine.packs.fragments import get_fragment, list_fragments
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import ObjectKind, name_of


def mend_index(repository: Repository) -> Adoption:
    """Name all packs that are there, then delete the fragments that cannot be read. StoreError when the store fails."""
    damaged = [fragment for fragment in list_fragments(repository.store) if _is_damaged(repository, fragment)]
    # This client's cache may be older than the damage, and name packs that nothing in the store does.
    repository.index.disown(damaged)
    adopted = adopt_orphans(repository)
    _delete(repository, damaged)
    return adopted


def unname(repository: Repository, dead: Collection[PackId]) -> int:
    """Let the index name these packs no longer; return how many fragments were replaced for it."""
    replaced = 0
    for fragment in sorted(list_fragments(repository.store)) if dead else ():
        try:
            content = get_fragment(repository.store, repository.keys, fragment)
        except (Missing, DamageError):
            # Replaced meanwhile; or damaged since, which the next examination finds.
            continue
        if any(entry.pack in dead for entry in content.packs):
            left = [entry for entry in content.packs if entry.pack not in dead]
            repository.index.add_packs(left, (fragment, *content.replaces))
            _delete(repository, [fragment])
            replaced += 1
    return replaced


def _is_damaged(repository: Repository, fragment: FragmentId) -> bool:
    try:
        get_fragment(repository.store, repository.keys, fragment)
    except Missing:
        return False
    except DamageError:
        return True
    return False


def _delete(repository: Repository, fragments: Collection[FragmentId]) -> None:
    for fragment in fragments:
        with suppress(Missing):
            repository.store.delete(name_of(ObjectKind.INDEX, fragment))
