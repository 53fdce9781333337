"""How a profile stands: from its runs, its schedule and the clock; pure.

What went wrong stays in sight until a snapshot succeeds: a run that failed or died, and one that should have been and
was not. A run that somebody cancelled, that a limit skipped or that found another at work is neither good nor bad; but
after a skipped one nothing is late, since that is how it was wanted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from yester.engine.runs.records import RunRecord
from yester.engine.schedule.started import WORDS, Started, mending

DIED = "The run died: it was killed, or the machine went down"
"""Of a run that had no end."""

GRACE = timedelta(hours=1)
"""How long after a scheduled time a run may begin before it counts as missed: machines sleep, timers spread."""

Health = Literal["ok", "late", "failed", "never"]
"""`ok`: the last run that could say something succeeded, and none was missed since."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A run of another command on the profile's repository that ended badly, and none since that ended well."""

    action: str
    run: str
    state: str
    time_ns: int
    text: str = ""


class ProfileStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a profile stands."""

    profile: str
    state: Health | Literal["running"]
    """`running` whatever its health, while a run lasts."""
    health: Health
    since_ns: int | None = None
    """Since when it has this health: the first failure, the time that was missed, the last good run."""
    failures: int = 0
    """Runs that failed since the last good one."""
    text: str = ""
    """What is wrong; with a good run that could not take everything, how much."""
    hint: str = ""
    last_run: str = ""
    last_good: str = ""
    """Their ids; empty when there was none."""
    last_good_ns: int | None = None
    """When the last good run began: the age of what can be restored."""
    last_snapshot: str = ""
    running: str = ""
    """The run that lasts."""
    due_ns: int | None = None
    """When the last run was due, as far as the schedule says."""
    next_ns: int | None = None
    skipped_ns: int | None = None
    """When a run was last skipped since the last good one."""
    troubles: tuple[Trouble, ...] = ()
    suspicions: tuple[str, ...] = ()
    """In words, which sources were gone or had shrunk in the last good run."""
    started: Started = "unknown"
    """Whether the system starts its runs as the profile says."""

    @property
    def is_started(self) -> bool:
        """Whether anything starts its runs, as far as anybody knows."""
        return self.started not in ("missing", "disabled")

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look."""
        return self.health == "ok" and not self.troubles and not self.suspicions and self.started not in WORDS


def judge(
    profile: str,
    runs: Sequence[RunRecord],
    *,
    due: datetime | None = None,
    upcoming: datetime | None = None,
    repository: str = "",
    problem: tuple[str, str] = ("", ""),
    started: Started = "unknown",
) -> ProfileStatus:
    """Return how a profile stands, from all runs of this machine, newest first.

    `due`: the last time, at least GRACE ago, at which a run was to begin. `problem`: what is wrong with the profile
    itself, and a hint.
    """
    own = [run for run in runs if run.action == "snap" and run.profile == profile and not run.dry_run]
    good = next((run for run in own if run.has_succeeded), None)
    since = own[: own.index(good)] if good is not None else own
    failed = [run for run in since if run.has_failed]
    skipped = next((run for run in since if run.state == "skipped"), None)
    running = next((run for run in own if not run.is_over), None)
    health, since_ns, text, hint = _health(good, failed, skipped, _ns(due), problem)
    if health == "late" and started in WORDS:
        hint = f"{WORDS[started]}: {mending(started, profile)}"
    return ProfileStatus(
        profile=profile,
        state="running" if running is not None else health,
        health=health,
        since_ns=since_ns,
        failures=len(failed),
        text=text,
        hint=hint,
        last_run=own[0].run if own else "",
        last_good=good.run if good is not None else "",
        last_good_ns=good.began_ns if good is not None else None,
        last_snapshot=next((run.snapshot for run in own if run.snapshot), ""),
        running=running.run if running is not None else "",
        due_ns=_ns(due),
        next_ns=_ns(upcoming),
        skipped_ns=skipped.began_ns if skipped is not None else None,
        troubles=_troubles(runs, profile, repository),
        suspicions=good.suspicions if good is not None else (),
        started=started,
    )


def _health(
    good: RunRecord | None,
    failed: Sequence[RunRecord],
    skipped: RunRecord | None,
    due_ns: int | None,
    problem: tuple[str, str],
) -> tuple[Health, int | None, str, str]:
    """Return the health, since when, and the words; the worst that applies."""
    if problem[0]:
        return "failed", failed[-1].began_ns if failed else None, *problem
    if failed:
        return "failed", failed[-1].began_ns, why(failed[0]), failed[0].hint
    if good is None:
        return "never", None, "No snapshot was taken yet", ""
    if due_ns is not None and max(good.began_ns, skipped.began_ns if skipped is not None else 0) < due_ns:
        return "late", due_ns, "A run was due and did not begin", "Is its timer enabled? See yester schedule show."
    lacking = (
        f"{good.failed:,} {'entry' if good.failed == 1 else 'entries'} could not be taken whole" if good.failed else ""
    )
    return "ok", good.began_ns, lacking, ""


def why(run: RunRecord) -> str:
    """Return in words why a run is no good one."""
    if run.state == "died":
        return DIED
    return run.error or f"It ended with exit code {run.exit_code}"


def _troubles(runs: Sequence[RunRecord], profile: str, repository: str) -> tuple[Trouble, ...]:
    """Return what is the matter with other commands, which concern the profile or its repository."""
    concern = [run for run in runs if profile == run.profile or (not run.profile and repository == run.repository)]
    bad = [_unmended(action, concern) for action in MAINTENANCE]
    return tuple(
        Trouble(action=run.action, run=run.run, state=run.state, time_ns=run.began_ns, text=why(run))
        for run in bad
        if run is not None
    )


def _unmended(action: str, runs: Sequence[RunRecord]) -> RunRecord | None:
    """Return the newest run of a command that failed and that no later one made good.

    What a check found in content is made good by a check of all of it, since a sample may pass by it; or by a repair.
    """
    looked_at = -1
    for run in runs:
        if run.action == action and run.has_failed and looked_at < (100 if run.read_data_percent else 0):
            return run
        if run.has_succeeded and run.action == action:
            looked_at = max(looked_at, run.read_data_percent)
        if run.has_succeeded and run.action == "repair":
            looked_at = 100
    return None


MAINTENANCE = ("forget", "prune", "check", "repair", "copy")
"""Commands whose failure concerns a profile until they succeed; a restore that failed was told to who asked for it."""


def _ns(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) * 1_000_000_000 if moment is not None else None
