"""The only module that knows pyfuse3: requests in, answers out, errors to an errno.

Concurrency: one event loop, one thread. The work of a request (FileSystem) never awaits, so it is atomic, and the
one object that holds attributes is safe: pyfuse3 copies it into the reply before anything else runs. When the work
needs a blob that memory does not hold (NotAtHand) the blob is fetched on a thread and the work done again from its
beginning; so is looking at the list of snapshots (NotLooked). Who has waited for the store for `patience_s` gets EIO,
since a program that hangs in a mount cannot even be killed; what it waited for comes all the same (fs/errands.py).

What the kernel is spared: `flush` says ENOSYS once and is never asked again, as are extended attributes where they are
not wanted, nor are `access` (default_permissions) and lookups of `.`; attributes and names inside snapshots never
expire; pages stay in the page cache after close. Forgetting is nothing to us but for versions (fs/versions/nodes.py).
"""

import errno
import logging
import os
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from math import inf
from stat import S_ISREG
from typing import Any, NoReturn, ParamSpec, TypeVar

import pyfuse3
import trio
from pyfuse3 import EntryAttributes, FileInfo, FUSEError, ReaddirToken, RequestContext, StatvfsData

from yester.engine.errors import Offline, StoreError, YesterError
from yester.fs.cold import RECALL, TIER, ColdFiles
from yester.fs.complaints import Complaints
from yester.fs.errands import Errands
from yester.fs.file_reading import OpenFile
from yester.fs.file_system import BLOCK_SIZE, FileSystem, NotLooked
from yester.fs.inodes import Inode
from yester.fs.listing import Listing
from yester.fs.names import NAME_MAX
from yester.fs.pushing import Pusher
from yester.fs.sources import MountSource, NotAtHand
from yester.fs.versions.history import Answer, History, NotAsked, Question
from yester.fs.waiting import Patience
from yester.fs.walkers import Walkers

LOOK_S = 10.0
"""Who looks at the list of snapshots waits this long for the store, and then sees what was listed last."""

P = ParamSpec("P")
T = TypeVar("T")

RECALLS = 3
"""How often a file is brought back for one read: a purge may take it again meanwhile."""

MOST_ASLEEP = 512
"""So many reads may wait for archives; more are refused, lest nobody is left to answer the others."""

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_TRUNC
_WRITING = [
    "setattr",
    "mknod",
    "mkdir",
    "unlink",
    "rmdir",
    "symlink",
    "rename",
    "link",
    "create",
    "write",
    "setxattr",
    "removexattr",
]


class Asleep(Exception):
    """What is read is offline, and the program is to wait for it. Only a PatientRead ends with it."""


@dataclass(frozen=True, slots=True)
class PatientRead:
    """Reading from a file for a program that waits where it is offline."""

    file: OpenFile
    offset: int
    size: int

    def __call__(self) -> Any:
        """Read. Asleep, or as `OpenFile.read`."""
        try:
            return self.file.read(self.offset, self.size)
        except Offline as error:
            raise Asleep from error


class Adapter(pyfuse3.Operations):
    """The handlers of one mount."""

    supports_dot_lookup = True
    enable_acl = True

    def __init__(
        self,
        system: FileSystem[EntryAttributes],
        source: MountSource,
        patience: Patience,
        history: History | None = None,
        *,
        cold: ColdFiles | None = None,
        xattrs: bool = True,
        push: Callable[[int, int, Any], None] = pyfuse3.notify_store,
    ) -> None:
        super().__init__()
        self._system = system
        self._source = source
        self._patience = patience
        self._errands = Errands(patience)
        self._complaints = Complaints()
        self._history = history
        self._cold = cold
        self._waits = cold is not None and cold.waits
        self._walkers = Walkers()
        self._asleep = 0
        self._processes: dict[int, int] = {}
        """Who has which file open, where that matters."""
        self._asking = trio.Lock()
        self._xattrs = self.enable_acl = xattrs
        self._files: dict[int, OpenFile] = {}
        self._listings: dict[int, Listing] = {}
        self._handles = 0
        self._info = FileInfo()
        self._pusher = Pusher(push)

    async def _answer(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        answers: tuple[Answer, ...] = ()
        until: float | None = None
        while True:
            try:
                return work(*arguments, **named)
            except NotAtHand as missing:
                until = until or trio.current_time() + self._source.patience_s
                await self._fetch(missing, until, is_patient=isinstance(work, PatientRead))
            except NotLooked:
                await self._look()
            except NotAsked as missing:
                answers = await self._ask(missing.question, answers)
            except OSError as error:
                raise FUSEError(error.errno or errno.EIO) from None
            except Asleep:
                raise
            except Exception as error:  # noqa: BLE001  whatever else reaches pyfuse3 ends the mount
                self._refuse(error, work, arguments)

    async def _fetch(self, missing: NotAtHand, until: float, *, is_patient: bool) -> None:
        """Fetch a blob; who waits for it gives up at the time `until`. Asleep only for who is patient."""
        work = partial(self._source.reader.blob, missing.kind, missing.blob)
        about = missing.kind.name, missing.blob.hex()
        try:
            with trio.fail_at(until):
                blob = await self._errands.run(missing.blob, work)
        except trio.TooSlowError:
            silent = StoreError(f"the store has not answered for {self._source.patience_s:.0f} s")
            self._refuse(silent, self._fetch, about)
        except Exception as error:
            if is_patient and isinstance(error, Offline):
                raise Asleep from error
            self._refuse(error, self._fetch, about)
        self._source.arrived(missing.blob, blob)

    async def _look(self) -> None:
        """Look at the list of snapshots on a thread; meanwhile others see it as it was.

        What takes long is not waited for: who looks at the list next sees what it found.
        """
        try:
            with trio.fail_after(min(LOOK_S, self._source.patience_s)):
                self._system.show(await self._errands.run(FileSystem.look, self._system.look))
        except Exception as error:  # noqa: BLE001  what was listed last stays visible
            known = isinstance(error, YesterError | trio.TooSlowError)
            what = "the store does not answer" if isinstance(error, trio.TooSlowError) else error
            line = f"the list of snapshots: {what}"
            self._complaints.tell(line, line, None if known else error, logging.WARNING)

    async def _ask(self, question: Question, before: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """Ask for the history of a path, and have that at hand together with what was asked before.

        One request at a time does: the catalogue answers one, and who waits for it needs no thread meanwhile. What a
        request asked before may have had to make room for the answers of others.
        """
        assert self._history is not None
        until = inf if self._source.local else trio.current_time() + self._source.patience_s
        self._patience.others_wait += 1
        try:
            with trio.fail_at(until):
                async with self._asking:
                    before += await self._asked(self._history, question)
        except trio.TooSlowError:
            # It goes on, and whoever asks then finds it further.
            silent = StoreError(f"the catalogue has not been brought up to date in {self._source.patience_s:.0f} s")
            self._refuse(silent, self._ask, question)
        except Exception as error:  # noqa: BLE001  as above
            self._refuse(error, self._ask, question)
        finally:
            self._patience.others_wait -= 1
        for answer in before:
            self._history.keep(answer)
        return before

    async def _asked(self, history: History, question: Question) -> tuple[Answer, ...]:
        """Return what the catalogue says, unless memory holds it, after what who stopped waiting had it asked."""
        while not history.knows(question):
            answer = None if self._errands.is_at(History) else history.at_once(question)
            if answer is None:
                answer = await self._errands.run(History, partial(history.ask, question))
            if answer.question == question:
                return (answer,)
            history.keep(answer)
        return ()

    def _refuse(self, error: Exception, work: Callable[..., object], arguments: Iterable[object]) -> NoReturn:
        what = f"{getattr(work, '__name__', work)}({', '.join(map(repr, arguments))}): {error}"
        self._complaints.tell(what, str(error), None if isinstance(error, YesterError) else error)
        raise FUSEError(errno.EIO) from None

    # Names and attributes

    def lookup(self, parent_inode: int, name: bytes, ctx: RequestContext) -> Coroutine[Any, Any, EntryAttributes]:
        """Find a name in a folder."""
        return self._answer(self._system.lookup, Inode(parent_inode), name)

    def getattr(self, inode: int, ctx: RequestContext) -> Coroutine[Any, Any, EntryAttributes]:
        """Tell the attributes of an entry."""
        return self._answer(self._system.attributes, Inode(inode))

    def readlink(self, inode: int, ctx: RequestContext) -> Coroutine[Any, Any, bytes]:
        """Tell a symlink's target."""
        return self._answer(self._system.readlink, Inode(inode))

    async def forget(self, inode_list: Iterable[tuple[int, int]]) -> None:
        """The kernel forgets entries; only of versions anything was kept."""
        self._system.forget((Inode(inode), count) for inode, count in inode_list)

    # Folders

    async def opendir(self, inode: int, ctx: RequestContext) -> int:
        """Open a folder for listing."""
        listing = await self._answer(self._system.open_listing, Inode(inode))
        self._handles += 1
        self._listings[self._handles] = listing
        if self._waits:
            self._walkers.listed(ctx.pid, listing.inode)
        return self._handles

    def readdir(self, fh: int, start_id: int, token: ReaddirToken) -> Coroutine[Any, Any, None]:
        """List a folder from a position on, attributes included."""
        attributes = self._system.attributes_object

        def reply(name: bytes, after: int) -> bool:
            return pyfuse3.readdir_reply(token, name, attributes, after)

        return self._answer(self._system.list_from, self._listings[fh], start_id, reply)

    async def releasedir(self, fh: int) -> None:
        """Close a folder."""
        del self._listings[fh]

    # Files

    async def open(self, inode: int, flags: int, ctx: RequestContext) -> FileInfo:
        """Open a file; its pages stay in the page cache from one opening to the next."""
        if flags & _WRITE_FLAGS:
            raise FUSEError(errno.EROFS)
        file = await self._answer(self._system.open_file, Inode(inode))
        self._handles += 1
        self._files[self._handles] = file
        file.opened()
        self._pusher.opened(file)
        self._info.fh = self._handles
        if self._waits:
            self._walkers.opened(ctx.pid)
            self._processes[self._handles] = ctx.pid
        return self._info

    def read(self, fh: int, off: int, size: int) -> Coroutine[Any, Any, Any]:
        """Read from a file."""
        if self._waits:
            return self._read_or_recall(fh, off, size)
        return self._answer(self._files[fh].read, off, size)

    async def release(self, fh: int) -> None:
        """Close a file."""
        file = self._files.pop(fh)
        file.closed()
        self._pusher.closed(file)
        self._processes.pop(fh, None)

    async def flush(self, fh: int) -> None:
        """Tell the kernel, once, that closing needs no answer."""
        raise FUSEError(errno.ENOSYS)

    # Extended attributes

    def listxattr(self, inode: int, ctx: RequestContext) -> Coroutine[Any, Any, Any]:
        """Tell the names of the extended attributes."""
        if not self._xattrs:
            raise FUSEError(errno.ENOSYS)
        return self._answer(self._system.list_xattrs, Inode(inode), ctx.uid)

    def getxattr(self, inode: int, name: bytes, ctx: RequestContext) -> Coroutine[Any, Any, bytes]:
        """Tell the value of an extended attribute."""
        if not self._xattrs:
            raise FUSEError(errno.ENOSYS)
        if name in (TIER, RECALL) and self._cold is not None:
            return self._cold_value(self._cold, Inode(inode), name)
        return self._answer(self._system.xattr, Inode(inode), name)

    # What is offline (fs/cold.py)

    async def _read_or_recall(self, fh: int, off: int, size: int) -> Any:
        """Read from a file; where it is offline, have it brought back first."""
        file = self._files[fh]
        for _ in range(RECALLS):
            try:
                return await self._answer(PatientRead(file, off, size))
            except Asleep:
                await self._sleep(fh, file.inode)
        return await self._answer(file.read, off, size)

    async def _sleep(self, fh: int, inode: Inode) -> None:
        """Recall a file, unless too many wait for theirs."""
        if self._asleep >= MOST_ASLEEP:
            self._refuse(Offline(f"{self._asleep} reads wait for archives already"), self._sleep, (inode,))
        self._asleep += 1
        try:
            await self._recall(fh, inode)
        finally:
            self._asleep -= 1

    async def _recall(self, fh: int, inode: Inode) -> None:
        """Have a file brought back, and wait for it; with it what the program that reads it walks through."""
        assert self._cold is not None
        entry, above = await self._answer(lambda: (self._system.entry(inode), self._system.above(inode)))
        folder = self._walkers.waits(self._processes[fh], inode, above)
        around = None if folder is None else await self._answer(self._system.entry, folder)
        work = partial(self._cold.bring, entry, around)
        try:
            with trio.fail_after(self._cold.wait_s):
                await self._errands.run((ColdFiles, inode), work)
        except trio.TooSlowError:
            late = Offline(f"it has not come back in {self._cold.wait_s:.0f} s", hint="It comes all the same.")
            self._refuse(late, self._recall, (inode,))
        except Exception as error:  # noqa: BLE001  as above
            self._refuse(error, self._recall, (inode,))

    async def _cold_value(self, cold: ColdFiles, inode: Inode, name: bytes) -> bytes:
        """Return whether a file is offline, or how it comes back."""
        entry, called = await self._answer(lambda: (self._system.entry(inode), self._system.called(inode)))
        value = None
        if S_ISREG(entry.mode):
            try:
                with trio.fail_after(self._source.patience_s):
                    value = await self._errands.run((name, inode), partial(cold.value, name, entry, called))
            except trio.TooSlowError:
                silent = StoreError(f"the store has not answered for {self._source.patience_s:.0f} s")
                self._refuse(silent, self._cold_value, (inode, name))
            except Exception as error:  # noqa: BLE001  as above
                self._refuse(error, self._cold_value, (inode, name))
        if value is None:
            raise FUSEError(errno.ENODATA)
        return value

    # The whole

    async def statfs(self, ctx: RequestContext) -> StatvfsData:
        """Tell what the mount holds; nothing is free."""
        space = await self._answer(self._system.space)
        data = StatvfsData()
        data.f_bsize = data.f_frsize = BLOCK_SIZE
        data.f_blocks = space.blocks
        data.f_files = space.entries
        data.f_namemax = NAME_MAX
        return data

    def stacktrace(self) -> None:
        """Setting an attribute on the mount point must not fill the log."""


async def _read_only(self: Adapter, *_: object) -> NoReturn:
    raise FUSEError(errno.EROFS)


# The kernel refuses these by itself, unless someone mounts again without "ro".
for _name in _WRITING:
    setattr(Adapter, _name, _read_only)
