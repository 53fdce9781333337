"""yester archive jobs, policies and status: what archives are asked for, what they offer and what they hold."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from yester.engine.archive.asked import Job, Kind, State, Summary
from yester.engine.archive.due import next_moment
from yester.engine.archive.handing_over import gathered
from yester.engine.archive.holdings import Holding, Stock
from yester.engine.archive.jobs import Jobs
from yester.engine.archive.port import Archive, Policy, Readiness
from yester.engine.capture.standing import listed
from yester.engine.errors import UsageError
from yester.engine.ids import PackId
from yester.engine.places import Places
from yester.tui.cli.archive_desk import is_at_work
from yester.tui.cli.archive_words import (
    JOBS_HEADER,
    PACKS_HEADER,
    constraint_words,
    costs_words,
    job_as_json,
    job_row,
    policy_as_json,
    readiness_words,
    summary_as_json,
    summary_row,
    when_words,
)
from yester.tui.cli.archiving import archives_of, policies_of, profile_named
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.visiting import Screen, visited
from yester.tui.cli.wording import count, one_line, size, table

if TYPE_CHECKING:
    from yester.engine.archive.port import Archives

_SHOWN = 20
BROKEN_OFF = ("broken off; to go on: yester archive run",)
POLICIES_HEADER = ("ARCHIVE", "POLICY", "ID", "HANDS OVER", "COSTS", "NOW")
STATUS_HEADER = ("ARCHIVE", "NOW", "HOLDS", "OFFLINE", "QUEUED")


@click.command("jobs", short_help="List what archives were asked for, and how far that is.")
@click.argument("request", metavar="[ID]", default="")
@click.option("--all", "everything", is_flag=True, help=f"All that are remembered, not the newest {_SHOWN}.")
@as_json
@access
def jobs(
    request: str,
    everything: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """List what this machine asked archives for, newest first; with an ID the packs of one request, each with what its
    archive said.
    """
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with visited("archive", asked, places) as opened, Jobs(opened.state) as found:
        summaries = found.summaries()
        packs = found.jobs_of(request_meant(request, summaries)) if request else []
        at_work = {kind for kind in Kind if is_at_work(opened, kind)}
    shown = summaries if everything else summaries[:_SHOWN]
    if as_json:
        echo_json([*map(job_as_json, packs)] if request else [*map(summary_as_json, shown)])
    elif request:
        click.echo("\n".join(table([PACKS_HEADER, *map(job_row, packs)], right=(1,))))
    elif not shown:
        click.echo("no archive was asked for anything")
    else:
        _print_summaries(shown, len(summaries) - len(shown), at_work)


def request_meant(said: str, summaries: Sequence[Summary]) -> str:
    """Return the id that is meant by its beginning. UsageError."""
    meant = [each.request.id for each in summaries if each.request.id.startswith(said)]
    if len(meant) != 1:
        what = f"{len(meant)} requests are meant by {said}" if meant else f"There is no request {said}"
        raise UsageError(what, hint="See yester archive jobs.")
    return meant[0]


def _print_summaries(shown: Sequence[Summary], earlier: int, at_work: Collection[Kind]) -> None:
    head, *lines = table([JOBS_HEADER, *map(summary_row, shown)], right=(3, 4))
    click.echo(head)
    for summary, line in zip(shown, lines, strict=True):
        click.echo(line)
        is_broken_off = {State.RUNNING, State.RESTORING} & summary.states.keys() and summary.request.kind not in at_work
        for words in (*(BROKEN_OFF if is_broken_off else ()), *summary.words):
            click.echo(f"  {one_line(words)}")
    if earlier:
        click.echo(f"{earlier:,} earlier ones: yester archive jobs --all")


@click.command("policies", short_help="List archives and their storage policies.")
@as_json
def policies(as_json: bool) -> None:
    """List the archives of this machine and their storage policies: when they hand over what they are given, what
    bringing it back costs, and whether they are ready.
    """
    places = Places.default()
    with archives_of(places, Screen(places)) as archives:
        found = [(archive, policy) for archive in archives.all().values() for policy in policies_of(archive)]
        now = {archive.guid: archives.readiness(archive) for archive, _ in found}
    if as_json:
        echo_json(
            [
                {
                    **policy_as_json(archive, policy),
                    "ready": now[archive.guid].is_ready,
                    "ready_asked_ns": now[archive.guid].asked_ns,
                }
                for archive, policy in found
            ]
        )
        return
    if not found:
        click.echo("no archives: they are plugins, see docs/archives.md")
        return
    rows = [
        (
            archive.name,
            policy.name,
            policy.uuid,
            when_words(policy),
            costs_words(policy.costs) or "-",
            readiness_words(now[archive.guid], time.time_ns()),
        )
        for archive, policy in found
    ]
    click.echo("\n".join(table([POLICIES_HEADER, *rows])))


@click.command("status", short_help="Say what archives hold.")
@as_json
@access
def status(as_json: bool, repository: str | None, passphrase_file: str, passphrase_command: str, keyring: bool) -> None:
    """Say of each archive what it holds of this repository, how much of that is offline, what is queued for it, and
    whether it is ready. What an archive holds is known even where its plugin is not installed.
    """
    places = Places.default()
    profile = profile_named((), repository, places)
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with visited("archive", asked, places, profile) as opened:
        opened.unlock()
        there = listed(opened).packs
        stock = opened.index.look_for_archived()
        with Jobs(opened.state) as found:
            queued = found.open_jobs()
    with archives_of(places, Screen(places), profile) as archives:
        stands = {archive.guid: Stand.of(archives, archive, queued) for archive in archives.all().values()}
    for guid, name in _known(stock, queued).items():
        stands.setdefault(guid, Stand(guid, name, None, queued=tuple(_of(guid, queued))))
    held = {guid: [each for each in _all_held(stock) if each.archive == guid] for guid in stands}
    if as_json:
        echo_json([stand.as_json(held[guid], there) for guid, stand in stands.items()])
    elif not stands:
        click.echo("no archives: they are plugins, see docs/archives.md")
    else:
        click.echo("\n".join(table([STATUS_HEADER, *(stand.row(held[guid], there) for guid, stand in stands.items())])))
        for stand in stands.values():
            for line in stand.gathering:
                click.echo(f"  {one_line(line)}")
    for name, what in stock.damaged.items():
        complain(f"{name} is damaged: {what}", "Run `yester check`.")


def _all_held(stock: Stock) -> list[Holding]:
    return [holding for holdings in stock.held.values() for holding in holdings]


def _known(stock: Stock, queued: Sequence[Job]) -> dict[str, str]:
    """Return the archives that are spoken of, by guid, with what people call them."""
    known = {job.wanted.archive: job.wanted.archive_name for job in queued}
    return known | {each.archive: each.archive_name or each.archive for each in _all_held(stock)}


def _of(guid: str, queued: Sequence[Job]) -> list[Job]:
    return [job for job in queued if job.wanted.archive == guid]


@dataclass(frozen=True, slots=True)
class Stand:
    """How an archive stands."""

    guid: str
    name: str
    ready: Readiness | None
    """None when no plugin here is this archive."""
    gathering: tuple[str, ...] = ()
    """In words, what its bulk policies gather, and when that goes."""
    queued: tuple[Job, ...] = ()

    @classmethod
    def of(cls, archives: "Archives", archive: Archive, queued: Sequence[Job]) -> "Stand":
        """Ask an archive how it stands."""
        mine = _of(archive.guid, queued)
        gathering = []
        for policy in policies_of(archive):
            waiting = [job for job in mine if job.kind is Kind.ARCHIVE and job.wanted.policy == policy.uuid]
            if policy.is_bulk and waiting:
                gathering.append(gathering_words(policy, waiting))
        return cls(archive.guid, archive.name, archives.readiness(archive), tuple(gathering), tuple(mine))

    def row(self, held: Sequence[Holding], there: Collection[PackId]) -> tuple[str, ...]:
        """Return it as a row."""
        held, offline = _once(held), [each for each in _once(held) if each.pack not in there]
        ready = "no plugin here" if self.ready is None else readiness_words(self.ready, time.time_ns())
        holds = f"{count(len(held), 'pack')}, {size(sum(each.size for each in held))}" if held else "nothing"
        away = f"{len(offline):,}, {size(sum(each.size for each in offline))}" if offline else "-"
        return self.name, ready, holds, away, f"{len(self.queued):,}" if self.queued else "-"

    def as_json(self, held: Sequence[Holding], there: Collection[PackId]) -> dict[str, object]:
        """Return it as `--json` shows it."""
        packs, offline = _once(held), [each for each in _once(held) if each.pack not in there]
        return {
            "archive": self.guid,
            "name": self.name,
            "is_there": self.ready is not None,
            "ready": self.ready is not None and self.ready.is_ready,
            "ready_asked_ns": None if self.ready is None else self.ready.asked_ns,
            "words": "" if self.ready is None else self.ready.words,
            "gathering": self.gathering,
            "packs": len(packs),
            "size": sum(each.size for each in packs),
            "verified_packs": len(_once([each for each in held if each.verified_ns])),
            "offline_packs": len(offline),
            "offline_size": sum(each.size for each in offline),
            "volumes": sorted({volume for each in held for volume in each.volumes}),
            "queued": len(self.queued),
        }


def _once(held: Sequence[Holding]) -> list[Holding]:
    """Return one holding of each pack: an archive may have several copies of it."""
    return [*{each.pack: each for each in held}.values()]


def gathering_words(policy: Policy, waiting: Sequence[Job]) -> str:
    """Return what a bulk policy gathers, and when that is handed over."""
    found = gathered(waiting)
    moment = next_moment(found, policy.constraints)
    latest = f", at the latest {moment:%Y-%m-%d %H:%M}" if moment is not None else ""
    until = constraint_words(policy.constraints) or "the next run"
    return f"{policy.name} gathers {count(found.count, 'pack')}, {size(found.size)}, until {until}{latest}"
