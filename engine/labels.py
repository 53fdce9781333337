"""What people say about snapshots: names, tags, pins and notes, and what happens when two say something at once.

A label is a whole state, written once under the next counter; the highest (counter, writer) counts. So a change that
was made beside another one could hide it. Whoever writes therefore looks once more after writing, and where another
label stands at the counter of its own, makes its change again upon that one, under the next counter: of two that
write at once at least one sees the other. Of changes that contradict each other, such as two names, one is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId, WriterId
from yester.engine.sealed.records import Label

_TAG_SIZE, _NAME_SIZE, _NOTE_SIZE = 64, 200, 4000

Counting = tuple[int, bytes, bytes]
"""What decides between labels: counter, writer, and the digest of the object, so that no two are ever equal."""


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What is to be said anew; what is None, or no tag, stays as it is. An empty name or note takes it away."""

    name: str | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    pinned: bool | None = None
    note: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether all stays as it is."""
        return self == LabelChange()


def merged(first: LabelChange, then: LabelChange) -> LabelChange:
    """Return the change that does what two do, one after the other."""
    added = dict.fromkeys((*(tag for tag in first.add_tags if tag not in then.remove_tags), *then.add_tags))
    removed = dict.fromkeys((*(tag for tag in first.remove_tags if tag not in then.add_tags), *then.remove_tags))
    return LabelChange(
        name=first.name if then.name is None else then.name,
        add_tags=tuple(added),
        remove_tags=tuple(removed),
        pinned=first.pinned if then.pinned is None else then.pinned,
        note=first.note if then.note is None else then.note,
    )


def changed(label: Label | None, change: LabelChange, sid: SnapshotId, writer: WriterId) -> Label:
    """Return the label that follows `label` when the change is made; UsageError when it cannot be said."""
    known = label or Label(snapshot=sid, counter=0, writer=writer)
    tags = {*known.tags, *map(checked_tag, change.add_tags)} - {*change.remove_tags}
    return msgspec.structs.replace(
        known,
        counter=known.counter + 1,
        writer=writer,
        name=known.name if change.name is None else checked_name(change.name) or None,
        tags=tuple(sorted(tags)),
        pinned=known.pinned if change.pinned is None else change.pinned,
        note=known.note if change.note is None else checked_note(change.note),
    )


def says_the_same(one: Label, other: Label) -> bool:
    """Whether two labels say the same, whoever wrote them."""
    return (one.name, one.tags, one.pinned, one.note) == (other.name, other.tags, other.pinned, other.note)


def counting(labels: Iterable[tuple[bytes, Label]]) -> Mapping[SnapshotId, Label]:
    """Return, of labels with the digests of their objects, the one that counts for each snapshot."""
    best: dict[SnapshotId, tuple[Counting, Label]] = {}
    for digest, label in labels:
        weight = (label.counter, label.writer, digest)
        known = best.get(SnapshotId(label.snapshot))
        if known is None or known[0] < weight:
            best[SnapshotId(label.snapshot)] = (weight, label)
    return {sid: label for sid, (_, label) in best.items()}


def rival(labels: Iterable[tuple[bytes, Label]], digest: bytes, own: Label) -> Label | None:
    """Return the label that was written beside `own` (whose object has this digest) and says otherwise; None: none."""
    beside = [
        (digest_, label)
        for digest_, label in labels
        if label.snapshot == own.snapshot and label.counter >= own.counter and digest_ != digest
    ]
    label = counting(beside).get(SnapshotId(own.snapshot))
    return None if label is None or says_the_same(label, own) else label


def checked_tag(tag: str) -> str:
    """Return a tag; UsageError unless it is one word of up to 64 printable characters without a comma."""
    if not tag or len(tag) > _TAG_SIZE or "," in tag or not tag.isprintable() or any(char.isspace() for char in tag):
        raise UsageError(f"{tag!r} cannot be a tag", hint="A tag is one word of up to 64 characters without a comma.")
    return tag


def checked_name(name: str) -> str:
    """Return a name, or the empty text; UsageError unless it is one line of up to 200 printable characters.

    `latest` is none: nobody would find the snapshot by it.
    """
    if name == "latest":
        raise UsageError("latest names the newest snapshot already", hint="Give another name.")
    if len(name) > _NAME_SIZE or not name.isprintable() or name != name.strip():
        raise UsageError(
            f"{name!r} cannot name a snapshot", hint="Write one line of up to 200 characters, no blank at either end."
        )
    return name


def checked_note(note: str) -> str:
    """Return a note; UsageError when it is longer than 4000 characters or no text."""
    if len(note) > _NOTE_SIZE or not note.replace("\n", "").replace("\t", "").isprintable():
        raise UsageError("This note is too long, or no text", hint="Write up to 4000 characters.")
    return note
