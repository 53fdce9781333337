"""yester schedule: let runs start by themselves."""

from contextlib import closing
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from yester.engine.errors import UsageError, YesterError
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.runs.history import last_good
from yester.engine.schedule.installing import (
    Installed,
    Plan,
    carry_out,
    check_plan,
    installed,
    plan_schedule,
    remove_schedule,
)
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.times import next_times
from yester.engine.schedule.waiting import wait_until_mounted
from yester.engine.schedule.words import in_words
from yester.engine.schedule.zone import LOCAL, now
from yester.engine.sealed.unlocking import needs_secret
from yester.tui.cli.failures import USAGE, complain
from yester.tui.cli.groups import Group
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import repository_place, store_at
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import one_line

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN = 5
_MOUNT_WAIT_S = 300
"""A desktop mounts in seconds; somebody who must type a password for the drive takes longer."""


@click.group("schedule", cls=Group, short_help="Let runs start by themselves.")
def command() -> None:
    """Let runs start by themselves: systemd timers, or lines of the crontab where no systemd runs.

    When a profile's runs start stands in the profile, under [schedule].
    """


names_argument = click.argument("names", metavar="[PROFILE]...", nargs=-1)


def _folder() -> "Path":
    return Places.default().config / "profiles"


@command.command("show", short_help="Show when runs start, and what is installed.")
@names_argument
@as_json
def show(names: tuple[str, ...], as_json: bool) -> int:
    """Show when the runs of each PROFILE start, the next five times, and whether the system knows of it."""
    places = Places.default()
    machine, shown, code = Machine.this(places), [], 0
    for name in names or profile_names(_folder()):
        try:
            shown.append(schedule_as_json(load_profile(_folder(), name), machine, places))
        except UsageError as problem:
            complain(problem.what, problem.hint)
            code = USAGE
    if as_json:
        echo_json(shown)
    elif shown:
        click.echo("\n\n".join("\n".join(_lines(each)) for each in shown))
    elif not code:
        click.echo("no profiles yet: yester profile add NAME FOLDER")
    return code


def schedule_as_json(profile: Profile, machine: Machine, places: Places) -> dict[str, Any]:
    """Return when a profile's runs start, and what is installed, as `--json` shows it."""
    good = last_good(places.state, profile.name)
    began = datetime.fromtimestamp(good.began_ns / 1e9, LOCAL) if good is not None else None
    try:
        times = next_times(profile.schedule, now(), _SHOWN, last_good=began)
        words, problem = in_words(profile.schedule), None
    except UsageError as refused:
        words, times, problem = "", [], refused.what
    there = installed(profile, machine)
    return {
        "profile": profile.name,
        "when": profile.schedule.when,
        "words": words,
        "problem": problem,
        "next": [time.isoformat() for time in times],
        "installed": _installed_as_json(there),
    }


def _installed_as_json(there: Installed | None) -> dict[str, object] | None:
    if there is None:
        return None
    return {"by": there.how, "places": there.places, "matches": there.matches, "enabled": there.enabled}


def _lines(shown: dict[str, Any]) -> list[str]:
    name = shown["profile"]
    lines = [f"{name}: {shown['words'] or shown['problem']}"]
    if shown["next"]:
        times = [f"{datetime.fromisoformat(time):%a %Y-%m-%d %H:%M}" for time in shown["next"]]
        lines.append(f"  next: {times[0]}")
        lines += [f"        {time}" for time in times[1:]]
    return [*lines, f"  {_state(name, shown)}"]


def _state(name: str, shown: dict[str, Any]) -> str:
    there, off = shown["installed"], shown["when"] == "off"
    if there is None:
        return "not installed" if off else f"not installed: yester schedule enable {quote(name)}"
    where = f"installed by {there['by']}: {', '.join(map(one_line, there['places']))}"
    if off:
        return f"{where}; the profile has no schedule any more: yester schedule disable {quote(name)}"
    if not there["matches"]:
        return f"{where}; the profile says otherwise now: yester schedule enable {quote(name)}"
    return where if there["enabled"] else f"{where}; but not enabled: yester schedule enable {quote(name)}"


@command.command("enable", short_help="Let runs start at the times of their profiles.")
@names_argument
@click.option(
    "--with", "how", type=click.Choice(["systemd", "cron"]), help="Install into this, whatever runs on the machine."
)
@click.option("--dry-run", is_flag=True, help="Show and check what would be written, and write nothing.")
@as_json
def enable(names: tuple[str, ...], how: str | None, dry_run: bool, as_json: bool) -> None:
    """Let the runs of each PROFILE start by themselves; without PROFILE, of all that have a schedule.

    Shows what it writes before it writes it. What was installed before is replaced.
    """
    machine = Machine.this(Places.default())
    profiles = _meant(names)
    for profile in profiles:
        repository_place(None, profile, Places.default())  # no secret of a URL may get into a unit
    plans = [plan_schedule(profile, machine, how) for profile in profiles]  # type: ignore[arg-type]
    checked = [(plan, check_plan(plan, machine)) for plan in plans]
    done = []
    for plan, notes in checked:
        if not as_json:
            click.echo("\n".join(_plan_lines(plan)))
        if not dry_run:
            notes = notes + carry_out(plan, machine)
        notes = notes + _on_passphrase(plan.profile, machine)
        if not as_json:
            click.echo(_ended(plan, dry_run))
            for note in notes:
                click.echo(f"  {note}")
        done.append(_plan_as_json(plan, notes, done=not dry_run))
    if as_json:
        echo_json(done)


def _meant(names: tuple[str, ...]) -> list[Profile]:
    folder = _folder()
    if names:
        return [load_profile(folder, name) for name in dict.fromkeys(names)]
    profiles = [load_profile(folder, name) for name in profile_names(folder)]
    scheduled = [profile for profile in profiles if profile.schedule.when != "off"]
    if not scheduled:
        raise UsageError(
            "No profile has a schedule",
            hint='Say when under [schedule], such as when = "daily": yester profile edit NAME',
        )
    return scheduled


def _on_passphrase(profile: Profile, machine: Machine) -> list[str]:
    """Return a note when a run that nobody attends will find no passphrase; none where that cannot be known."""
    stated = profile.passphrase_file or profile.passphrase_command or profile.keyring
    if stated or {"YESTER_PASSPHRASE_FILE", "YESTER_PASSPHRASE_COMMAND"} & dict(machine.launch.environment).keys():
        return []
    try:
        with closing(store_at(repository_place(None, profile, Places.default()), profile)) as store:
            is_locked = needs_secret({name: store.get(name) for name in store.list("key.")})
    except YesterError:
        return []
    words = "Nobody is there to type the passphrase, and the profile does not say where it is"
    return [f"{words}: yester profile edit {quote(profile.name)} --set passphrase_file=FILE"] if is_locked else []


def _plan_lines(plan: Plan) -> list[str]:
    lines = []
    for place, text in plan.texts:
        lines.append(f"# {one_line(place)}")
        lines += map(one_line, text.splitlines())
        lines.append("")
    return lines


def _ended(plan: Plan, dry_run: bool) -> str:
    name, words = plan.profile.name, in_words(plan.profile.schedule)
    return f"{name} would run {words}; nothing was written" if dry_run else f"{name} runs {words}"


def _plan_as_json(plan: Plan, notes: list[str], *, done: bool) -> dict[str, object]:
    return {
        "profile": plan.profile.name,
        "by": plan.how,
        "words": in_words(plan.profile.schedule),
        "texts": [{"place": one_line(place), "text": text} for place, text in plan.texts],
        "written": done,
        "notes": notes,
    }


@command.command("disable", short_help="Let runs start by hand only.")
@names_argument
@as_json
def disable(names: tuple[str, ...], as_json: bool) -> None:
    """Remove what `enable` installed for each PROFILE, for all without PROFILE. A run that is going on goes on.

    PROFILE may be one that was removed.
    """
    machine = Machine.this(Places.default())
    removed = {name: _disabled(name, machine) for name in names or profile_names(_folder())}
    if as_json:
        shown = {name: [one_line(place) for place in places] for name, places in removed.items()}
        echo_json([{"profile": name, "removed": places} for name, places in shown.items()])
        return
    for name, places in removed.items():
        where = f"removed {', '.join(map(one_line, places))}" if places else "nothing was installed"
        click.echo(f"{one_line(name)}: {where}")


def _disabled(name: str, machine: Machine) -> list[str]:
    places = remove_schedule(name, machine)
    if not places and name not in profile_names(_folder()):
        load_profile(_folder(), name)  # says that there is none of that name, and which comes near
    return places


@command.command("wait-for-drive", hidden=True)
@click.argument("drive", metavar="DRIVE")
@click.option("--timeout", "seconds", type=click.FloatRange(0), default=_MOUNT_WAIT_S, metavar="SECONDS")
def wait_for_drive(drive: str, seconds: float) -> None:
    """Wait until DRIVE is mounted: what a schedule does when a drive connects."""
    wait_until_mounted(drive, seconds)
