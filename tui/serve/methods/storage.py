"""What repositories take, and whether they are sound; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import msgspec

from yester.engine.events import Shown
from yester.tui.serve.methods.kinds import Change, Look, Method, run_of
from yester.tui.serve.methods.params import PAGE, PageSize, Where
from yester.tui.serve.methods.words import on_repository, repository_option


class UsageWanted(Where, frozen=True, kw_only=True):
    """What takes the room, below a folder."""

    folder: Shown = Shown("")
    """Empty: the one that holds all sources."""
    limit: PageSize = PAGE
    """Paths at most."""


class Checking(Where, frozen=True, kw_only=True):
    """A repository to check."""

    read_data: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """How much of the content is read, in percent; 0: none, only that it is there."""


def check(asked: Checking) -> list[str]:
    """Return `yester check`."""
    share = [f"--read-data={asked.read_data}%"] if asked.read_data else []
    return ["check", *share, *repository_option(asked)]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "storage.usage": Look(
            UsageWanted,
            "storage:usage",
            "one item: `size`, `plain_size` before compression, `folder`, what only each of the `snapshots` has, the "
            "heaviest `paths`, and how many pieces are `missing`",
            "yester du --json",
        ),
        "storage.check": run_of(Checking, check),
        "storage.plan": Change(Where, on_repository("prune", "--dry-run", "--json"), "the plan", needs_repository=True),
        "storage.prune": run_of(Where, on_repository("prune")),
    }
)
