"""What may be taken, and places to keep it; pure."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.engine.events import Shown
from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import Params


class Filters(Params, frozen=True, kw_only=True):
    """Folders to take, and what to leave out of them."""

    sources: tuple[Shown, ...] = ()
    """Absolute."""
    excludes: tuple[str, ...] = ()
    """Patterns, as lines in a .gitignore."""
    larger_than: str = ""
    """Such as `500M`; empty: no file is too large."""
    caches: bool = True
    """Leave out what a CACHEDIR.TAG marks."""
    one_file_system: bool = False
    default_excludes: bool = True


class MeasureSources(Filters, frozen=True, kw_only=True):
    """What is to be added up."""

    repository: str = ""
    """Where it is to be kept: a folder there is not entered."""


class Typed(Params, frozen=True, kw_only=True):
    """The beginning of a path, as it was typed."""

    text: Shown


class LookAt(Params, frozen=True, kw_only=True):
    """A place for a repository."""

    place: str


def look_at(asked: LookAt) -> list[str]:
    """Return `yester backend look URL`."""
    return ["backend", "look", "--json", "--", asked.place]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "sources.measure": Look(
            MeasureSources,
            "sources:measure",
            "the sums as they grow, a few times a second, and at last the whole: `files`, `folders`, `size`, what is "
            "`heaviest`, how much is `left_out`, with `examples` and why",
            "yester profile size PATH --json",
        ),
        "sources.suggest": Look(
            Params,
            "sources:suggest",
            "one item, what a newcomer may want: `home`, `folders` in it, `drives` that are mounted with what is free, "
            "the default `repository`, a file for a passphrase, and whether there is a keyring",
        ),
        "folders.complete": Look(Typed, "sources:complete", "up to 50 folders whose path begins so, as it was typed"),
        "backends.list": Look(Params, "sources:backends", "each way to a repository", "yester backend list --json"),
        "backends.look": Change(
            LookAt,
            look_at,
            "`place`, whether a repository is there (`is_repository`, `is_encrypted`), the `free_size` if known, and "
            "`lacks_drive`",
        ),
    }
)
