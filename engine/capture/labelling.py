"""What a run's snapshot will be called, while plugins may still have a say in it."""

from dataclasses import replace

from yester.engine.ids import SnapshotId, WriterId
from yester.engine.labels import LabelChange, changed, merged
from yester.engine.sealed.records import Label

_NOT_YET = SnapshotId(bytes(32))


class RunLabel:
    """The name, tags, pin and note of a snapshot that is not there yet. One thread uses it."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        """`tags` are the person's."""
        self._change = LabelChange(add_tags=tags)

    def change(self, change: LabelChange) -> None:
        """Say something more."""
        self._change = merged(self._change, change)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said about the snapshot."""
        return self._change.is_empty

    def record(self, writer: WriterId, *, partial: bool = False) -> Label | None:
        """Return the label that goes before the snapshot, which is not named in it; None when there is none.

        A `partial` one is not pinned, or it would never go, and leaves the name to the complete one.
        """
        change = replace(self._change, name=None, pinned=None) if partial else self._change
        return None if change.is_empty else changed(None, change, _NOT_YET, writer)
