"""What a run tells its hooks, in the words of engine/events.py."""

import os
import time
from collections.abc import Callable, Sequence

from yester import __version__
from yester.engine.capture.wishes import Wishes
from yester.engine.decisions import Candidate, Decisions
from yester.engine.errors import CancelledError, Exists, YesterError
from yester.engine.events import (
    Error,
    ErrorCode,
    File,
    Level,
    Message,
    Result,
    RunBegin,
    RunEnd,
    Shown,
    SnapshotNew,
    path_fields,
)
from yester.engine.hooks import Hooks, StopRun, tell
from yester.engine.host import host_name
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import Profile
from yester.engine.progress import Counters
from yester.engine.sealed.sealing import ObjectKind, name_of

Decide = Callable[[Sequence[Candidate]], Decisions]

_EXIT_CODES: dict[Result, int] = {"complete": 0, "unchanged": 0, "dry-run": 0, "errors": 3, "cancelled": 130}


class RunTeller:
    """Tells of one run of one profile; counts come from the run's own counters."""

    def __init__(self, hooks: Hooks, profile: Profile, run: str, counters: Counters) -> None:
        self._hooks, self._profile, self._run, self._counters = hooks, profile, run, counters
        self._started = time.monotonic_ns()

    @property
    def wants_files(self) -> bool:
        """Whether anybody wants to hear of single files."""
        return self._hooks.wants_files

    @property
    def decide(self) -> Decide | None:
        """What is asked about each entry before it is taken; None when nobody wants to be."""
        return self._hooks.decide if self._hooks.wants_decisions else None

    def wishes(self, *, is_over: bool = False) -> Wishes:
        """Return what hooks want of the run since they were asked last. StopRun when one wants it to end."""
        wishes = self._hooks.wishes()
        if wishes.abort and not is_over:
            raise StopRun(wishes.abort, hint="To run without plugins: yester plugin disable NAME…")
        return wishes

    def begin(self, place: str, sources: Sequence[bytes], dry_run: bool) -> None:
        """The run begins. StopRun when a hook refuses it."""
        tell(
            self._hooks,
            RunBegin(
                run=self._run,
                profile=self._profile.name,
                profile_id=self._profile.id.hex(),
                repository=place,
                sources=tuple(Shown(*path_fields(source)) for source in sources),
                host=host_name(),
                pid=os.getpid(),
                program=f"yester {__version__}",
                dry_run=dry_run,
            ),
        )

    def end(
        self,
        result: Result,
        snapshot: SnapshotId | None = None,
        added_size: int = 0,
        suspicions: tuple[str, ...] = (),
        snapshots: int | None = None,
    ) -> None:
        """The run ended."""
        counters = self._counters
        tell(
            self._hooks,
            RunEnd(
                run=self._run,
                result=result,
                exit_code=_EXIT_CODES.get(result, 1),
                profile=self._profile.name,
                profile_id=self._profile.id.hex(),
                snapshot=snapshot.hex() if snapshot is not None else "",
                files=counters.files,
                directories=counters.directories,
                size=counters.size,
                new=counters.new,
                changed=counters.changed,
                unchanged=counters.unchanged,
                failed=counters.failed,
                added_size=added_size,
                stored_size=counters.stored_size,
                duration_ns=time.monotonic_ns() - self._started,
                suspicions=suspicions,
                snapshots=snapshots,
            ),
        )

    def failure(self, error: BaseException, time_ns: int) -> None:
        """The run ends without the snapshot that would have had this time."""
        if isinstance(error, CancelledError | KeyboardInterrupt):
            self.end("cancelled")
            return
        is_there = isinstance(error, Exists) and error.name.startswith(name_of(ObjectKind.SNAPSHOT, b""))
        code = ErrorCode.SNAPSHOT_EXISTS if is_there else ErrorCode.FAILED
        hint = error.hint if isinstance(error, YesterError) else ""
        self.error(code, str(error), hint, time_ns=time_ns if is_there else 0)
        self.end("failed")

    def error(self, code: ErrorCode, text: str, hint: str = "", *, time_ns: int = 0) -> None:
        """The run failed, or ended with errors; `time_ns` is that of the snapshot that it is about."""
        name, identity = self._profile.name, self._profile.id.hex()
        event = Error(code=code, text=text, hint=hint, profile=name, profile_id=identity, time_ns=time_ns)
        tell(self._hooks, event)

    def file(self, path: bytes, kind: str) -> None:
        """A `new` or `changed` file was taken."""
        text, exact = path_fields(path)
        tell(self._hooks, File(path=text, path_b64=exact, change="new" if kind == "new" else "changed"))

    def message(self, level: Level, text: str, path: bytes = b"") -> None:
        """Words for a person, about a path if there is one."""
        shown, exact = path_fields(path)
        name, identity = self._profile.name, self._profile.id.hex()
        tell(
            self._hooks,
            Message(path=shown, path_b64=exact, level=level, text=text, profile=name, profile_id=identity),
        )

    def snapshot(self, snapshot: SnapshotId, time_ns: int, *, partial: bool = False) -> None:
        """The snapshot is in the repository."""
        name, identity = self._profile.name, self._profile.id.hex()
        event = SnapshotNew(
            snapshot=snapshot.hex(), profile=name, profile_id=identity, time_ns=time_ns, partial=partial
        )
        tell(self._hooks, event)
