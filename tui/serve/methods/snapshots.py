"""Snapshots: what they are called, how they differ, and which go; pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import PAGE, Count, OneSnapshot, PageSize, Where
from yester.tui.serve.methods.words import repository_option


class SnapshotsWanted(Where, frozen=True, kw_only=True):
    """Snapshots of a repository."""

    of_profile: bool = True
    """Only those of `profile`, where one is said."""


class PinSnapshot(OneSnapshot, frozen=True, kw_only=True):
    """A snapshot to pin, or to let go."""

    pinned: bool = True
    others: tuple[str, ...] = ()
    """Snapshots along with it."""


class RenameSnapshot(OneSnapshot, frozen=True, kw_only=True):
    """What a snapshot is called."""

    name: str = ""
    """Empty: it has none any more."""
    note: str = ""
    """Empty: it has none any more."""


class TagSnapshots(Where, frozen=True, kw_only=True):
    """Tags to give, and to take away."""

    snapshots: tuple[str, ...]
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Forgetting(Where, frozen=True, kw_only=True):
    """Snapshots to let go."""

    snapshots: tuple[str, ...] = ()
    """Empty: those that the rules of `profile` let go."""
    even_pinned: bool = False
    """Of `snapshots`: also those that are pinned."""
    even_last: bool = False
    """Of `snapshots`: also the last good one of a series."""


class Compare(Where, frozen=True, kw_only=True):
    """Two snapshots, and which part of what differs is wanted."""

    older: str
    newer: str
    start: Count = 0
    """The position of the first difference, in order of paths."""
    count: PageSize = PAGE
    grep: str = ""
    """Only paths that hold this, small and capital letters alike; `start` counts these alone."""


def pin(asked: PinSnapshot) -> list[str]:
    """Return `yester pin SNAPSHOT`."""
    off = [] if asked.pinned else ["--off"]
    return ["pin", *off, "--json", *repository_option(asked), "--", asked.snapshot, *asked.others]


def rename(asked: RenameSnapshot) -> list[str]:
    """Return `yester rename SNAPSHOT NAME`."""
    note = [f"--note={asked.note}"] if asked.note else ["--clear-note"]
    name = [asked.name] if asked.name else []
    clear = [] if asked.name else ["--clear"]
    return ["rename", *clear, *note, "--json", *repository_option(asked), "--", asked.snapshot, *name]


def tag(asked: TagSnapshots) -> list[str]:
    """Return `yester tag SNAPSHOT…`."""
    tags = [*(f"--add={tag}" for tag in asked.add), *(f"--remove={tag}" for tag in asked.remove)]
    return ["tag", *tags, "--json", *repository_option(asked), "--", *asked.snapshots]


def forgetting(*how: str) -> Callable[[Forgetting], list[str]]:
    """Return what makes `yester forget PROFILE`, or `yester forget --snapshot SNAPSHOT`."""

    def words(asked: Forgetting) -> list[str]:
        named = [f"--snapshot={each}" for each in asked.snapshots]
        named += ["--even-pinned"] * asked.even_pinned + ["--even-last"] * asked.even_last
        return ["forget", *how, *named, *repository_option(asked), *([] if named else ["--", asked.profile])]

    return words


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "snapshots.list": Look(
            SnapshotsWanted,
            "snapshots:snapshots",
            "each snapshot, newest first, and why it stays; then `warnings` about the repository, its `place`, and the "
            "name of this `host`",
            "yester list --why --json",
        ),
        "snapshots.pin": Change(PinSnapshot, pin, "the snapshots", needs_repository=True),
        "snapshots.rename": Change(RenameSnapshot, rename, "the snapshot", needs_repository=True),
        "snapshots.tag": Change(TagSnapshots, tag, "the snapshots", needs_repository=True),
        "snapshots.diff": Look(
            Compare,
            "comparing:differences",
            "a page of what differs between two snapshots, each with what `happened` and `notes` on how it differs; "
            "then `{total, counts, is_whole}`: how many fit, how many of each kind there are, and whether all are told",
            "yester diff SNAPSHOT SNAPSHOT --json",
        ),
        "snapshots.plan": Change(
            Forgetting,
            forgetting("--dry-run", "--json"),
            "the plan: what it would `forget` and `keep`, each with the reasons; `even-pinned` and `even-last` are "
            "those of what goes only because that was said",
            needs_repository=True,
        ),
        "snapshots.freed": Look(
            Forgetting,
            "snapshots:freed",
            "one item: the `size` that a prune gives back once these snapshots are gone",
        ),
        "snapshots.forget": Change(
            Forgetting,
            forgetting("--yes"),
            "`{run}`; then `done`, once they are gone, or once the rules go on to make room",
            is_run=True,
            needs_repository=True,
        ),
    }
)
