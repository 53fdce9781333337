"""yester archive run, retry and cancel: go on with what archives were asked for, or take it back."""

import click

from yester.engine.archive.bringing_back import purge, purge_again, recall
from yester.engine.archive.handing_over import hand_over, let_go
from yester.engine.archive.jobs import Jobs
from yester.engine.places import Places
from yester.tui.cli.archive_desk import bench_of
from yester.tui.cli.archive_looking import request_meant
from yester.tui.cli.archiving import queue_unneeded
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import count

_AT_ONCE = click.option("--now", "at_once", is_flag=True, help="Hand over at once what a policy would still gather.")


@click.command("run", short_help="Go on with what archives were asked for.")
@_AT_ONCE
@as_json
@access
def run(at_once: bool, as_json: bool, repository: str | None, **secrets: object) -> int:
    """Do what is queued and due: hand over, purge, bring back, delete. For a timer, or after a command was broken off.

    What a bulk policy gathers goes when it is due, or with --now. Exit code 3: something failed.
    """
    return _go_on("", repository, secrets, at_once=at_once, as_json=as_json, again=False)


@click.command("retry", short_help="Ask again for what failed.")
@click.argument("request", metavar="[ID]", default="")
@_AT_ONCE
@as_json
@access
def retry(request: str, at_once: bool, as_json: bool, repository: str | None, **secrets: object) -> int:
    """Ask archives again for what failed, of one request or of all, and go on with what is due."""
    return _go_on(request, repository, secrets, at_once=at_once, as_json=as_json, again=True)


def _go_on(
    request: str, repository: str | None, secrets: dict[str, object], *, at_once: bool, as_json: bool, again: bool
) -> int:
    asked = Access(repository, **secrets)  # type: ignore[arg-type]
    with bench_of((), asked, as_json=as_json) as bench:
        opened = bench.opened
        retried: list[int] = []
        if again:
            with Jobs(opened.state) as jobs:
                retried = jobs.retry(request_meant(request, jobs.summaries()) if request else "")
        # What readers wait for comes first; then what may be there already, before it is copied anew.
        report = bench.work(
            "archive",
            recall,
            *((lambda desk: purge_again(desk, retried),) if retried else ()),
            lambda desk: hand_over(desk, at_once=at_once),
            purge,
            lambda desk: queue_unneeded(desk, opened.store.place, bench.places),
            let_go,
        )
        return bench.say(report)


@click.command("cancel", short_help="Take back what no archive was asked for yet.")
@click.argument("request", metavar="[ID]", default="")
@access
def cancel(request: str, repository: str | None, **secrets: object) -> None:
    """Take back what is queued, of one request or of all. What was to be purged stays archived, and online."""
    places = Places.default()
    asked = Access(repository, **secrets)  # type: ignore[arg-type]
    with visited("archive", asked, places) as opened, Jobs(opened.state) as jobs:
        number = jobs.cancel(request_meant(request, jobs.summaries()) if request else "")
    click.echo(f"{count(number, 'pack')} taken back")
