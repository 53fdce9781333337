"""yester check: look for damage in a repository."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.errors import DamageError
from yester.engine.events import shown
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.options import access, as_json, read_data
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, one_line, printable, size

if TYPE_CHECKING:
    from yester.engine.check.report import CheckReport, Problem


@click.command("check", short_help="Look for damage in a repository.")
@read_data
@as_json
@access
def command(
    percent: int,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Look for damage, and name every file that it hits.

    Every snapshot, folder and index is read. That content is there is checked; whether it is right only with
    --read-data. Exit code 5: there is damage.
    """
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with recorded(places, Work("check", repository=repository_place(repository, None, places)), quiet=as_json) as run:
        with run.opened(lambda: open_repository(asked, places, afresh=True)) as opened:
            report = _check(opened, percent, run)
            warnings = opened.warnings()
        code = DamageError.exit_code if report.problems else 0
        run.ends("errors" if code else "complete", code)
    if as_json:
        echo_json(_as_json(report, warnings))
    else:
        click.echo("\n".join(_summary(report)))
    for problem in report.problems:
        _complain(problem)
    damaged = {problem.what for problem in report.problems}
    for warning in warnings:
        if warning not in damaged:
            complain(warning)
    return code


def _check(opened: Repository, percent: int, run: Recorded) -> "CheckReport":
    # Not before the repository was opened: its key is being derived while this is loaded.
    from yester.engine.check.checking import check

    def work(cancelled: Callable[[], bool]) -> "CheckReport":
        opened.unlock()
        return check(opened, read_data_percent=percent, hooks=run.hooks, progress=run.watch, cancelled=cancelled)

    return run.supervise(work)


def _as_json(report: "CheckReport", warnings: list[str]) -> dict[str, object]:
    problems = [
        {
            "subject": problem.subject,
            "what": problem.what,
            "hits": [{"snapshot": hit.snapshot.hex(), **to_builtins(shown(hit.path))} for hit in problem.hits],
            "hit_count": problem.hit_count,
        }
        for problem in report.problems
    ]
    return {**asdict(report), "problems": problems, "warnings": warnings}


def _summary(report: "CheckReport") -> list[str]:
    looked_at = (
        f"{count(report.snapshots, 'snapshot')}, {count(report.directories, 'folder')}, "
        f"{count(report.files, 'file')}, {count(report.packs, 'pack')} ({size(report.read_size)} of them read)"
    )
    verdict = count(len(report.problems), "problem") if report.problems else "no damage found"
    return [f"checked {looked_at}: {verdict}", *(f"  note: {one_line(note)}" for note in report.notes)]


def _complain(problem: "Problem") -> None:
    """Say what is damaged, and name every file that it hits."""
    hit = f"; it hits {count(problem.hit_count, 'file')}:" if problem.hit_count else ""
    complain(f"{problem.subject}: {problem.what}{hit}")
    for place in problem.hits:
        click.echo(f"  {printable(place.place)}", err=True)
    if problem.hit_count > len(problem.hits):
        click.echo(f"  and {problem.hit_count - len(problem.hits):,} more", err=True)
