"""yester status: how all profiles stand, for a person at a glance and for monitoring."""

import time
from collections.abc import Sequence
from datetime import datetime

import click
import msgspec

from yester.engine.errors import UsageError, YesterError
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.runs.history import all_runs
from yester.engine.runs.records import RunRecord
from yester.engine.runs.status import GRACE, ProfileStatus, judge
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.started import WORDS, mending
from yester.engine.schedule.starters import Starters
from yester.engine.schedule.times import last_due, next_times
from yester.engine.schedule.zone import LOCAL, now
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import repository_place
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import age, count, moment, one_line, table

_HEADER = ("PROFILE", "STATE", "LAST GOOD", "NEXT RUN")


@click.command("status", short_help="Say how the profiles stand.")
@click.argument("name", metavar="[PROFILE]", default="")
@as_json
def command(name: str, as_json: bool) -> int:
    """Say how PROFILE stands, or all of them: ok, running, late, failed or never.

    What was missed or failed stays in sight until a snapshot succeeds. Exit code 0: all is fine; 1: something is wrong,
    also while the next run is on its way.
    """
    places, moment_now = Places.default(), now()
    runs, starters = all_runs(places.state), Starters(Machine.this(places))
    names = profiles_with_status(places, runs)
    if name and name not in names:
        raise UsageError(f"There is no profile {name}", hint=did_you_mean(name, names) or "See yester profile list.")
    found = [status_of(each, places, runs, moment_now, starters) for each in ([name] if name else names)]
    if as_json:
        echo_json({"ok": all(each.is_fine for each in found), "profiles": [status_as_json(each) for each in found]})
    elif found:
        click.echo("\n".join(_lines(found, time.time_ns())))
    else:
        click.echo("no profiles yet: yester profile add NAME FOLDER")
    return 0 if all(each.is_fine for each in found) else 1


def profiles_with_status(places: Places, runs: Sequence[RunRecord]) -> list[str]:
    """Return the profiles that there are, and those whose runs fail since their file is gone."""
    names = set(profile_names(places.config / "profiles"))
    seen: set[str] = set()
    for run in runs:
        if run.action == "snap" and run.profile and run.profile not in seen:
            seen.add(run.profile)
            if run.has_failed and not run.profile_id:
                names.add(run.profile)
    return sorted(names)


def status_of(name: str, places: Places, runs: Sequence[RunRecord], at: datetime, starters: Starters) -> ProfileStatus:
    """Return how a profile stands at that time, from all runs, newest first."""
    try:
        profile = load_profile(places.config / "profiles", name)
        good = next((run for run in runs if run.profile == name and run.action == "snap" and run.has_succeeded), None)
        last_good = datetime.fromtimestamp(good.began_ns / 1e9, LOCAL) if good is not None else None
        due = last_due(profile.schedule, at - GRACE, last_good)
        upcoming = next(iter(next_times(profile.schedule, at, 1, last_good=last_good)), None)
    except YesterError as problem:
        return judge(name, runs, problem=(problem.what, problem.hint))
    return judge(
        name,
        runs,
        due=due,
        upcoming=upcoming,
        repository=repository_place(None, profile, places),
        started=starters.of(profile),
    )


def status_as_json(status: ProfileStatus) -> dict[str, object]:
    """Return how a profile stands as `--json` shows it."""
    return {**msgspec.structs.asdict(status), "is_fine": status.is_fine}


def _lines(found: Sequence[ProfileStatus], now_ns: int) -> list[str]:
    lines = table([_HEADER, *(_row(each, now_ns) for each in found)])
    for each in found:
        lines += [one_line(f"{each.profile}: {said}") for said in _remarks(each, now_ns)]
    return lines + _troubles(found, now_ns)


def _troubles(found: Sequence[ProfileStatus], now_ns: int) -> list[str]:
    """Say what went wrong besides runs, each once: it is of a repository, which several profiles may share."""
    whose: dict[str, list[str]] = {}
    for each in found:
        for trouble in each.troubles:
            whose.setdefault(trouble.run, []).append(each.profile)
    troubles = {trouble.run: trouble for each in found for trouble in each.troubles}
    return [
        one_line(
            f"{', '.join(whose[run])}: {trouble.action} {age(now_ns - trouble.time_ns)} ago: {trouble.text} "
            f"(yester log {run[-4:]})"
        )
        for run, trouble in troubles.items()
    ]


def _row(status: ProfileStatus, now_ns: int) -> tuple[str, ...]:
    good, upcoming = status.last_good_ns, status.next_ns if status.is_started else None
    state = status.state if status.state == status.health else f"{status.state}, was {status.health}"
    if state == "ok" and status.suspicions:
        state = "suspicious"
    return (
        status.profile,
        "running" if status.state == "running" and status.health in ("ok", "never") else state,
        f"{age(now_ns - good)} ago" if good is not None else "-",
        moment(upcoming)[:16] if upcoming is not None else "-",
    )


def _remarks(status: ProfileStatus, now_ns: int) -> list[str]:
    said = []
    if status.health in ("failed", "late") or (status.health == "ok" and status.text):
        since = (
            f" since {moment(status.since_ns)[:16]}" if status.since_ns is not None and status.health != "ok" else ""
        )
        times = f" ({count(status.failures, 'run')}{since})" if status.failures else since
        said.append(f"{status.text}{times}")
    if status.hint:
        said.append(f"  hint: {status.hint}")
    if status.skipped_ns is not None and status.last_good_ns is not None:
        said.append(f"skipped {age(now_ns - status.skipped_ns)} ago; nothing was taken since then")
    if status.started in WORDS and status.health != "late":
        said += [WORDS[status.started], f"  hint: {mending(status.started, status.profile)}"]
    return [*said, *status.suspicions]
