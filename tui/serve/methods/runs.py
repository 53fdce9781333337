"""Runs; pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from yester.tui.serve.methods.kinds import Change, Look, Method, run_of
from yester.tui.serve.methods.params import Count, Params


class RunsWanted(Params, frozen=True, kw_only=True):
    """Runs of one profile or all, the newest so many."""

    profile: str = ""
    limit: Count = 0
    """0: all that are known."""


class OneRun(Params, frozen=True, kw_only=True):
    """One run, by its id."""

    run: str


class RunFrom(Params, frozen=True, kw_only=True):
    """The lines of a run."""

    run: str
    first: Count = 0
    """The sequence number of the first line that is wanted."""
    live: bool = True
    """Whether to go on until the run ends."""


class SnapRun(Params, frozen=True, kw_only=True):
    """A snapshot to take."""

    profile: str
    accept_shrink: bool = False
    """Sources that are gone or small are meant to be."""
    regardless: bool = False
    """Also where the profile's limits would skip it."""


def snap(asked: SnapRun) -> list[str]:
    """Return `yester snap PROFILE`."""
    flags = {"--accept-shrink": asked.accept_shrink, "--regardless": asked.regardless}
    return ["snap", *(flag for flag, is_on in flags.items() if is_on), "--", asked.profile]


def steering(verb: str) -> Callable[[OneRun], list[str]]:
    """Return what makes `yester cancel RUN` and its like."""
    return lambda asked: [verb, "--json", "--", asked.run]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "runs.list": Look(RunsWanted, "runs:runs", "each run, newest first", "yester runs --all --json"),
        "runs.follow": Look(
            RunFrom,
            "runs:follow_run",
            "the lines of the run's journal, stored and live; then `{next, ended}`: the number to go on from, and "
            "whether the end was seen, else the run died",
            "yester log RUN --follow --json",
        ),
        "runs.start": run_of(SnapRun, snap),
        "runs.cancel": Change(OneRun, steering("cancel"), "the run's answer"),
        "runs.pause": Change(OneRun, steering("pause"), "the run's answer"),
        "runs.resume": Change(OneRun, steering("resume"), "the run's answer"),
    }
)
