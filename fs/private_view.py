"""A snapshot shown to plugins at work: a mount of this process, by a thread of its own, that no list of mounts has.

It lasts as long as the plugins. The kernel forgets a mount of a process that was killed only once somebody clears it
away: `clear_dead_views` does, for whoever comes next.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from yester.engine.errors import YesterError
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.fs.mounts import MOUNT_TABLE, check_fuse, is_dead, mounted_as
from yester.fs.scope import Scope, top_of
from yester.fs.unmounting import clear_dead_mount

if TYPE_CHECKING:
    import trio

    from yester.fs.adapter import Adapter
    from yester.fs.file_reading import Desk
    from yester.fs.waiting import Patience

_SUBTYPE = "yester-view"
_CACHE_SIZE = 16 << 20
_START_S = 20.0
_END_S = 5.0


class PrivateView:
    """One mount of one snapshot."""

    def __init__(self, repository: Repository, snapshot: str, mountpoint: Path) -> None:
        """Mount on an empty folder, and return when the mount answers. YesterError when it cannot be."""
        check_fuse()
        self._repository, self._mountpoint = repository, mountpoint
        self._top = top_of(repository, Scope(snapshot=snapshot))
        self._answers = threading.Event()
        self._problems: list[Exception] = []
        self._token: trio.lowlevel.TrioToken | None = None
        self._thread = threading.Thread(target=self._serve, name="view", daemon=True)
        self._thread.start()
        answers = self._answers.wait(_START_S)
        if self._problems or not answers:
            self.close()
            why = self._problems[0] if self._problems else "the mount does not answer"
            raise YesterError(f"The new snapshot cannot be shown: {why}")

    def close(self) -> None:
        """Unmount."""
        import pyfuse3
        import trio

        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(pyfuse3.terminate)
        self._thread.join(_END_S)
        if self._thread.is_alive():
            # Out of sight at once; the thread ends when the kernel tells it.
            with suppress(YesterError):
                clear_dead_mount(self._mountpoint)
            self._thread.join(_END_S)

    def _serve(self) -> None:
        try:
            self._mount_and_answer()
        except Exception as problem:  # noqa: BLE001  a thread's end is told to whoever waits for it
            self._problems.append(problem)
        self._answers.set()

    def _mount_and_answer(self) -> None:
        # Not before a plugin asks: these take their time.
        import pyfuse3
        import trio

        from yester.fs.file_reading import Desk
        from yester.fs.read_ahead import ReadAhead
        from yester.fs.sources import MountSource
        from yester.fs.waiting import Patience, patient_trio

        patience = Patience(self._answers.set)
        pyfuse3.trio = patient_trio(patience)  # type: ignore[attr-defined]
        reader = self._repository.reader(_CACHE_SIZE)
        ahead: ReadAhead = ReadAhead(reader)
        desk = Desk(MountSource(reader, local=self._repository.store.capabilities.local), ahead)
        try:
            options = {"ro", "nosuid", "nodev", "default_permissions", f"subtype={_SUBTYPE}", "fsname=yester"}
            pyfuse3.init(self._adapter(desk, patience), str(self._mountpoint), options)
            try:
                trio.run(self._answer)
            finally:
                pyfuse3.close(unmount=True)
        finally:
            ahead.close()

    def _adapter(self, desk: "Desk", patience: "Patience") -> "Adapter":
        import pyfuse3

        from yester.fs.adapter import Adapter
        from yester.fs.inodes import Numbers
        from yester.fs.narrowed import NarrowedFileSystem
        from yester.fs.time_names import TimeFormat
        from yester.fs.views import ViewBuilder

        state = self._repository.state
        builder = ViewBuilder(Numbers(state / "snapshot-numbers"), Numbers(state / "folder-numbers"), TimeFormat())
        attributes, me = pyfuse3.EntryAttributes(), (os.getuid(), os.getgid())
        system = NarrowedFileSystem(self._top, builder, desk, attributes, owner=OwnerMode.AS_STORED, me=me)
        return Adapter(system, desk.source, patience)

    async def _answer(self) -> None:
        import pyfuse3
        import trio

        self._token = trio.lowlevel.current_trio_token()
        await pyfuse3.main()


def clear_dead_views(folder: Path) -> list[Path]:
    """Clear away views below a folder whose processes were killed; return where they were.

    YesterError when the system refuses.
    """
    try:
        table = MOUNT_TABLE.read_bytes()
    except FileNotFoundError:
        return []
    views = mounted_as(table, f"fuse.{_SUBTYPE}")
    dead = [path for path in views if path.is_relative_to(os.path.realpath(folder)) and is_dead(path)]
    for path in dead:
        clear_dead_mount(path)
    return dead
