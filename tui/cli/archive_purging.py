"""yester archive purge: delete online copies of what an archive holds."""

from datetime import datetime

import click

from yester.engine.archive.asked import Kind
from yester.engine.archive.bringing_back import purge as purge_queued
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.choosing import choose, described
from yester.engine.archive.recall_plan import plan_recall
from yester.engine.archive.roles import Role
from yester.engine.profiles.sizes import Span
from yester.tui.cli.archive_desk import bench_of
from yester.tui.cli.archive_putting import older_than, tagged
from yester.tui.cli.archive_words import GOES, going_words, purge_as_json, purge_lines
from yester.tui.cli.archiving import (
    check_roles,
    new_request,
    offers_of,
    shares_of,
)
from yester.tui.cli.asking import confirm
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.wording import one_line


@click.command("purge", short_help="Delete online copies of what an archive holds.")
@click.argument("names", metavar="[PROFILE|SNAPSHOT]...", nargs=-1)
@older_than
@tagged
@click.option("--plan", "only_plan", is_flag=True, help="Say what would go, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@access
def purge(
    names: tuple[str, ...],
    older_than: Span | None,
    tag: str | None,
    only_plan: bool,
    yes: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Delete the online copies of packs that an archive holds and no other snapshot needs.

    Each is read back from its archive first and compared; where that costs money, and the plugin's option
    trusts_archive says so, the archive looks itself. A right of its own: [archive.roles] of the profile says who may.
    Exit code 3: some packs stay, since their archive could not give them back.
    """
    from yester.engine.archive.planning import plan_archive

    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with bench_of(names, asked, as_json=as_json) as bench:
        opened, places = bench.opened, bench.places
        found = choose(names, opened.snapshots(), opened.labels(), datetime.now(), older_than=older_than, tag=tag)
        sids = [sid for sid, _ in found]
        if not only_plan:
            check_roles([Role.PURGE], [snapshot.profile for _, snapshot in found], opened.store.place, places)
        held = [share for share in shares_of(opened, sids) if share.holdings]
        plan = plan_archive(held).forecast
        going = {share.pack: share.holdings for share in (*plan.purge, *plan.repack)}
        words = purge_lines(plan, GOES) or ["nothing to purge: see yester archive status"]
        if not as_json:
            click.echo("\n".join(map(one_line, words)))
        if only_plan or not going:
            if as_json:
                echo_json({**purge_as_json(plan), "words": words})
            return 0
        what = f"Delete the online copies of {going_words(plan)} in {opened.store.place}"
        confirm(f"{what}, each after its archive gave it back?", yes=yes or as_json)
        request = new_request(Kind.PURGE, described(names, older_than, tag), places, snapshots=sids)

        def queue(desk: Desk) -> Report:
            desk.jobs.add(request, plan_recall(going, going, offers_of(desk.archives)).wanted())
            return Report()

        return bench.say(bench.work("archive", queue, purge_queued), plan=purge_as_json(plan))
