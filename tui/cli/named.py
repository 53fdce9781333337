"""The snapshots that a person means, and what may keep them from being the right ones."""

from typing import TYPE_CHECKING

from yester.tui.cli.failures import complain

if TYPE_CHECKING:
    from yester.engine.ids import SnapshotId
    from yester.engine.repository import Repository
    from yester.engine.sealed.records import Snapshot


def named_snapshot(
    opened: "Repository", text: str, *, profile: str | None = None, host: str | None = None
) -> "tuple[SnapshotId, Snapshot]":
    """Return the snapshot that is named. UsageError.

    Says which records are damaged: one of them may be the snapshot that was meant, and `latest` an older one.
    """
    try:
        return opened.find_snapshot(text, profile=profile, host=host)
    finally:
        say_damaged(opened)


def say_damaged(opened: "Repository") -> None:
    """Say which records could not be read when the snapshots were listed: those are left out of all that is done."""
    for damage in opened.damaged.values():
        complain(damage.what, damage.hint)
