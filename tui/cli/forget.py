"""yester forget: let snapshots go, by the rules of a profile or by name."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from yester.engine.errors import UsageError
from yester.engine.host import host_id
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile, RetentionSpec
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.retention.choosing import Whose, chosen, plan_named
from yester.engine.retention.plan import RetentionPlan, emptied_series, plan_retention, removes_nothing
from yester.tui.cli.failures import complain
from yester.tui.cli.letting_go import LettingGo
from yester.tui.cli.named import say_damaged
from yester.tui.cli.opening import Access, profile_meant
from yester.tui.cli.options import access, as_json
from yester.tui.cli.retention import refuse_rules, rules, stated_rules
from yester.tui.cli.visiting import visited


@click.command("forget", short_help="Let old snapshots go.")
@click.argument("names", metavar="[PROFILE]", nargs=-1)
@click.option("--snapshot", "named", metavar="SNAPSHOT...", multiple=True, help="Forget just these.")
@rules
@click.option("--host", metavar="NAME", help="The snapshots that another machine took of the profile.")
@click.option("--all-hosts", is_flag=True, help="The snapshots of all machines.")
@click.option("--even-pinned", is_flag=True, help="With --snapshot: also when it is pinned.")
@click.option("--even-last", is_flag=True, help="With --snapshot: also the last good one of its series.")
@click.option("--dry-run", is_flag=True, help="Show what would stay and go, and why; forget nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@access
def command(
    names: tuple[str, ...],
    named: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
    **options: Any,
) -> int:
    """Forget the snapshots of PROFILE that none of its rules keeps, or those named with --snapshot.

    The rules are those of the profile's [retention]; when any is given here, only those given here count. The newest
    and the last good snapshot always stay. The space that forgotten snapshots took is freed by `yester prune`.
    """
    if not named and len(names) != 1:
        raise UsageError(
            "Either a profile or snapshots must be named",
            hint="Write yester forget PROFILE, or yester forget --snapshot SNAPSHOT",
        )
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    act = LettingGo(places, dry_run, yes, as_json)
    if not named:
        return _by_rules(names[0], asked, places, options, act)
    refuse_rules(options)
    with visited("forget", asked, places, profile_meant(named[0], places)) as opened:
        wanted = {opened.find_snapshot(text)[0] for text in (*named, *names)}
        say_damaged(opened)
        plan = plan_named(
            opened.snapshots(),
            opened.labels(),
            wanted,
            even_pinned=options["even_pinned"],
            even_last=options["even_last"],
        )
        return act.carry_out(opened, plan, RetentionPlan(plan.remove))


def _by_rules(name: str, asked: Access, places: Places, options: dict[str, Any], act: LettingGo) -> int:
    if options["even_pinned"] or options["even_last"]:
        raise UsageError("--even-pinned and --even-last go with --snapshot only", hint="Rules spare such snapshots.")
    host, all_hosts = options["host"], options["all_hosts"]
    if host and all_hosts:
        raise UsageError("--host and --all-hosts are given at once", hint="Leave one of them out.")
    stated = stated_rules(options)
    profile = _local_profile(name, places, must=stated is None)
    spec = stated or (profile.retention if profile else RetentionSpec())
    own = None if host or all_hosts else host_id(places)
    whose = Whose(name, profile.id if profile else None, own, host)
    with visited("forget", asked, places, profile) as opened:
        everything = opened.snapshots()
        say_damaged(opened)
        found = chosen(everything, whose)
        if not found:
            _refuse_none(whose, everything)
        apart = {sid for sid, _ in found if opened.came_blind(sid)}
        plan = plan_retention(found, opened.labels(), spec, time.time_ns(), apart=apart)
        for series in emptied_series(plan):
            raise UsageError(
                f"These rules would leave nothing of {series.snapshot.profile}@{series.snapshot.host} but its newest "
                "snapshot: all others are too old",
                hint="Nothing was forgotten. Give a rule that keeps some, such as --keep-last 3.",
            )
        if removes_nothing(spec):
            what = f"No retention is set for {name}" if stated is None else "These rules spare some and remove none"
            complain(
                f"{what}, so every snapshot is kept",
                "Set it in the profile's [retention], or give rules here: --keep-last, --keep-daily and others.",
            )
        return replace(act, spec=spec, profile=name).carry_out(opened, plan)


def _local_profile(name: str, places: Places, *, must: bool) -> Profile | None:
    """Return this machine's profile of that name; UsageError when there is none and there `must` be one."""
    folder = places.config / "profiles"
    return load_profile(folder, name) if must or name in profile_names(folder) else None


def _refuse_none(whose: Whose, everything: Sequence[Any]) -> None:
    others = sorted({snapshot.host for _, snapshot in everything if snapshot.profile == whose.name})
    where = f"on {whose.host}" if whose.host else "of this machine" if whose.host_id else "of any machine"
    raise UsageError(
        f"There is no snapshot of {whose.name} {where}",
        hint=f"There are some of {', '.join(others)}: give --host." if others else "See yester list.",
    )
