"""What a repair does: a value, from what an examination found."""

from dataclasses import dataclass, replace

from yester.engine.check.examination import Examination, Hurt
from yester.engine.check.packs import PackVerdict
from yester.engine.errors import UsageError
from yester.engine.ids import PackId
from yester.engine.sealed.sealing import ObjectKind, kind_of
from yester.engine.trees.directories import decode_root

_EXPENDABLE = frozenset({ObjectKind.LABEL, ObjectKind.TOMBSTONE, ObjectKind.SESSION, ObjectKind.MARK})
"""Records without which nothing is lost but what they said."""


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What is to be done, in the order in which it is done."""

    packs: tuple[PackVerdict, ...]
    """Damaged packs: what is whole in them is stored anew, then they go."""
    gone: frozenset[PackId]
    """Packs that the index names and that are not there: it shall name them no longer."""
    held: frozenset[PackId]
    """Damaged packs that an archive holds: they stay named, and are offline once they are deleted."""
    hurt: tuple[Hurt, ...]
    """Snapshots to be replaced by ones without what is lost."""
    hopeless: tuple[Hurt, ...]
    """Snapshots of which nothing can be read, to be forgotten."""
    records: tuple[str, ...]
    """Damaged objects that can go."""
    snapshots: tuple[str, ...]
    """Snapshots whose own record is damaged: where their files were, nobody can say."""
    beyond: tuple[str, ...]
    """Damaged objects that no repair can make again."""
    waiting: tuple[Hurt, ...] = ()
    """Snapshots of which nobody can say what is lost before packs were recalled, or a record of what archives hold can
    be read again: they stay."""

    def __bool__(self) -> bool:
        return bool(self.packs or self.gone or self.hurt or self.hopeless or self.records)


def plan_repair(examination: Examination) -> RepairPlan:
    """Return what is to be done after an examination."""
    if examination.packs.may_come_back:
        return _plan_without_loss(examination)
    return _plan(examination)


def _plan_without_loss(examination: Examination) -> RepairPlan:
    """Return a plan that gives nothing up: what seems to be lost may be in an archive."""
    plan = _plan(examination)
    hurt = (*plan.hurt, *plan.hopeless)
    records = tuple(examination.packs.stock.damaged)
    if hurt or plan.snapshots:
        return replace(plan, gone=frozenset(), hurt=(), hopeless=(), waiting=hurt, beyond=(*plan.beyond, *records))
    # No snapshot needs what these say is in an archive.
    return replace(plan, records=(*plan.records, *records))


def _plan(examination: Examination) -> RepairPlan:
    held = examination.packs.forgive_held()
    found = examination.look_again(examination.hurt) if held else examination.hurt
    hopeless = [hurt for hurt in found if _is_lost(examination, hurt)]
    damaged = {name: _kind(name) for name in examination.objects.damaged}
    return RepairPlan(
        packs=tuple(examination.packs.damaged),
        gone=frozenset(examination.packs.gone),
        held=frozenset(held),
        hurt=tuple(hurt for hurt in found if hurt not in hopeless),
        hopeless=tuple(hopeless),
        records=tuple(name for name, kind in damaged.items() if kind in _EXPENDABLE or name.startswith("key.")),
        snapshots=tuple(name for name, kind in damaged.items() if kind is ObjectKind.SNAPSHOT),
        beyond=tuple(name for name, kind in damaged.items() if kind is None and not name.startswith("key.")),
    )


def plan_again(examination: Examination, plan: RepairPlan) -> tuple[list[Hurt], list[Hurt]]:
    """Return which of the snapshots are still to be replaced, and which to be forgotten, by what is there now."""
    hopeless = {hurt.sid for hurt in plan.hopeless}
    left = examination.look_again((*plan.hurt, *plan.hopeless))
    lost = [hurt for hurt in left if _is_lost(examination, hurt)]
    return [hurt for hurt in left if hurt not in lost], [hurt for hurt in lost if hurt.sid in hopeless]


def _kind(name: str) -> ObjectKind | None:
    try:
        return kind_of(name)
    except UsageError:
        return None


def _is_lost(examination: Examination, hurt: Hurt) -> bool:
    return examination.packs.lost(decode_root(hurt.snapshot.root).tree) is not None
