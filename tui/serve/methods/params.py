"""What methods of several nouns take; pure. docs/serve.md is made from these and their like."""

from typing import Annotated

import msgspec

NOW = "now"
"""In the place of a snapshot: the files as they are on this machine."""
PAGE = 200
"""Entries of a page that is asked for without a number."""
MOST = 2000
"""Entries of a page at most."""

Count = Annotated[int, msgspec.Meta(ge=0)]
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
