"""How differences are shown: by yester diff and yester verify."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from msgspec import to_builtins

from yester.engine.errors import DamageError, Offline
from yester.engine.events import shown
from yester.tui.cli.failures import complain
from yester.tui.cli.wording import moment, printable, size

if TYPE_CHECKING:
    from yester.engine.comparing.differences import Difference, Look

_SORTED = 100_000
"""Differences that are held to sort them and to find what was renamed; more are shown as they are found."""
_SIGNS = {"added": "+", "removed": "-", "changed": "M", "renamed": "R"}


class Damage:
    """Hears of what cannot be read, and says so."""

    def __init__(self) -> None:
        self.met = 0
        self.offline = 0
        """Of what is in an archive: no damage, but not compared either."""

    @property
    def uncompared(self) -> int:
        """How many paths could not be compared."""
        return self.met + self.offline

    def __call__(self, path: bytes, error: DamageError | Offline) -> None:
        """Say it."""
        if isinstance(error, DamageError):
            self.met += 1
        else:
            self.offline += 1
        complain(f"{printable(path)} cannot be compared: {error.what}")


def arranged(differences: "Iterable[Difference]") -> "Iterator[Difference]":
    """Yield the differences sorted, with what was renamed as such; as they come when they are too many for that."""
    from yester.engine.comparing.differences import with_renames

    rest = iter(differences)
    first = list(islice(rest, _SORTED + 1))
    if len(first) <= _SORTED:
        return with_renames(first)
    complain(f"more than {_SORTED:,} differences: they are not sorted, and what was renamed is shown twice")
    return chain(first, rest)


def line_of(each: "Difference") -> str:
    """Return the line that shows a difference."""
    look = each.after or each.before
    path = printable(each.path) + ("/" if look is not None and look.is_directory else "")
    name = f"{printable(each.origin)} -> {path}" if each.origin else path
    notes = notes_of(each)
    return f"{_SIGNS[each.happened]} {name}" + (f"  ({', '.join(notes)})" if notes else "")


def notes_of(each: "Difference") -> list[str]:
    """Return how what differs does, in words."""
    before, after = each.before, each.after
    if before is None or after is None:
        return []
    words = {
        "size": f"{size(before.size)} -> {size(after.size)}",
        "mode": f"mode {before.mode & 0o7777:04o} -> {after.mode & 0o7777:04o}",
        "owner": f"owner {_owner(before)} -> {_owner(after)}",
        "mtime": f"modified {moment(before.mtime_ns)} -> {moment(after.mtime_ns)}",
        "target": f"target {printable(before.content)} -> {printable(after.content)}",
    }
    # A changed content says that it was modified; the two times would hide what matters.
    told = [facet for facet in each.what if facet != "mtime" or "content" not in each.what]
    return [words.get(facet, facet) for facet in told]


def _owner(look: "Look") -> str:
    owner = look.owner
    user = printable(owner.user) if owner.user else str(owner.uid)
    return f"{user}:{printable(owner.group) if owner.group else owner.gid}"


def summary(happened: "Counter[str]", uncompared: int = 0) -> str:
    """Return what happened to how many paths, in words, and how many could not be compared."""
    told = [f"{happened[kind]:,} {kind}" for kind in _SIGNS if happened[kind]]
    if not uncompared:
        return ", ".join(told) or "no differences"
    return ", ".join([*told, f"{uncompared:,} not compared"])


def as_json(each: "Difference") -> dict[str, object]:
    """Return a difference as `--json` shows it."""
    return {
        **to_builtins(shown(each.path)),
        "happened": str(each.happened),
        "what": list(each.what),
        "before": _look(each.before),
        "after": _look(each.after),
        **({"origin": shown(each.origin)} if each.origin else {}),
    }


def _look(look: "Look | None") -> dict[str, object] | None:
    if look is None:
        return None
    return {
        "mode": look.mode,
        "uid": look.owner.uid,
        "gid": look.owner.gid,
        "size": look.size,
        "mtime_ns": look.mtime_ns,
    }
