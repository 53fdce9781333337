"""Check: whether a repository still holds what was put into it, and which files it costs where it does not."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import time_ns

from yester.engine.check.examination import Examination
from yester.engine.check.report import CheckReport, Hit, Problems
from yester.engine.errors import UsageError
from yester.engine.events import CheckBegin, CheckEnd, Message, path_fields
from yester.engine.hooks import Hooks, tell
from yester.engine.places import unwritable
from yester.engine.progress import Progress
from yester.engine.repository import Repository
from yester.engine.store import assert_all_seen

_SCRATCH = "check-"
_LOOKS = 3
"""How often a repository is checked again when snapshots that seem damaged were forgotten meanwhile."""
_STALE_NS = 24 * 3600 * 10**9


def check(
    repository: Repository,
    *,
    read_data_percent: int = 0,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> CheckReport:
    """Check a repository and return all problems with the files that they hit; damage is never raised.

    `read_data_percent` of the data packs, picked at random, are read whole. RepositoryError: wrong passphrase;
    StoreError: the store fails otherwise than by losing data, or something is damaged while a part of it does not
    answer, which may have it whole; CancelledError when `cancelled` says so.
    """
    if not 0 <= read_data_percent <= 100:
        raise UsageError(f"{read_data_percent} % of the data cannot be read", hint="Give a number from 0 to 100.")
    place, started_ns = repository.store.place, time_ns()
    tell(hooks, CheckBegin(repository=place, read_data_percent=read_data_percent))
    problems = Problems(lambda subject, what, hit: _tell(hooks, subject, what, hit))
    try:
        for look in range(_LOOKS):
            problems = Problems(lambda subject, what, hit: _tell(hooks, subject, what, hit))
            with scratch(repository.cache) as folder:
                examination = Examination(repository, problems, progress, cancelled)
                examination.run(Path(folder), read_data_percent)
            if not problems or look == _LOOKS - 1 or not _is_outdated(examination, repository):
                break
        if problems:
            assert_all_seen(repository.store)
        return _report(examination, problems)
    finally:
        tell(hooks, CheckEnd(repository=place, problems=len(problems), duration_ns=time_ns() - started_ns))


def _is_outdated(examination: Examination, repository: Repository) -> bool:
    """Whether a snapshot was forgotten since it was listed: a prune may have taken what it needed, for good reason."""
    return not {sid for sid, _ in examination.objects.snapshots} <= repository.snapshot_ids()


def scratch(cache: Path) -> "TemporaryDirectory[str]":
    """Make a folder for the index of an examination; it goes at the end of a with block."""
    _sweep(cache)
    try:
        return TemporaryDirectory(prefix=_SCRATCH, dir=cache)
    except OSError as error:
        raise unwritable(cache, error) from None


def _sweep(cache: Path) -> None:
    """Remove what killed checks left a day ago or more."""
    for left in cache.glob(f"{_SCRATCH}*"):
        with suppress(OSError):
            if time_ns() - left.stat().st_mtime_ns > _STALE_NS:
                rmtree(left)


def _tell(hooks: Hooks, subject: str, what: str, hit: Hit | None) -> None:
    path, path_b64 = path_fields(hit.place) if hit else ("", None)
    tell(hooks, Message(path=path, path_b64=path_b64, level="error", text=f"{subject}: {what}"))


def _report(done: Examination, problems: Problems) -> CheckReport:
    counters, packs = done.counters, done.packs
    return CheckReport(
        problems.report(),
        tuple(done.notes),
        len(done.objects.snapshots),
        counters.directories,
        counters.files,
        packs.packs,
        packs.packs_read,
        packs.read_size,
    )
