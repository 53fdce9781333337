"""What methods of several nouns take; pure. docs/serve.md is made from these and their like."""

from typing import Annotated

import msgspec

from yester.engine.events import Shown

NOW = "now"
"""In the place of a snapshot: the files as they are on this machine."""
PAGE = 200
"""Entries of a page that is asked for without a number."""
MOST = 2000
"""Entries of a page at most."""
NO_NUL = "No path, name or pattern holds one."
"""What to say of a NUL byte."""

Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=MOST)]


class Params(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a method takes; this one nothing."""


class Where(Params, frozen=True, kw_only=True):
    """The repository that is meant: that of a profile, one by its place, or the default one."""

    profile: str = ""
    repository: str = ""


class OneSnapshot(Where, frozen=True, kw_only=True):
    """One snapshot of a repository, by its id."""

    snapshot: str


def field_with_nul(asked: Params) -> str:
    """Return the name of a field with a NUL byte in it, which no path, name or argument can hold; empty: none has."""
    return next((name for name in asked.__struct_fields__ if _has_nul(getattr(asked, name))), "")


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case Shown():
            return b"\0" in value.raw
        case tuple():
            return any(map(_has_nul, value))
        case _:
            return False
