"""Which snapshots are meant to be archived or purged; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.profiles.sizes import Span
from yester.engine.sealed.records import Label
from yester.engine.selection import Listed, narrowed, select


def choose(
    names: Sequence[str],
    snapshots: Sequence[Listed],
    labels: Mapping[SnapshotId, Label],
    now: datetime,
    *,
    older_than: Span | None = None,
    tag: str | None = None,
) -> list[Listed]:
    """Return the snapshots that are named, by profile or as elsewhere, and are old enough and tagged; oldest first.

    Without names all are meant; `now` is local, without a zone. UsageError: nothing is named at all, a name means no
    snapshot, or none of those that are meant is old enough and tagged.
    """
    if not names and older_than is None and tag is None:
        raise UsageError(
            "What is meant is not said", hint="Give a profile or a snapshot, or --older-than SPAN, or --tag TAG."
        )
    meant = {sid: snapshot for name in names for sid, snapshot in _named(name, snapshots, labels, now)}
    before = None if older_than is None else older_than.before(now)
    found = [
        (sid, snapshot)
        for sid, snapshot in (meant.items() if names else snapshots)
        if (before is None or datetime.fromtimestamp(snapshot.time_ns / 1e9) <= before)
        and (tag is None or (sid in labels and tag in labels[sid].tags))
    ]
    if not found:
        raise UsageError(f"No snapshot {described(names, older_than, tag)}", hint="See yester list.")
    return sorted(found, key=lambda listed: (listed[1].time_ns, listed[0]))


def described(names: Sequence[str], older_than: Span | None = None, tag: str | None = None) -> str:
    """Return in words what is meant: `of docs older than 1y tagged tax`."""
    parts = (
        f"of {' and '.join(names)}" if names else "",
        f"older than {older_than}" if older_than is not None else "",
        f"tagged {tag}" if tag is not None else "",
    )
    return " ".join(part for part in parts if part)


def _named(
    name: str, snapshots: Sequence[Listed], labels: Mapping[SnapshotId, Label], now: datetime
) -> Sequence[Listed]:
    return narrowed(snapshots, name, None) or [select(name, snapshots, labels, now)]
