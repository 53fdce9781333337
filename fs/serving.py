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

from yester.engine.errors import UsageError
from yester.engine.memory import keep_freed_memory
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.fs.background import run_in_background
from yester.fs.device import attach, detach
from yester.fs.mounts import (
    SOURCE,
    ActiveMount,
    active_mounts,
    check_apart,
    check_fuse,
    check_mountpoint,
    check_others_allowed,
    find_mount,
    is_dead,
)
from yester.fs.registry import MountRecord, MountRegistry, log_path
from yester.fs.scope import OneProfile, Scope, Top, one_profile, top_of
from yester.fs.tally import TallyFile
from yester.fs.time_names import TimeFormat
from yester.fs.unmounting import canonical, clear_dead_mount

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Catalogue
    from yester.fs.file_reading import Desk
    from yester.fs.file_system import FileSystem
    from yester.fs.versions.history import History

__all__ = ["ActiveMount", "MountPlan", "active_mounts", "serve"]

READ_AHEAD_KIB = 1024
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FRAME_CACHE_SIZE = 48 << 20


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
    xattrs: bool = True
    """Whether extended attributes, and ACLs with them, are shown: asking for those of each file takes time."""

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
    with opening() as repository:
        _serve_repository(repository, plan, ready)


def _serve_repository(repository: Repository, plan: MountPlan, ready: Callable[[], None]) -> None:
    if repository.store.folder is not None:
        check_apart(plan.mountpoint, repository.store.folder)
    repository.unlock()
    shown = _shown(repository, plan.scope)
    # Only now: the derivation takes 64 MiB for a moment, and what is loaded by then counts on top of that.
    from yester.fs.file_reading import Desk
    from yester.fs.read_ahead import ReadAhead
    from yester.fs.sources import MountSource

    keep_freed_memory()
    _collect_rarely()
    reader = repository.reader(plan.cache_size)
    ahead = ReadAhead(reader)
    desk = Desk(MountSource(reader, local=repository.store.capabilities.local), ahead)
    try:
        system, history = _system(repository, shown, desk, plan)
        _mount_and_answer(system, history, desk, _record(plan, repository, shown), plan, ready)
    finally:
        ahead.close()


def _collect_rarely() -> None:
    """Look for cycles of garbage less often: requests make none, and looking took a tenth of a first walk."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _mount_and_answer(
    system: "FileSystem",
    history: "History | None",
    desk: "Desk",
    record: MountRecord,
    plan: MountPlan,
    ready: Callable[[], None],
) -> None:
    registry = MountRegistry(plan.places.runtime)
    # Before the mount: whatever fails from here to the first answer must not leave a dead one behind.
    registry.add(record)
    try:
        tally = registry.hold(plan.mountpoint)
        fd = attach(plan.mountpoint, _options(plan, record.repository))
    except BaseException:
        registry.remove(plan.mountpoint)
        raise
    try:
        _answer(fd, system, history, desk, tally, plan, ready)
    except BaseException:
        # The mount stays, dead.
        os.close(fd)
        raise
    detach(fd, plan.mountpoint)
    # Where it was let go lazily, another may be mounted by now.
    registry.remove(plan.mountpoint, record.pid)


def _answer(
    fd: int,
    system: "FileSystem",
    history: "History | None",
    desk: "Desk",
    tally: TallyFile,
    plan: MountPlan,
    ready: Callable[[], None],
) -> None:
    from yester.fs.handlers import Handlers
    from yester.fs.server import Server

    def answering() -> None:
        _raise_read_ahead(plan.mountpoint)
        ready()

    def tell() -> None:
        # A disk without room for 24 bytes is no reason to end a mount: the counts stay as they were.
        with suppress(OSError):
            tally.write(desk.tally)

    server = Server(fd, ready=answering, tick=tell)
    for each in SIGNALS:
        signal.signal(each, lambda *_: server.stop())
    server.serve(Handlers(system, server.invalidate, xattrs=plan.xattrs), desk.source, history)


def _shown(repository: Repository, scope: Scope) -> Repository | OneProfile | Top:
    """Find what is to be shown; UsageError when there is no such thing."""
    if scope.is_one_snapshot:
        return top_of(repository, scope)
    return one_profile(repository, scope.profile) if scope.profile else repository


def _system(
    repository: Repository, shown: Repository | OneProfile | Top, desk: "Desk", plan: MountPlan
) -> "tuple[FileSystem, History | None]":
    from yester.fs.inodes import Numbers
    from yester.fs.narrowed import NarrowedFileSystem
    from yester.fs.versions.file_system import VersionedFileSystem
    from yester.fs.versions.history import History
    from yester.fs.views import ViewBuilder

    numbers = Numbers(repository.state / "snapshot-numbers"), Numbers(repository.state / "folder-numbers")
    builder = ViewBuilder(*numbers, plan.times, one_profile=bool(plan.scope.profile))
    me = (os.getuid(), os.getgid())
    if isinstance(shown, Top):
        return NarrowedFileSystem(shown, builder, desk, owner=plan.owner, me=me), None
    history = History(lambda: _catalogue(repository))
    system = VersionedFileSystem(
        shown,
        builder,
        desk,
        owner=plan.owner,
        me=me,
        poll_seconds=plan.poll_seconds,
        history=history,
        one_profile=bool(plan.scope.profile),
    )
    return system, history


def _catalogue(repository: Repository) -> "Catalogue":
    # Only when somebody looks at versions.
    from yester.engine.catalogue.catalogue import Catalogue

    return Catalogue.open(repository)


def _options(plan: MountPlan, place: str) -> set[str]:
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
