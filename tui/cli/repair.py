"""yester repair: make do without what damage took."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from yester.engine.errors import CancelledError, DamageError, UsageError
from yester.engine.events import shown
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import digest_of
from yester.tui.cli.asking import confirm
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.options import access, as_json, read_data
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, moment, one_line, printable, size

if TYPE_CHECKING:
    from yester.engine.check.examination import Examination, Hurt
    from yester.engine.repair.finding import LostTree
    from yester.engine.repair.plan import RepairPlan
    from yester.engine.repair.repairing import RepairReport

_SHOWN = 20
"""Lost paths that are named for each snapshot; `yester check` names all."""


@click.command("repair", short_help="Make do without what damage took.")
@read_data
@click.option("--find-lost", is_flag=True, help="Look in the packs for snapshots whose record is gone or damaged.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@access
def command(
    percent: int,
    find_lost: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Make do without what damage took, so that all else can be trusted.

    The index is brought to name what is there; what is whole in damaged packs is stored anew; snapshots that lost
    files are replaced by ones that mark those as unreadable, with their times, names, tags and pins. Files that are
    still in the source are stored again by the next run. First put back what you can from another copy of the
    repository: what this command gives up, it gives up for good. What is left of a damaged file can be read from a
    mount before, not after.

    --find-lost also finds snapshots that were forgotten and not pruned yet.

    Exit code 5: something was lost.
    """
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    places = Places.default()
    work = Work("repair", repository=repository_place(repository, None, places), dry_run=dry_run)
    with recorded(places, work, quiet=as_json) as run:
        with run.opened(lambda: open_repository(asked, places, afresh=True)) as opened:
            opened.unlock()
            repair = _Repair(opened, run, percent, dry_run, yes or as_json, as_json)
            found = repair.recover_lost(_sources(opened, places)) if find_lost else []
            outcome = repair.go()
            if find_lost and not dry_run:
                _give_up(opened, outcome.plan)
        is_unread = bool(outcome.plan.snapshots) and not find_lost
        plan = outcome.plan
        is_lost = any(outcome.lost.values()) or bool(plan.hopeless or plan.beyond or plan.waiting)
        code = DamageError.exit_code if is_lost or is_unread else 0
        run.ends("errors" if code else "complete", code)
    if as_json:
        echo_json(_as_json(outcome, found))
    return code


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of it; `done` is None after a dry run, and when there was nothing to do."""

    plan: "RepairPlan"
    lost: dict[SnapshotId, dict[bytes, bool]]
    done: "RepairReport | None"


class _Repair:
    """The command's steps, each under supervision of signals."""

    def __init__(self, opened: Repository, run: Recorded, percent: int, dry_run: bool, yes: bool, quiet: bool) -> None:
        self._opened = opened
        self._run = run
        self._percent = percent
        self._dry_run = dry_run
        self._yes = yes
        self._quiet = quiet

    def recover_lost(self, sources: Sequence[bytes]) -> list["LostTree"]:
        """Find snapshots whose record is gone, and commit them again."""
        from yester.engine.repair.finding import at_work, find_lost, recover
        from yester.engine.repair.naming import mend_index

        def work(cancelled: Callable[[], bool]) -> list["LostTree"]:
            def step() -> None:
                if cancelled():
                    raise CancelledError("The search was cancelled")

            if not self._dry_run:
                mend_index(self._opened)
            return find_lost(self._opened, sources, step)

        with nullcontext() if self._dry_run else at_work(self._opened):
            found = self._run.supervise(work)
            self._say([_found_in_words(lost) for lost in found] or ["no lost snapshot was found"])
            if found and not self._dry_run:
                confirm(f"Recover {count(len(found), 'snapshot')}?", yes=self._yes)
                for lost in found:
                    recover(self._opened, lost)
        return found

    def go(self) -> _Outcome:
        """Examine the repository, show what is to be done, and do it."""
        from yester.engine.check.checking import scratch
        from yester.engine.repair.plan import plan_repair
        from yester.engine.repair.repairing import carry_out, lost_paths

        with scratch(self._opened.cache) as folder:
            examination = self._examined(Path(folder))
            plan = plan_repair(examination)
            lost = {hurt.sid: lost_paths(hurt, examination.trees) for hurt in plan.hurt}
            self._say(_plan_in_words(plan, lost))
            if self._dry_run or not plan:
                return _Outcome(plan, lost, None)
            confirm("Go on?", yes=self._yes)
            done = self._run.supervise(
                lambda cancelled: carry_out(self._opened, examination, plan, cancelled=cancelled)
            )
        self._say(_done_in_words(done))
        return _Outcome(plan, lost, done)

    def _examined(self, folder: Path) -> "Examination":
        from yester.engine.repair.repairing import examine

        def work(cancelled: Callable[[], bool]) -> "Examination":
            return examine(
                self._opened,
                folder,
                read_data_percent=self._percent,
                progress=self._run.watch,
                cancelled=cancelled,
                dry_run=self._dry_run,
            )

        return self._run.supervise(work)

    def _say(self, lines: Sequence[str]) -> None:
        if not self._quiet:
            click.echo("\n".join(lines))


def _sources(opened: Repository, places: Places) -> list[bytes]:
    """Return what any profile takes, by the snapshots that are left and by this machine's own profiles."""
    sources = {source for _, snapshot in opened.snapshots() for source in snapshot.sources}
    folder = places.config / "profiles"
    for name in profile_names(folder):
        with suppress(UsageError):
            sources.update(load_profile(folder, name).sources)
    return sorted(sources - {b"/"})


def _give_up(opened: Repository, plan: "RepairPlan") -> None:
    """Forget snapshots of which the record is damaged: what was left of them was found, or is not there."""
    for name in plan.snapshots:
        opened.forget_snapshot(SnapshotId(digest_of(name)), "its record was damaged")


def _plan_in_words(plan: "RepairPlan", lost: dict[SnapshotId, dict[bytes, bool]]) -> list[str]:
    lines = [f"store anew what is whole in {verdict.entry.name}: {verdict.what}" for verdict in plan.packs]
    if plan.held:
        lines.append(f"of the damaged packs an archive holds {len(plan.held)}: yester recall brings them back whole")
    if plan.gone:
        lines.append(
            f"name {count(len(plan.gone), 'pack')} no longer that {'is' if len(plan.gone) == 1 else 'are'} gone"
        )
    for hurt in plan.hurt:
        lines += _hurt_in_words(hurt, lost[hurt.sid])
    lines += [f"forget snapshot {_named(hurt)}: nothing of it can be read" for hurt in plan.hopeless]
    lines += [f"delete {name}: it is damaged" for name in plan.records]
    lines += [
        f"{name} is damaged: nobody can say where its files were; yester repair --find-lost looks for them"
        for name in plan.snapshots
    ]
    lines += [f"{name} is damaged: put it back from another copy of the repository" for name in plan.beyond]
    lines += [
        f"leave snapshot {_named(hurt)}: what it lacks may be in an archive; yester check says what to recall"
        for hurt in plan.waiting
    ]
    return lines or ["nothing to repair"]


def _hurt_in_words(hurt: "Hurt", lost: dict[bytes, bool]) -> list[str]:
    if not lost:
        return [f"replace snapshot {_named(hurt)}: what is lost is no file, but its links, its report or its profile"]
    paths = sorted(lost)
    lines = [f"replace snapshot {_named(hurt)}, in which {count(len(paths), 'entry is', 'entries are')} damaged:"]
    lines += [f"  {printable(path)}{'/ (names in it are lost)' if lost[path] else ''}" for path in paths[:_SHOWN]]
    if len(paths) > _SHOWN:
        lines.append(f"  and {len(paths) - _SHOWN:,} more; yester check names all")
    return lines


def _named(hurt: "Hurt") -> str:
    return f"{hurt.sid.hex()[:8]} ({one_line(hurt.snapshot.profile)}, {moment(hurt.snapshot.time_ns)})"


def _found_in_words(lost: "LostTree") -> str:
    below = lost.below
    names = ", ".join(map(printable, lost.names))
    return f"found {count(below.files, 'file')}, {size(below.size)}, newest of {moment(below.newest_ns)}, in {names}"


def _done_in_words(done: "RepairReport") -> list[str]:
    return [
        f"repaired: {count(done.salvaged, 'blob')} stored anew, {count(done.packs, 'damaged pack')} deleted, "
        f"{count(len(done.replaced), 'snapshot')} replaced, {count(done.records, 'damaged record')} deleted",
        "the next run stores again what is still in the source; yester prune frees what nobody needs",
    ]


def _as_json(outcome: _Outcome, found: Sequence["LostTree"]) -> dict[str, object]:
    plan, done = outcome.plan, outcome.done
    new = {replaced.old: replaced.new.hex() for replaced in done.replaced} if done else {}
    return {
        "found": [{"tree": lost.tree.hex(), **asdict(lost.below)} for lost in found],
        "packs": [{"name": verdict.entry.name, "what": verdict.what} for verdict in plan.packs],
        "gone": sorted(pack.hex() for pack in plan.gone),
        "snapshots": [
            {
                "snapshot": hurt.sid.hex(),
                "replaced_by": new.get(hurt.sid),
                "lost": [to_builtins(shown(path)) for path in sorted(outcome.lost[hurt.sid])],
            }
            for hurt in plan.hurt
        ],
        "hopeless": [hurt.sid.hex() for hurt in plan.hopeless],
        "records": list(plan.records),
        "damaged_snapshots": [digest_of(name).hex() for name in plan.snapshots],
        "beyond": list(plan.beyond),
        "held": sorted(pack.hex() for pack in plan.held),
        "waiting": [hurt.sid.hex() for hurt in plan.waiting],
        "done": None if done is None else {"salvaged": done.salvaged, "packs": done.packs, "records": done.records},
    }
