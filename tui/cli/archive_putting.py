"""yester archive put: hand the packs of snapshots over to an archive."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from yester.engine.archive.asked import Kind, Wanted
from yester.engine.archive.bringing_back import purge as purge_queued
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.choosing import choose, described
from yester.engine.archive.handing_over import hand_over
from yester.engine.archive.recall_plan import wanted as wanted_of
from yester.engine.archive.roles import Role
from yester.engine.errors import UsageError
from yester.engine.ids import PackId
from yester.engine.places import Places
from yester.engine.profiles.sizes import Span, parse_span
from yester.engine.selection import Listed
from yester.tui.cli.archive_desk import bench_of
from yester.tui.cli.archive_words import going_words, plan_as_json, plan_lines
from yester.tui.cli.archiving import (
    check_roles,
    new_request,
    policy_meant,
    shares_of,
)
from yester.tui.cli.asking import confirm
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.wording import one_line

if TYPE_CHECKING:
    from yester.engine.archive.planning import ArchivePlan, PackShare
    from yester.engine.archive.port import Archive, Policy


def parsed_span(context: click.Context, parameter: click.Parameter, value: str | None) -> Span | None:
    """Return a span such as `1y`."""
    try:
        return None if value is None else parse_span(value)
    except UsageError as error:
        raise click.BadParameter(f"{error.what}. {error.hint}", context, parameter) from None


older_than = click.option(
    "--older-than", metavar="SPAN", callback=parsed_span, help="Only snapshots that are older, such as 1y or 90d."
)
tagged = click.option("--tag", metavar="TAG", help="Only snapshots with this tag.")


@click.command("put", short_help="Hand snapshots over to an archive.")
@click.argument("names", metavar="[PROFILE|SNAPSHOT]...", nargs=-1)
@older_than
@tagged
@click.option("--policy", "policy", metavar="POLICY", help="The archive's storage policy, by name or id.")
@click.option("--to", "to", metavar="ARCHIVE", help="Which archive; needed where several have a policy of that name.")
@click.option("--purge", "purges", is_flag=True, help="Let go of the online copies, after they were read back.")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--now", "at_once", is_flag=True, help="Hand over at once what the policy would still gather.")
@click.option("--yes", is_flag=True, help="Do not ask before the purge.")
@as_json
@access
def put(
    names: tuple[str, ...],
    older_than: Span | None,
    tag: str | None,
    policy: str | None,
    to: str | None,
    purges: bool,
    only_plan: bool,
    at_once: bool,
    yes: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Hand the packs of PROFILE, of SNAPSHOT, or of all snapshots that are old enough or tagged, over to an archive.

    Nothing goes from the repository, unless --purge is given: then online copies that no other snapshot needs go, each
    after the archive gave it back whole. Broken off, the same command goes on. Exit code 3: some packs were refused.
    """
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with bench_of(names, asked, as_json=as_json) as bench:
        opened, places = bench.opened, bench.places
        found = choose(names, opened.snapshots(), opened.labels(), datetime.now(), older_than=older_than, tag=tag)
        roles = [] if only_plan else [Role.ARCHIVE, Role.PURGE] if purges else [Role.ARCHIVE]
        check_roles(roles, [snapshot.profile for _, snapshot in found], opened.store.place, places)
        target = _Target(*policy_meant(bench.archives, to, policy))
        plan = target.plan(shares_of(opened, [sid for sid, _ in found]))
        about = described(names, older_than, tag)
        words = plan_lines(plan, len(found), target.archive.name, target.policy, purges=purges)
        if not as_json:
            click.echo("\n".join(map(one_line, words)))
        if only_plan:
            if as_json:
                echo_json({**plan_as_json(plan), "words": words})
            return 0
        if purges:
            what = f"Archive, then delete the online copies of {going_words(plan.forecast)} in {opened.store.place}"
            confirm(f"{what}, each after {target.archive.name} gave it back?", yes=yes or as_json)
        report = bench.work(
            "archive",
            lambda desk: _asked(desk, places, about, found, target, plan, purges=purges),
            lambda desk: hand_over(desk, at_once=at_once),
            *((purge_queued,) if purges else ()),
        )
        return bench.say(report, plan=plan_as_json(plan))


@dataclass(frozen=True, slots=True)
class _Target:
    """Where packs go."""

    archive: "Archive"
    policy: "Policy"

    def plan(self, shares: "Sequence[PackShare]") -> "ArchivePlan":
        """Return what is handed over."""
        from yester.engine.archive.planning import plan_archive

        return plan_archive(shares, self.archive.guid)

    def wanted(self, share: "PackShare", going: Collection[PackId]) -> Wanted:
        """Return what is asked of the archive for a pack."""
        return Wanted(
            share.pack,
            share.size,
            self.archive.guid,
            self.policy.uuid,
            archive_name=self.archive.name,
            stays=share.pack not in going,
        )


def _fit(plan: "ArchivePlan") -> set[PackId]:
    """Return the packs that a purge may take."""
    return {each.pack for each in (*plan.forecast.purge, *plan.forecast.repack)}


def _asked(
    desk: Desk,
    places: Places,
    about: str,
    found: Sequence[Listed],
    target: _Target,
    plan: "ArchivePlan",
    *,
    purges: bool,
) -> Report:
    """Queue what is not archived yet, and the purge of what is."""
    going, sids = _fit(plan), [sid for sid, _ in found]
    wanted = [target.wanted(share, going) for share in plan.hand_over]
    if wanted:
        desk.jobs.add(new_request(Kind.ARCHIVE, about, places, purges=purges, snapshots=sids), wanted)
    there = [share for share in plan.held if share.pack in going]
    if purges and there:
        copies = [each for share in there for each in share.holdings if each.archive == target.archive.guid]
        once = {each.pack: wanted_of(each) for each in copies}
        desk.jobs.add(new_request(Kind.PURGE, about, places, snapshots=sids), [*once.values()])
    return Report()
