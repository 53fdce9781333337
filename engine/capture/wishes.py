"""What plugins want changed of a run, and what becomes of its profile then.

Wishes are collected while the run begins and asked for once, right after it; from there on only the snapshot's label
can still be changed (engine/capture/labelling.py). The profile's text, which goes into the snapshot, stays the person's
own: a profile that is recovered from a snapshot has nothing of a plugin in it. What was really taken is in the
snapshot's sources.
"""

from dataclasses import dataclass, field, replace

from yester.engine.errors import UsageError
from yester.engine.labels import LabelChange, merged
from yester.engine.profiles.profile import FilterSpec, Profile


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be different; each value was checked by whoever took the wish."""

    add_sources: tuple[bytes, ...] = ()
    """Absolute paths."""
    remove_sources: tuple[bytes, ...] = ()
    excludes: tuple[str, ...] = ()
    """Patterns that come after the profile's own."""
    drop_excludes: tuple[str, ...] = ()
    """Patterns of the profile's own that do not count; the defaults stay."""
    if_present: tuple[str, ...] = ()
    larger_than: int | None = None
    """Leave out files of more bytes than this, or than the profile says when that is less."""
    read_from: tuple[tuple[bytes, bytes], ...] = ()
    """Sources and where each is really read (engine/capture/detours.py), absolute paths; the last one counts."""
    label: LabelChange = field(default_factory=LabelChange)
    abort: str = ""
    """Why there shall be no snapshot; empty: there shall."""

    @property
    def is_about_sources(self) -> bool:
        """Whether anything but the label is to be different."""
        return bool(
            self.add_sources or self.remove_sources or self.excludes or self.drop_excludes or self.if_present
        ) or (self.larger_than is not None)


def both(first: Wishes, then: Wishes) -> Wishes:
    """Return the wishes of two: each list one after the other, the smaller of two limits, the first reason to abort."""
    limits = [limit for limit in (first.larger_than, then.larger_than) if limit is not None]
    return Wishes(
        (*first.add_sources, *then.add_sources),
        (*first.remove_sources, *then.remove_sources),
        (*first.excludes, *then.excludes),
        (*first.drop_excludes, *then.drop_excludes),
        (*first.if_present, *then.if_present),
        min(limits, default=None),
        (*first.read_from, *then.read_from),
        merged(first.label, then.label),
        first.abort or then.abort,
    )


def wished(profile: Profile, wishes: Wishes) -> Profile:
    """Return the profile as this run goes by it. UsageError when no source is left.

    What is both added and removed is removed.
    """
    if not wishes.is_about_sources:
        return profile
    removed = {*wishes.remove_sources}
    sources = tuple(
        source for source in dict.fromkeys((*profile.sources, *wishes.add_sources)) if source not in removed
    )
    if not sources:
        raise UsageError(
            f"Plugins removed every source of the profile {profile.name}",
            hint="See which are on: yester plugin list",
        )
    return replace(profile, sources=sources, filters=_filters(profile.filters, wishes))


def _filters(spec: FilterSpec, wishes: Wishes) -> FilterSpec:
    limits = [limit for limit in (spec.larger_than, wishes.larger_than) if limit is not None]
    own = (pattern for pattern in spec.excludes if pattern not in wishes.drop_excludes)
    return replace(
        spec,
        excludes=(*own, *wishes.excludes),
        if_present=(*spec.if_present, *wishes.if_present),
        larger_than=min(limits, default=None),
    )
