"""yester recall: bring back what lies in archives only."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from yester.engine.archive.asked import Kind
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.recall_plan import RecallPlan, plan_recall
from yester.engine.archive.recalling import await_recall, recall_from_any
from yester.engine.archive.roles import Role
from yester.engine.journal import new_run_id
from yester.engine.places import Places
from yester.tui.cli.archive_desk import Bench, bench_at
from yester.tui.cli.archive_words import recall_as_json, recall_lines
from yester.tui.cli.archiving import (
    check_roles,
    failed_recalls,
    new_request,
    offers_of,
    profile_named,
)
from yester.tui.cli.detaching import detached
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.named import named_snapshot
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json, narrowing
from yester.tui.cli.show import split_place
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import one_line

if TYPE_CHECKING:
    from yester.engine.archive.needing import Needed
    from yester.engine.sealed.records import Snapshot


_WHOLE_ID = re.compile(r"\b[0-9a-f]{64}(?=:|$)")


@click.command("recall", short_help="Bring back what lies in archives only.")
@click.argument("what", metavar="SNAPSHOT[:PATH]")
@click.option("--plan", "only_plan", is_flag=True, help="Say what is needed, from where and at what price; ask nobody.")
@click.option("--wait", "waits", is_flag=True, help="Return when all of it is back.")
@narrowing
@as_json
@access
def command(
    what: str,
    only_plan: bool,
    waits: bool,
    of_profile: str | None,
    of_host: str | None,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Bring back all that SNAPSHOT needs, or the file or folder PATH in it, from the archives that hold it.

    Everything is asked for at once. Without --wait that goes on in the background; with it the command returns when all
    is back, and asks an archive that is not ready again and again. What was asked for stays asked for: broken off, or
    after the machine was switched off, the same command goes on. Exit code 3: some of it could not be brought back.
    """
    places = Places.default()
    asked = _Asked(
        what, (of_profile, of_host), only_plan, waits, as_json, places,
        Access(repository, passphrase_file, passphrase_command, keyring),
    )  # fmt: skip
    if only_plan or waits:
        return asked.carry_out()
    return detached(lambda begun: replace(asked, run=new_run_id(time.time_ns()), begun=begun).carry_out())


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for."""

    what: str
    narrowed: tuple[str | None, str | None]
    only_plan: bool
    waits: bool
    as_json: bool
    places: Places
    access: Access
    run: str = ""
    begun: Callable[[], None] | None = None
    """Where it is to go on in the background."""

    @property
    def about(self) -> str:
        """What is asked for, with a whole id cut short."""
        return _WHOLE_ID.sub(lambda found: found[0][:8], self.what)

    def carry_out(self) -> int:
        """Plan, show the plan, and do it."""
        name, path = split_place(self.what)
        of_profile, of_host = self.narrowed
        first = name if of_profile is None else f"{of_profile}@"
        profile = profile_named([first], self.access.repository, self.places)
        with visited("recall", self.access, self.places, profile) as opened:
            opened.unlock()
            _, snapshot = named_snapshot(opened, name, profile=of_profile, host=of_host)
            if not self.only_plan:
                check_roles([Role.RESTORE], [snapshot.profile], opened.store.place, self.places)
            # An id names no profile, the snapshot does: its archives are set as that says.
            profile = profile_named([snapshot.profile], opened.store.place, self.places)
            with bench_at(opened, self.places, profile, as_json=self.as_json, run=self.run, begun=self.begun) as bench:
                return self._planned(bench, snapshot, path)

    def _planned(self, bench: Bench, snapshot: "Snapshot", path: bytes | None) -> int:
        from yester.engine.archive.needing import packs_of

        needed = packs_of(bench.opened, snapshot, path or b"/")
        offers = offers_of(bench.archives) if needed.offline else {}
        plan = plan_recall(needed.offline, needed.offline, offers, failed_recalls(bench.opened))
        return self._done(bench, plan, needed)

    def _done(self, bench: Bench, plan: RecallPlan, needed: "Needed") -> int:
        online = len(needed.packs) - len(needed.offline)
        words = recall_lines(plan, self.about, online)
        if not self.as_json:
            click.echo("\n".join(map(one_line, words)))
        if self.only_plan or not plan.packs:
            if self.as_json:
                echo_json({**recall_as_json(plan, online), "words": words})
            return 0
        if self.begun is not None:
            self._say_how_to_follow()
        request = new_request(Kind.RECALL, self.about, self.places)

        def step(desk: Desk) -> Report:
            desk.jobs.add(request, plan.wanted())
            offers = offers_of(desk.archives)

            def recall() -> Report:
                return recall_from_any(desk, offers, lambda: new_request(Kind.RECALL, self.about, self.places))

            return await_recall(desk, needed.offline, recall, bench.switchboard.tell)

        report = bench.work("recall", step)
        return bench.say(report, plan=recall_as_json(plan, online))

    def _say_how_to_follow(self) -> None:
        if self.as_json:
            echo_json({"run": self.run})
            return
        click.echo(f"it is asked for; to follow it: yester log {self.run[-4:]} --follow")
