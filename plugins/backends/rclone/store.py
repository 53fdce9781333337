"""A repository on a remote of rclone's.

Objects lie where folder_layout.py says. A put writes a file here and lets rclone copy it: then rclone knows its size
and hash, compares both, and takes care of remotes on which half a file could be seen (it uploads to another name, and
then renames). No remote is asked to create only if absent: rclone has no word for it, and its own servers overwrite.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from yester.engine.errors import Broken, Exists, Missing, MissingRepository, RepositoryError, Retry, StoreError
from yester.engine.store import Buffer, Capabilities, Readiness, Store, all_ready
from yester.plugins.backends.folder_layout import belongs, ends_test, folder_of, place_of
from yester.plugins.backends.folder_opening import inspect
from yester.plugins.backends.folder_walk import in_many, walk
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.rclone.address import Address, parse
from yester.plugins.backends.rclone.child import PARTIAL, Child
from yester.plugins.backends.rclone.refusals import refusal
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import PATIENCE, patience_of
from yester.plugins.backends.webdav.server import Server
from yester.plugins.options.spec import Option

_STALE_S = 86_400
_ANSWER_S = 3600
"""How long an answer may take: an upload says nothing until it is done. rclone gives up on a remote that stalls."""
_MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger file is not read into memory."""
_MAX_ANSWER_SIZE = 1 << 28

OPTIONS = {
    "program": Option("path", about="Which rclone is started, instead of the one that is found."),
    **PATIENCE,
}

_Names = list[str]
"""Inside the class `list` is the store's verb."""


class _Item(msgspec.Struct, rename="pascal"):
    """Something in a folder, as rclone says it."""

    name: str
    path: str = ""
    size: int = -1
    is_dir: bool = False
    mod_time: str = ""


_Items = list[_Item]


class _Listing(msgspec.Struct):
    list: _Items | None = None


class _Features(msgspec.Struct):
    features: dict[str, bool] = msgspec.field(name="Features", default_factory=dict)


class _Stat(msgspec.Struct):
    item: _Item | None = None


class _Refused(msgspec.Struct):
    error: str = ""


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at an rclone:// URL, with its retries. RepositoryError, UsageError."""
    address, said = parse(url), terms.options("rclone", OPTIONS)
    store = RcloneStore(address, lambda: Child(said["program"], terms.environment), terms.create, terms.made)
    return guarded(store, terms, patience_of(said))


class RcloneStore:
    """A store on a remote. Threads share it and the one child."""

    folder = None

    def __init__(
        self, address: Address, start: Callable[[], Child], create: bool = False, made: _Names | None = None
    ) -> None:
        """Look; with `create` make the folder, or take an empty one. RepositoryError when it cannot be.

        `made`: whether the folder was made for it: then its name; when it is made now it is added.
        """
        self._made = made if made is not None else []
        self._address, self._start = address, start
        self._look_first, self._starting = threading.Lock(), threading.Lock()
        self._closed = self._lists_beneath = False
        self._child = start()
        self._server = self._reached()
        try:
            self._open(create)
        except StoreError as problem:
            self.close()
            raise RepositoryError(problem.what, hint=problem.hint) from None
        except BaseException:
            self.close()
            raise

    @property
    def capabilities(self) -> Capabilities:
        """Ranges; creation is not atomic."""
        return Capabilities(ranges=True, if_absent=False)

    @property
    def place(self) -> str:
        """The URL."""
        return str(self._address)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Write a file here, and let rclone copy it; `group` is ignored."""
        path = place_of(name)[1]
        with self._spooled(buffers) as file, self._look_first if if_absent else nullcontext():
            if if_absent and self._item(path) is not None:
                raise Exists(f"{name} is already in {self.place}", name=name)
            try:
                self._done(
                    "operations/copyfile",
                    f"{name} in {self.place} could not be written",
                    name,
                    srcFs=str(file.parent),
                    srcRemote=file.name,
                    dstFs=self._address.place,
                    dstRemote=path,
                    # Also when what is there has the same size and time.
                    _config={"IgnoreTimes": True},
                )
            except Missing as problem:
                raise Broken(
                    problem.what, name=name, hint="Was that folder moved there, or its disk taken away?"
                ) from None

    def get(self, name: str) -> bytes:
        """Read the whole file; Broken when it is larger than any object can be."""
        with self._read(name, {}) as response:
            return self._body(response, name, _MAX_OBJECT_SIZE)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Read a part of the file."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        if size == 0 or offset + size > _MAX_OBJECT_SIZE:
            if offset + size > self.query(name):
                raise self._ends(name, offset + size)
            if size == 0:
                return b""
        try:
            data = self._part(name, offset, size)
        except (Missing, Retry):
            # So say some remotes that have nothing from there on.
            if offset + size > self.query(name):
                raise self._ends(name, offset + size) from None
            raise
        if len(data) < size:
            raise self._ends(name, offset + size)
        return data

    def list(self, prefix: str = "") -> Iterator[str]:
        """Read only the folders that the prefix may lie in; all of them at once where the remote can."""
        folders = self._beneath(prefix) if self._lists_beneath and in_many(prefix) else walk(prefix, self._inside)
        for folder, items in folders:
            for item in items:
                if item.name.startswith(prefix) and belongs(folder, item.name):
                    yield item.name

    def query(self, name: str) -> int:
        """Return the size of the file."""
        item = self._item(place_of(name)[1])
        if item is None:
            raise Missing(f"There is no {name} in {self.place}", name=name)
        if item.is_dir or item.size < 0:
            raise Broken(f"{name} in {self.place} is not a file", name=name)
        return item.size

    def delete(self, name: str) -> None:
        """Remove the file."""
        path = place_of(name)[1]
        what = f"{name} in {self.place} could not be deleted"
        self._done("operations/deletefile", what, name, fs=self._address.place, remote=path)
        if ends_test(name):
            self._let_pass(place_of(name)[0])

    def _let_pass(self, folder: str) -> None:
        """Remove the folder of a test that is over, with what killed puts left in it; not if an object is there."""
        fs = self._address.place
        with suppress(StoreError):  # what stays is empty, or the next test's to remove
            for item in self._inside(folder)[0]:
                if item.name.endswith(PARTIAL):
                    self._done("operations/deletefile", "tidying", "", fs=fs, remote=f"{folder}/{item.name}")
            self._done("operations/rmdir", "tidying", "", fs=fs, remote=folder)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return all_ready(names)

    def tidy(self) -> None:
        """Look into every folder for what killed uploads left."""
        # Best effort: the next prune tries again.
        with suppress(StoreError):
            now = time.time()
            for folder, items in walk("", self._inside):
                for item in items:
                    if item.name.endswith(PARTIAL) and now - _moment(item.mod_time, now) > _STALE_S:
                        path = f"{folder}/{item.name}".lstrip("/")
                        with suppress(StoreError):
                            self._done("operations/deletefile", "tidying", "", fs=self._address.place, remote=path)

    def close(self) -> None:
        """End rclone. What was made for nothing goes again."""
        if self._made and not self._closed:
            self._made.clear()
            with suppress(StoreError):  # it is not empty
                self._done("operations/rmdir", "tidying", "", fs=self._address.place, remote="")
        with self._starting:
            self._closed = True
            self._server.close()
            self._child.close()

    # Opening

    def _open(self, create: bool) -> None:
        fs, what = self._address.place, f"{self.place} cannot be used"
        try:
            found = self._asked(_Listing, "operations/list", what, "", fs=fs, remote="")
        except Missing as problem:
            if not create:
                raise MissingRepository(
                    f"There is no repository at {self.place}: {problem.what.rpartition(': ')[2]}",
                    hint=f"Check the path, or make a repository there: yester init {self.place}",
                ) from None
            self._done("operations/mkdir", f"The folder {self.place} could not be made", "", fs=fs, remote="")
            self._made.append(fs)
            found = self._asked(_Listing, "operations/list", what, "", fs=fs, remote="")
        inspect(self.place, [item.name for item in found.list or ()], create)
        told = self._asked(_Features, "operations/fsinfo", what, "", fs=fs)
        self._lists_beneath = told.features.get("ListR", False)

    # Asking rclone

    def _reached(self) -> Server:
        auth = httpx.BasicAuth(self._child.user, self._child.password)
        return Server(str(self._address), "http://rclone", auth=auth, socket=self._child.socket, stall_s=_ANSWER_S)

    def _running(self) -> Server:
        """Return what reaches rclone; started anew when it has died. StoreError."""
        with self._starting:
            if self._closed:
                raise StoreError("The connection is closed")
            if not self._child.is_running:
                said = self._child.said
                self._server.close()
                self._child.close()
                try:
                    self._child = self._start()
                except RepositoryError as problem:
                    raise Retry(f"rclone has died ({said}), and another does not start: {problem.what}") from None
                self._server = self._reached()
            return self._server

    def _beneath(self, prefix: str) -> Iterator[tuple[str, _Items]]:
        """Yield each file that a prefix of many folders may mean, and the folder that it is in."""
        kind, dot, _ = prefix.partition(".")
        for item in self._inside(folder_of(kind) if dot else "", recurse=True)[0]:
            yield item.path.rpartition("/")[0], [item]

    def _inside(self, folder: str, *, recurse: bool = False) -> tuple[_Items, _Names]:
        """Return the files in a folder, and the names of its folders; nothing when there is no such folder."""
        what = f"The folder {folder} in {self.place} could not be listed"
        try:
            found = self._asked(
                _Listing,
                "operations/list",
                what,
                "",
                fs=self._address.place,
                remote=folder,
                opt={"noMimeType": True, "recurse": recurse},
            )
        except Missing:
            if folder:
                return [], []
            raise Broken(f"{self.place} is no longer there", hint="Was that folder moved there?") from None
        items = found.list or []
        return [item for item in items if not item.is_dir], [item.name for item in items if item.is_dir]

    def _item(self, path: str) -> _Item | None:
        what = f"{path} in {self.place} could not be looked at"
        try:
            found: _Stat = self._asked(_Stat, "operations/stat", what, "", fs=self._address.place, remote=path)
        except Missing:
            return None
        return found.item

    def _done(self, verb: str, what: str, name: str, **parameters: object) -> None:
        """Let rclone do something. StoreError."""
        self._asked(_Stat, verb, what, name, **parameters)

    def _asked(self, type: Any, verb: str, what: str, name: str, **parameters: object) -> Any:
        """Ask rclone, and return its answer. StoreError."""
        body = msgspec.json.encode(parameters)
        with self._running().answer("POST", f"/{verb}", {"Content-Type": "application/json"}, body) as response:
            data = self._body(response, name, _MAX_ANSWER_SIZE)
            if response.status_code != 200:
                raise self._refused(response.status_code, data, what, name)
        try:
            return msgspec.json.decode(data, type=type)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise Broken(f"{what}: rclone says what is not understood: {problem}", name=name) from None

    def _part(self, name: str, offset: int, size: int) -> bytes:
        """Read a part of the file, or less where it ends before."""
        with self._read(name, {"Range": f"bytes={offset}-{offset + size - 1}"}) as response:
            if response.status_code == 416:
                return b""
            if response.status_code == 200:
                return self._body(response, name, _MAX_OBJECT_SIZE)[offset : offset + size]
            if not response.headers.get("content-range", "").startswith(f"bytes {offset}-"):
                raise Broken(f"{self.place} sent another part of {name} than was asked for", name=name)
            return self._body(response, name, size)

    @contextmanager
    def _read(self, name: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        path = f"/{quote(f'[{self._address.place}]')}/{place_of(name)[1]}"
        with self._running().answer("GET", path, headers) as response:
            if response.status_code not in (200, 206, 416):
                data = self._body(response, name, _MAX_ANSWER_SIZE)
                raise self._refused(response.status_code, data, f"{name} in {self.place} could not be read", name)
            yield response

    def _refused(self, status: int, data: bytes, what: str, name: str) -> StoreError:
        try:
            words = msgspec.json.decode(data, type=_Refused).error
        except (msgspec.DecodeError, UnicodeDecodeError):
            words = data.decode("utf-8", "replace")
        found = refusal(status, words, what, name)
        if isinstance(found, Missing) and name and not what.endswith("written"):
            return Missing(f"There is no {name} in {self.place}", name=name)
        return found

    def _body(self, response: httpx.Response, name: str, limit: int) -> bytes:
        parts, left = [], limit
        for part in response.iter_raw():
            left -= len(part)
            if left < 0:
                raise Broken(f"{name or 'An answer'} in {self.place} is larger than it can be", name=name)
            parts.append(part)
        return b"".join(parts)

    def _ends(self, name: str, end: int) -> Broken:
        return Broken(f"{name} in {self.place} ends before byte {end}", name=name)

    @contextmanager
    def _spooled(self, buffers: Sequence[Buffer]) -> Iterator[Path]:
        """Write the buffers into a file here, for as long as the block lasts. StoreError."""
        path = self._child.folder / f"put-{os.urandom(8).hex()}"
        try:
            with open(path, "xb") as file:
                file.writelines(memoryview(buffer).cast("B") for buffer in buffers)
        except OSError as problem:
            with suppress(OSError):
                path.unlink()
            raise Broken(
                f"{path} cannot be written: {os.strerror(problem.errno or 0)}",
                hint="rclone is given objects as files in the folder that TMPDIR names.",
            ) from None
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink()


def _moment(text: str, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return otherwise
