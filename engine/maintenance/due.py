"""What maintenance is due; pure.

Several profiles and their runs share a repository, so each kind counts from when anybody on this machine last did it.
One that was never done counts from when the repository was first seen here: what was stored just now needs no check.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import msgspec

from yester.engine.profiles.profile import MaintenanceSpec
from yester.engine.profiles.sizes import Span

Kind = Literal["forget", "prune", "check"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are done: what was forgotten is pruned, and what is left is checked."""

RETRY = timedelta(hours=20)
"""What failed is tried again by the first run after this; less than a day, so that a daily run is one."""


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a kind of maintenance went last."""

    tried_ns: int = 0
    good_ns: int = 0
    """When it last went well; 0: never."""
    exit_code: int = 0
    """Of the last try."""
    text: str = ""
    """What the last try said, when it went badly."""

    @property
    def has_failed(self) -> bool:
        """Whether the last try went badly."""
        return self.exit_code != 0


def due(spec: MaintenanceSpec, done: Mapping[str, Done], since_ns: int, now: datetime) -> list[Kind]:
    """Return the kinds that are due after a run, in their order; `since_ns`: when the repository was first seen."""
    spans: dict[Kind, Span | None] = {"prune": spec.prune, "check": spec.check}
    return [
        kind
        for kind in KINDS
        if (spec.forget if kind == "forget" else _is_due(spans[kind], done.get(kind, Done()), since_ns, now))
    ]


def _is_due(span: Span | None, done: Done, since_ns: int, now: datetime) -> bool:
    if span is None:
        return False
    if done.has_failed and _moment(done.tried_ns) > now - RETRY:
        return False
    return _moment(done.good_ns or since_ns) <= span.before(now)


def _moment(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9, UTC)
