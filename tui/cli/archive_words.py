"""Archives, their jobs and plans in words, and as `--json` shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yester.engine.archive.asked import Job, Kind, State, Summary
from yester.engine.archive.calling import Report
from yester.engine.archive.port import Archive, Constraints, Policy, Readiness
from yester.engine.archive.recall_plan import RecallPlan, Share
from yester.tui.cli.wording import age, count, duration, moment, size

if TYPE_CHECKING:
    from yester.engine.archive.planning import ArchivePlan, PackShare, PurgePlan

_DID: Mapping[Kind, str] = {
    Kind.ARCHIVE: "archived",
    Kind.PURGE: "purged",
    Kind.RECALL: "brought back",
    Kind.DELETE: "deleted in their archive",
}
_UNDONE: Mapping[Kind, str] = {
    Kind.ARCHIVE: "not archived",
    Kind.PURGE: "not purged",
    Kind.RECALL: "not brought back",
    Kind.DELETE: "not deleted",
}
_SECOND_NS = 10**9
SHOWN_VOLUMES, SHOWN_PACKS = 12, 3


def report_lines(report: Report) -> list[str]:
    """Return what came of the work, a line for each kind of it."""
    lines = [
        f"{count(len(done), 'pack')} {_DID[kind]}, {size(sum(job.wanted.size for job in done))}"
        for kind in Kind
        if (done := [job for job in report.done if job.kind is kind])
    ]
    return lines or ["nothing was done"]


def complaints(report: Report) -> list[str]:
    """Return what was not done and why, each reason once, and what archives said."""
    failed: dict[tuple[Kind, str, str], list[Job]] = {}
    for job, words in report.failed:
        failed.setdefault((job.kind, job.wanted.archive_name, words), []).append(job)
    return [
        *(
            f"{count(len(jobs), 'pack')} {_UNDONE[kind]} ({archive or 'archive'}): {words} ({_names(jobs)})"
            for (kind, archive, words), jobs in failed.items()
        ),
        *_waiting(report, usual=False),
        *report.said,
    ]


def remarks(report: Report) -> list[str]:
    """Return what waits as it should, in words."""
    return _waiting(report, usual=True)


def _waiting(report: Report, *, usual: bool) -> list[str]:
    numbers: dict[str, int] = {}
    for each in report.waiting:
        if each.is_usual == usual:
            numbers[each.words] = numbers.get(each.words, 0) + len(each.jobs)
    return [f"{count(number, 'pack waits', 'packs wait')}: {words}" for words, number in numbers.items()]


def _names(jobs: Sequence[Job]) -> str:
    more = ", …" if len(jobs) > SHOWN_PACKS else ""
    return ", ".join(job.wanted.name[:13] for job in jobs[:SHOWN_PACKS]) + more


def report_as_json(report: Report) -> dict[str, object]:
    """Return what came of the work."""
    return {
        "done": [job_as_json(job) for job in report.done],
        "failed": [{**job_as_json(job), "words": words} for job, words in report.failed],
        "waiting": [
            {"archive": each.archive, "words": each.words, "packs": [job.wanted.name for job in each.jobs]}
            for each in report.waiting
        ],
        "said": report.said,
    }


# Plans


def plan_lines(plan: "ArchivePlan", snapshots: int, archive: str, policy: Policy, *, purges: bool) -> list[str]:
    """Return what is to be handed over, and what could go or goes then."""
    packs = [*plan.hand_over, *plan.held, *plan.offline, *plan.elsewhere]
    lines = [f"{count(snapshots, 'snapshot')} {'needs' if snapshots == 1 else 'need'} {_packs(packs)}"]
    for shares, words in (
        (plan.hand_over, f"to hand over to {archive} ({policy.name})"),
        (plan.held, f"{archive} has already"),
        (plan.offline, f"{archive} has, and are offline"),
        (plan.elsewhere, "offline in another archive: to be recalled first"),
    ):
        lines += [f"  {_packs(shares)} {words}"] if shares else []
    when, costs = when_words(policy) if policy.is_bulk else "", costs_words(policy.costs)
    lines += [f"  {policy.name}: {'; '.join(filter(None, (when, costs)))}"] if when or costs else []
    return [*lines, *purge_lines(plan.forecast, GOES_THEN if purges else COULD_GO)]


GOES, GOES_THEN, COULD_GO = ("goes", "go"), ("goes then", "go then"), ("could go then", "could go then")
"""Of one pack, of several."""


def purge_lines(plan: "PurgePlan", verb: tuple[str, str]) -> list[str]:
    """Return what goes from the repository, and what stays."""
    return [
        f"  {_packs(shares)} {words[len(shares) != 1]}: {why}"
        for shares, words, why in (
            (plan.purge, verb, "no other snapshot needs them"),
            (plan.repack, verb, f"{size(plan.moved_size)} that others need is copied first"),
            (plan.mixed, ("stays online", "stay online"), "others need too much of them"),
        )
        if shares
    ]


def going_words(plan: "PurgePlan") -> str:
    """Return how many packs go, and how much that is: `3 packs of 48 MB`."""
    return _packs([*plan.purge, *plan.repack])


def _packs(shares: "Sequence[PackShare]") -> str:
    return f"{count(len(shares), 'pack')} of {size(sum(each.size for each in shares))}"


def plan_as_json(plan: "ArchivePlan") -> dict[str, object]:
    """Return what is to be handed over as `--json` shows it."""
    return {
        "hand_over": _shares(plan.hand_over),
        "held": _shares(plan.held),
        "offline": _shares(plan.offline),
        "elsewhere": _shares(plan.elsewhere),
        "size": plan.size,
        "purge": purge_as_json(plan.forecast),
    }


def purge_as_json(plan: "PurgePlan") -> dict[str, object]:
    """Return what goes as `--json` shows it."""
    return {
        "purge": _shares(plan.purge),
        "repack": _shares(plan.repack),
        "mixed": _shares(plan.mixed),
        "moved_size": plan.moved_size,
        "freed_size": plan.freed_size,
    }


def _shares(shares: "Sequence[PackShare]") -> list[dict[str, object]]:
    return [
        {
            "pack": each.name,
            "size": each.size,
            "cold_size": each.cold_size,
            "hot_size": each.hot_size,
            "archives": [holding.archive for holding in each.holdings],
        }
        for each in shares
    ]


# Jobs

JOBS_HEADER = ("ID", "ASKED", "WHAT", "PACKS", "SIZE", "ARCHIVE", "STATE", "ABOUT")
PACKS_HEADER = ("PACK", "SIZE", "ARCHIVE", "STATE", "WORDS")


def summary_row(summary: Summary) -> tuple[str, ...]:
    """Return a request as a row."""
    request = summary.request
    what = "archive, purge" if request.is_purging else str(request.kind)
    packs = f"{sum(summary.states.values()):,}"
    states = ", ".join(f"{number:,} {state}" for state in State if (number := summary.states.get(state, 0)))
    archives = ", ".join(summary.archives)
    return (request.id, moment(request.asked_ns), what, packs, size(summary.size), archives, states, request.about)


def job_row(job: Job) -> tuple[str, ...]:
    """Return a job as a row."""
    wanted = job.wanted
    return wanted.name[:21], size(wanted.size), wanted.archive_name or wanted.archive, str(job.state), job.words


def summary_as_json(summary: Summary) -> dict[str, object]:
    """Return a request as `--json` shows it."""
    request = summary.request
    return {
        "id": request.id,
        "kind": str(request.kind),
        "purge": request.is_purging,
        "asked_ns": request.asked_ns,
        "user": request.user,
        "about": request.about,
        "open": summary.open,
        "states": {str(state): number for state, number in summary.states.items()},
        "size": summary.size,
        "archives": summary.archives,
        "words": summary.words,
    }


def job_as_json(job: Job) -> dict[str, object]:
    """Return a job as `--json` shows it."""
    wanted = job.wanted
    return {
        "request": job.request,
        "kind": str(job.kind),
        "state": str(job.state),
        "pack": wanted.name,
        "size": wanted.size,
        "archive": wanted.archive,
        "archive_name": wanted.archive_name,
        "policy": wanted.policy,
        "words": job.words,
        "queued_ns": job.queued_ns,
        "changed_ns": job.changed_ns,
    }


# Archives and policies


def readiness_words(found: Readiness, now_ns: int) -> str:
    """Return whether an archive is ready, and how old that is."""
    since = now_ns - found.asked_ns
    asked = "" if since < 2 * _SECOND_NS else f", asked {age(since)} ago"
    said = f": {found.words}" if found.words else ""
    return f"{'ready' if found.is_ready else 'not ready'}{asked}{said}"


def when_words(policy: Policy) -> str:
    """Return when a policy hands over what it is given."""
    if not policy.is_bulk:
        return "at once"
    words = constraint_words(policy.constraints)
    return f"gathers until {words}" if words else "at once, all together"


def constraint_words(constraints: Constraints) -> str:
    """Return what lets go of what a policy has gathered; empty when nothing is named."""
    parts = (
        "" if constraints.count is None else f"{constraints.count:,} packs",
        "" if constraints.size is None else size(constraints.size),
        "" if constraints.interval_s is None else duration(int(constraints.interval_s * _SECOND_NS)),
        "" if constraints.time_of_day is None else constraints.time_of_day,
    )
    return " or ".join(part for part in parts if part)


def costs_words(costs: Mapping[str, float]) -> str:
    """Return what a policy says of waiting and prices."""
    known = {
        "restore_wait_s": lambda value: f"{duration(int(value * _SECOND_NS))} to wait",
        "restore_per_gb": lambda value: f"{value:g} a GB to restore",
        "minimum_days": lambda value: f"{value:g} days are paid for at least",
    }
    return ", ".join(known[name](value) if name in known else f"{name} {value:g}" for name, value in costs.items())


def policy_as_json(archive: Archive, policy: Policy) -> dict[str, object]:
    """Return a policy as `--json` shows it."""
    return {
        "archive": archive.guid,
        "archive_name": archive.name,
        "policy": policy.uuid,
        "name": policy.name,
        "bulk": policy.is_bulk,
        "constraints": asdict(policy.constraints),
        "costs": dict(policy.costs),
        "trusts_archive": policy.trusts_archive,
    }


# Recalls


def recall_lines(plan: RecallPlan, about: str, online: int) -> list[str]:
    """Return what a recall takes; `online` packs are needed and there."""
    lines = [f"{about} needs {count(online + plan.packs, 'pack')}"]
    if not plan.packs:
        return [f"{lines[0]}: all of it is online"]
    lines += [f"  {online:,} online"] if online else []
    for share in plan.shares:
        lines += _share_lines(share)
    return lines


def _share_lines(share: Share) -> list[str]:
    parts = [
        f"  {len(share.holdings):,} from {share.archive_name}, {size(share.size)}",
        "" if share.wait_s is None else f"{duration(int(share.wait_s * _SECOND_NS))} to wait",
        "" if share.price is None else f"costs {share.price:.2f}",
        "" if share.policy is not None else "which is not there now",
    ]
    lines = [", ".join(part for part in parts if part)]
    if share.volumes:
        more = ", …" if len(share.volumes) > SHOWN_VOLUMES else ""
        lines.append(f"    on {', '.join(share.volumes[:SHOWN_VOLUMES])}{more}")
    return lines


def recall_as_json(plan: RecallPlan, online: int) -> dict[str, Any]:
    """Return what a recall takes as `--json` shows it."""
    return {
        "online_packs": online,
        "offline_packs": plan.packs,
        "offline_size": plan.size,
        "archives": [_share_as_json(share) for share in plan.shares],
    }


def _share_as_json(share: Share) -> dict[str, Any]:
    return {
        "archive": share.place[0],
        "archive_name": share.archive_name,
        "policy": share.place[1],
        "packs": [bytes(holding.pack).hex() for holding in share.holdings],
        "size": share.size,
        "volumes": share.volumes,
        "wait_s": share.wait_s,
        "price": share.price,
        "is_there": share.policy is not None,
    }
