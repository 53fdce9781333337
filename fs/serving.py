"""Serves a mount: checks the mount point, opens the repository, answers the kernel until someone unmounts.

A signal unmounts and ends cleanly. After a failure of the server the mount stays where it is, dead: an emptied mount
point can make a mirroring job delete everything on the other side. Nothing of a snapshot's content is read before
someone looks at it, so that a mount is there at once.
"""

import gc
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from yester.engine.errors import UsageError, YesterError
from yester.engine.memory import keep_freed_memory
from yester.engine.messages.of_stores import stores_heard
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.fs.background import run_in_background
from yester.fs.cold import RECALL_S, ColdFiles, Recalls
from yester.fs.mounts import (
    SOURCE,
    ActiveMount,
    active_mounts,
    canonical,
    check_apart,
    check_fuse,
    check_mountpoint,
    check_others_allowed,
    find_mount,
    is_dead,
    places_of_device,
)
from yester.fs.registry import MountRecord, MountRegistry, log_path
from yester.fs.scope import OneProfile, Scope, Top, one_profile, top_of
from yester.fs.sources import PATIENCE_S
from yester.fs.tally import TallyFile
from yester.fs.time_names import TimeFormat
from yester.fs.unmounting import clear_dead_mount

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Catalogue
    from yester.fs.adapter import Adapter
    from yester.fs.file_reading import Desk
    from yester.fs.waiting import Patience

__all__ = ["ActiveMount", "MountPlan", "active_mounts", "serve"]

READ_AHEAD_KIB = 1024
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FRAME_CACHE_SIZE = 48 << 20
AT_ONCE = 1024
"""Requests that are answered at once. So many may wait for a store (errands.MOST_HANGING) or an archive
(adapter.MOST_ASLEEP) that a quarter is left for all others; one that waits costs a task and the pages of its buffer."""
TALLY_SECONDS = 1.0
"""How often others are told how much was done."""


@dataclass(frozen=True, slots=True)
class MountPlan:
    """What is to be mounted where and how."""

    mountpoint: Path
    places: Places
    foreground: bool = False
    allow_other: bool = False
    owner: OwnerMode = OwnerMode.AS_STORED
    cache_size: int = FRAME_CACHE_SIZE
    """Budget for decoded frames, in bytes."""
    poll_seconds: float | None = None
    """How often the list of snapshots is looked at again, at most; None: as fits the store."""
    times: TimeFormat = TimeFormat()
    """What snapshots are called by their time."""
    scope: Scope = Scope()
    patience_seconds: float = PATIENCE_S
    """How long a program waits for the store before it is told that it does not answer."""
    xattrs: bool = True
    """Whether extended attributes, and ACLs with them, are shown: asking for those of each file takes time."""
    recalls: "Callable[[Repository], Recalls] | None" = None
    """Makes who brings files back that are offline, in the process that serves; None: they cannot be read."""
    recall_seconds: float = RECALL_S
    """How long a program waits for a file that is brought back."""

    @property
    def log(self) -> Path:
        """Where the server writes once it is in the background."""
        return log_path(self.places.state, self.mountpoint)


Opening = Callable[[], AbstractContextManager[Repository]]


def serve(opening: Opening, plan: MountPlan, ready: Callable[[], None] = lambda: None) -> None:
    """Mount. In the background it returns when the mount answers; in the foreground, when someone has unmounted it.

    The repository is opened in the process that serves, after the fork. `ready` is called when the mount answers.
    UsageError or YesterError, before anything is mounted, when it cannot be.
    """
    plan = _checked(plan)
    if plan.foreground:
        _serve(opening, plan, ready)
        return
    run_in_background(lambda up: _serve(opening, plan, up), plan.log)
    ready()


def _checked(plan: MountPlan) -> MountPlan:
    if plan.owner is OwnerMode.ME and plan.allow_other:
        raise UsageError(
            "--owner me and --allow-other exclude each other: others would read what is yours",
            hint="Leave one of them out.",
        )
    if plan.allow_other and not plan.xattrs:
        raise UsageError(
            "--no-xattrs and --allow-other exclude each other: ACLs would not keep others out",
            hint="Leave one of them out.",
        )
    mountpoint = canonical(plan.mountpoint)
    if find_mount(mountpoint) and is_dead(mountpoint):
        clear_dead_mount(mountpoint)
    check_mountpoint(mountpoint)
    check_fuse()
    if plan.allow_other:
        check_others_allowed()
    return replace(plan, mountpoint=mountpoint)


def _serve(opening: Opening, plan: MountPlan, ready: Callable[[], None]) -> None:
    logging.basicConfig(format="%(asctime)s %(message)s")
    with stores_heard(_posted), opening() as repository:
        _serve_repository(repository, plan, ready)


def _posted(text: str) -> None:
    """Leave a message for the person: nobody may read the log of a mount."""
    # It stands in the log, which is what is left then.
    with suppress(YesterError):
        MessageStore(Places.default().state).post(Posted(level="warning", text=text))


def _serve_repository(repository: Repository, plan: MountPlan, ready: Callable[[], None]) -> None:
    if repository.store.folder is not None:
        check_apart(plan.mountpoint, repository.store.folder)
    repository.unlock()
    shown = _shown(repository, plan.scope)
    # Only now: the derivation takes 64 MiB for a moment, and what is loaded by then counts on top of that.
    import pyfuse3

    from yester.fs.file_reading import Desk
    from yester.fs.read_ahead import ReadAhead
    from yester.fs.sources import MountSource
    from yester.fs.waiting import Patience, patient_trio

    def answering() -> None:
        _raise_read_ahead(plan.mountpoint)
        ready()

    patience = Patience(answering)
    pyfuse3.trio = patient_trio(patience)  # type: ignore[attr-defined]
    keep_freed_memory()
    _collect_rarely()
    reader = repository.reader(plan.cache_size)
    ahead = ReadAhead(reader)
    source = MountSource(reader, local=repository.store.capabilities.local, patience_s=plan.patience_seconds)
    desk = Desk(source, ahead)
    try:
        adapter = _adapter(repository, shown, desk, plan, patience)
        _mount_and_answer(adapter, desk, _record(plan, repository, shown), plan)
    finally:
        ahead.close()


def _collect_rarely() -> None:
    """Look for cycles of garbage less often: requests make none, and looking took a tenth of a first walk."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _mount_and_answer(adapter: "Adapter", desk: "Desk", record: MountRecord, plan: MountPlan) -> None:
    import pyfuse3

    registry = MountRegistry(plan.places.runtime)
    with registry.turn():
        # Opening took a while: another command may have mounted there since the first look.
        check_mountpoint(plan.mountpoint)
        # Before the mount: whatever fails from here to the first answer must not leave a dead one behind.
        registry.add(record)
        try:
            tally = registry.hold(plan.mountpoint)
            device = _mount(adapter, plan, record.repository)
        except BaseException:
            registry.remove(plan.mountpoint)
            raise
        with suppress(YesterError):  # without the number it is known by its path alone
            registry.add(msgspec.structs.replace(record, device=device))
    try:
        _run(desk, tally)
    except BaseException:
        pyfuse3.close(unmount=False)
        raise
    _end(plan, device)
    registry.remove(plan.mountpoint, record.pid)


def _end(plan: MountPlan, device: str) -> None:
    """Take the mount away, if it is there still.

    Where it was let go lazily, another may be mounted by now, which must stay; and a folder above may have another
    name by now, which libfuse does not know.
    """
    import pyfuse3

    places = places_of_device(device)
    is_there = plan.mountpoint in places
    pyfuse3.close(unmount=is_there)
    for place in () if is_there else places:
        with suppress(YesterError):  # then it is a dead one, which is known as such
            clear_dead_mount(place)


def _shown(repository: Repository, scope: Scope) -> Repository | OneProfile | Top:
    """Find what is to be shown; UsageError when there is no such thing."""
    if scope.is_one_snapshot:
        return top_of(repository, scope)
    return one_profile(repository, scope.profile) if scope.profile else repository


def _adapter(
    repository: Repository,
    shown: Repository | OneProfile | Top,
    desk: "Desk",
    plan: MountPlan,
    patience: "Patience",
) -> "Adapter":
    import pyfuse3

    from yester.fs.adapter import Adapter
    from yester.fs.inodes import Numbers
    from yester.fs.narrowed import NarrowedFileSystem
    from yester.fs.versions.file_system import VersionedFileSystem
    from yester.fs.versions.history import History
    from yester.fs.views import ViewBuilder

    numbers = Numbers(repository.state / "snapshot-numbers"), Numbers(repository.state / "folder-numbers")
    builder = ViewBuilder(*numbers, plan.times, one_profile=bool(plan.scope.profile))
    attributes = pyfuse3.EntryAttributes()
    me = (os.getuid(), os.getgid())
    cold = ColdFiles(repository, plan.recalls(repository) if plan.recalls else None, plan.recall_seconds)
    if isinstance(shown, Top):
        system = NarrowedFileSystem(shown, builder, desk, attributes, owner=plan.owner, me=me)
        return Adapter(system, desk.source, patience, cold=cold, xattrs=plan.xattrs)
    history = History(lambda: _catalogue(repository))
    versioned: VersionedFileSystem[pyfuse3.EntryAttributes] = VersionedFileSystem(
        shown,
        builder,
        desk,
        attributes,
        owner=plan.owner,
        me=me,
        poll_seconds=plan.poll_seconds,
        history=history,
        one_profile=bool(plan.scope.profile),
    )
    return Adapter(versioned, desk.source, patience, history, cold=cold, xattrs=plan.xattrs)


def _catalogue(repository: Repository) -> "Catalogue":
    # Only when somebody looks at versions.
    from yester.engine.catalogue.catalogue import Catalogue

    return Catalogue.open(repository)


def _mount(adapter: "Adapter", plan: MountPlan, place: str) -> str:
    """Mount, and return the number of the device by which the kernel knows this mount."""
    import pyfuse3

    try:
        pyfuse3.init(adapter, str(plan.mountpoint), _options(plan, place))
    except RuntimeError as error:
        raise YesterError(
            f"{plan.mountpoint} cannot be mounted", hint="The line above says why; check that fuse3 is installed."
        ) from error
    mount = find_mount(plan.mountpoint)
    return mount.device if mount else ""


def _options(plan: MountPlan, place: str) -> set[str]:
    # Never max_read: pyfuse3 cannot tell the kernel, which then refuses the mount.
    options = {"ro", "nosuid", "nodev", "default_permissions", "subtype=yester", f"fsname={_source(place)}"}
    return options | ({"allow_other"} if plan.allow_other else set())


def _source(place: str) -> str:
    """What the mount table shows as the source: options are ASCII, and a comma would end this one."""
    shown = place.encode("ascii", "replace").decode()
    return SOURCE + "".join("_" if c in ",\\" or c.isspace() else c for c in shown)


def _raise_read_ahead(mountpoint: Path) -> None:
    """Let the kernel read further ahead than its 128 KiB, which it sets when greeted. Only root may."""
    mount = find_mount(mountpoint)
    if mount is not None:
        with suppress(OSError):
            Path(f"/sys/class/bdi/{mount.device}/read_ahead_kb").write_text(str(READ_AHEAD_KIB))


def _record(plan: MountPlan, repository: Repository, shown: Repository | OneProfile | Top) -> MountRecord:
    log = "" if plan.foreground else str(plan.log)
    shows = "all" if isinstance(shown, Repository) else str(shown)
    place = repository.store.place
    return MountRecord(str(plan.mountpoint), place, os.getpid(), time.time_ns(), log, shows)


def _run(desk: "Desk", tally: TallyFile) -> None:
    import trio

    trio.run(_answer_requests, desk, tally)


async def _answer_requests(desk: "Desk", tally: TallyFile) -> None:
    import pyfuse3
    import trio

    async def end_on_signal() -> None:
        with trio.open_signal_receiver(*SIGNALS) as signals:
            async for _ in signals:
                pyfuse3.terminate()
                # Requests that wait for a thread, which may be for long, are not waited for.
                nursery.cancel_scope.cancel()
                return

    async def keep_count() -> None:
        while True:
            await trio.sleep(TALLY_SECONDS)
            # A disk without room for 32 bytes is no reason to end a mount: the counts stay as they were.
            with suppress(OSError):
                tally.write(desk.tally)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end_on_signal)
        nursery.start_soon(keep_count)
        await pyfuse3.main(max_tasks=AT_ONCE)
        nursery.cancel_scope.cancel()
