"""Archives, what is handed over to them, and what comes back; pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from yester.engine.events import Shown
from yester.tui.serve.methods.kinds import Change, Method, run_of
from yester.tui.serve.methods.params import OneSnapshot, Params, Where
from yester.tui.serve.methods.words import on_repository, repository_option, text_of


class Archiving(Where, frozen=True, kw_only=True):
    """Snapshots that an archive is to have, or whose online copies are to go."""

    names: tuple[str, ...] = ()
    """Profiles and snapshots; none: all that are old enough or tagged."""
    older_than: str = ""
    """A span, such as `1y`."""
    tag: str = ""


class HandOver(Archiving, frozen=True, kw_only=True):
    """Snapshots that an archive is to have."""

    archive: str = ""
    """Its name or guid."""
    policy: str = ""
    purge: bool = False
    """Their online copies are to go then."""


class Recall(OneSnapshot, frozen=True, kw_only=True):
    """What is to come back from archives."""

    path: Shown = Shown("")
    """Empty: all of the snapshot."""


class ArchiveRequest(Where, frozen=True, kw_only=True):
    """A request to archives, by its id."""

    request: str


def archives(*words: str) -> Callable[[Where], list[str]]:
    """Return what makes `yester archive status` and its like."""
    return lambda asked: ["archive", *words, "--json", *repository_option(asked)]


def archive_policies(asked: Params) -> list[str]:
    """Return `yester archive policies`."""
    return ["archive", "policies", "--json"]


def archive_jobs(asked: ArchiveRequest) -> list[str]:
    """Return `yester archive jobs ID`."""
    return ["archive", "jobs", "--json", *repository_option(asked), "--", asked.request]


def on_request(verb: str, *flags: str) -> Callable[[ArchiveRequest], list[str]]:
    """Return what makes `yester archive retry ID` and its like."""
    return lambda asked: ["archive", verb, *flags, *repository_option(asked), "--", asked.request]


def hand_over(*flags: str) -> Callable[[HandOver], list[str]]:
    """Return what makes `yester archive put …`, with such flags besides."""

    def words(asked: HandOver) -> list[str]:
        target = [f"--to={asked.archive}"] if asked.archive else []
        target += [f"--policy={asked.policy}"] if asked.policy else []
        purge = ["--purge"] if asked.purge else []
        return [
            "archive",
            "put",
            *_meant(asked),
            *target,
            *purge,
            *flags,
            *repository_option(asked),
            "--",
            *asked.names,
        ]

    return words


def purge(*flags: str) -> Callable[[Archiving], list[str]]:
    """Return what makes `yester archive purge …`, with such flags besides."""
    return lambda asked: ["archive", "purge", *_meant(asked), *flags, *repository_option(asked), "--", *asked.names]


def recall(*flags: str) -> Callable[[Recall], list[str]]:
    """Return what makes `yester recall SNAPSHOT:PATH`, with such flags besides."""

    def words(asked: Recall) -> list[str]:
        what = f"{asked.snapshot}:{text_of(asked.path)}" if asked.path.raw else asked.snapshot
        return ["recall", *flags, *repository_option(asked), "--", what]

    return words


def _meant(asked: Archiving) -> list[str]:
    return [
        *([f"--older-than={asked.older_than}"] if asked.older_than else []),
        *([f"--tag={asked.tag}"] if asked.tag else []),
    ]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "archives.status": Change(
            Where,
            archives("status"),
            "what each archive holds, how much of it is offline, and whether it was ready when",
            needs_repository=True,
        ),
        "archives.policies": Change(Params, archive_policies, "each storage policy"),
        "archives.requests": Change(
            Where, archives("jobs"), "what was asked of archives, newest first", needs_repository=True
        ),
        "archives.jobs": Change(
            ArchiveRequest,
            archive_jobs,
            "each pack of a request, with what its archive said",
            needs_repository=True,
        ),
        "archives.foresee": Change(
            HandOver, hand_over("--plan", "--json"), "the plan, and its `words`", needs_repository=True
        ),
        "archives.put": run_of(HandOver, hand_over("--yes")),
        "archives.foresee_purge": Change(
            Archiving, purge("--plan", "--json"), "the plan, and its `words`", needs_repository=True
        ),
        "archives.purge": run_of(Archiving, purge("--yes")),
        "archives.foresee_recall": Change(
            Recall, recall("--plan", "--json"), "the plan, and its `words`", needs_repository=True
        ),
        "archives.recall": run_of(Recall, recall("--wait")),
        "archives.go_on": run_of(Where, on_repository("archive", "run")),
        "archives.retry": run_of(ArchiveRequest, on_request("retry")),
        "archives.cancel": Change(ArchiveRequest, on_request("cancel"), "nothing", needs_repository=True),
    }
)
