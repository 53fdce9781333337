"""A repository in a folder of a WebDAV server (RFC 4918).

Objects lie where folder_layout.py says, so a repository here is one in a folder there. A put is a PUT under a name that
no object can have, and a MOVE to the object's: servers write into a file while it comes, and some leave half a file
under its name when the connection breaks. `Overwrite: F` on the MOVE is what creates only if absent; a server that
looks and then renames lets two writers through that ask in the same moment, so it is not called atomic.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from urllib.parse import quote, unquote_to_bytes

import httpx

from yester.engine.errors import Broken, Exists, Missing, MissingRepository, RepositoryError, StoreError
from yester.engine.store import Buffer, Capabilities, Readiness, Store, all_ready
from yester.plugins.backends.folder_layout import TEMPORARY, TOP, belongs, ends_test, place_of
from yester.plugins.backends.folder_opening import inspect
from yester.plugins.backends.folder_walk import walk
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import PATIENCE, patience_of
from yester.plugins.backends.webdav.address import Address, parse
from yester.plugins.backends.webdav.listing import REQUEST, Entry, Garbled, Listing, moment
from yester.plugins.backends.webdav.login import find_login
from yester.plugins.backends.webdav.refusals import refusal
from yester.plugins.backends.webdav.server import STALL_S, Body, Server, tls_context
from yester.plugins.options.spec import Option

_STALE_S = 86_400
_MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger file is not read into memory."""

_DONE = frozenset({200, 201, 202, 204})
_NOT_THERE = frozenset({404, 409, 410})
_XML = {"Content-Type": "application/xml; charset=utf-8"}

_Names = list[str]
_Entries = list[Entry]
"""Inside the class `list` is the store's verb."""

OPTIONS = {
    "user": Option("string", about="Who logs in, when the URL does not say it."),
    "password": Option("string", about="The password.", is_secret=True),
    "token": Option("string", about="A bearer token, in place of a password.", is_secret=True),
    "ca_file": Option("path", about="Certificates (PEM) that a server may be vouched for by, besides the system's."),
    "client_cert": Option("path", about="A certificate (PEM) that is shown to the server."),
    "client_key": Option("path", about="Its key (PEM), when it is not in the same file."),
    "timeout": Option("seconds", STALL_S, about="How long nothing may move before a request is made anew."),
    **PATIENCE,
}


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at a webdav:// or webdavs:// URL, with its retries. RepositoryError, UsageError."""
    address, said = parse(url), terms.options("webdav", OPTIONS)
    login = find_login(address.host, address.user, said, terms.environment)
    tls = tls_context(said["ca_file"], said["client_cert"], said["client_key"]) if address.is_secure else None
    server = Server(str(address), address.origin, auth=login.auth, tls=tls, stall_s=said["timeout"] or None)
    return guarded(WebdavStore(address, server, terms.create, terms.made), terms, patience_of(said))


class WebdavStore:
    """A store on a WebDAV server. Threads share it, each call with a connection to itself while they last."""

    folder = None

    def __init__(self, address: Address, server: Server, create: bool = False, made: _Names | None = None) -> None:
        """Look; with `create` make the folder, or take an empty one. RepositoryError when it cannot be.

        `made`: folders that were made for it, the innermost last; what is made now is added.
        """
        self._address, self._server, self._base = address, server, address.base
        self._ranges = True
        self._settled = False
        self._made = made if made is not None else []
        self._look_first = threading.Lock()
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
        """Ranges, unless the server sends whole files; creation is not atomic between clients."""
        return Capabilities(ranges=self._ranges, if_absent=False)

    @property
    def place(self) -> str:
        """The URL."""
        return str(self._address)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Send a file of its own beside the object, then give it the name; `group` is ignored."""
        folder, path = place_of(name)
        temporary = f"{folder}/{_temporary()}".lstrip("/")
        body = Body(buffers)
        status, error = self._sent(temporary, body, name)
        if status in _NOT_THERE and folder:
            self._make_folders(folder)
            status, error = self._sent(temporary, body, name)
        if error is not None:
            self._discard(temporary)
            if isinstance(error, Missing):
                raise Broken(error.what, name=name, hint="Was that folder moved there, or its disk taken away?")
            raise error
        try:
            with self._look_first if if_absent else nullcontext():
                # Some servers take the header, and overwrite.
                if if_absent and self._is_there(name):
                    raise self._exists(name)
                self._move(temporary, path, name, if_absent)
        except StoreError:
            self._discard(temporary)
            raise

    def get(self, name: str) -> bytes:
        """Read the whole file; Broken when it is larger than any object can be."""
        path = place_of(name)[1]
        with self._asked("GET", path, f"{name} in {self.place} could not be read", name) as response:
            return self._whole(response, name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Read a part of the file; of a server that knows no ranges the whole."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        path = place_of(name)[1]
        if size == 0 or offset + size > _MAX_OBJECT_SIZE:
            if offset + size > self.query(name):
                raise self._ends(name, offset + size)
            if size == 0:
                return b""
        what = f"{name} in {self.place} could not be read"
        headers = {"Range": f"bytes={offset}-{offset + size - 1}"}
        with self._asked("GET", path, what, name, headers=headers, good=(200, 206, 416)) as response:
            if response.status_code == 416:
                raise self._ends(name, offset + size)
            if response.status_code == 200:
                self._ranges = False
                data = self._whole(response, name)[offset : offset + size]
            else:
                data = self._part(response, name, offset, size)
        if len(data) < size:
            raise self._ends(name, offset + size)
        return data

    def list(self, prefix: str = "") -> Iterator[str]:
        """Read only the folders that the prefix may lie in; no connection is held between names."""
        for folder, entries in walk(prefix, self._inside):
            for entry in entries:
                name = entry.name.decode("ascii", "replace")
                if name.startswith(prefix) and belongs(folder, name):
                    yield name

    def query(self, name: str) -> int:
        """Return the size of the file."""
        path = place_of(name)[1]
        for entry in self._found(path, "0", f"{name} in {self.place} could not be read", name):
            if entry.is_folder or entry.size is None:
                raise Broken(f"{name} in {self.place} is not a file", name=name)
            return entry.size
        raise Missing(f"There is no {name} in {self.place}", name=name)

    def delete(self, name: str) -> None:
        """Remove the file."""
        path = place_of(name)[1]
        with self._asked("DELETE", path, f"{name} in {self.place} could not be deleted", name, good=_DONE):
            pass
        if ends_test(name):
            self._let_pass(place_of(name)[0])

    def _let_pass(self, folder: str) -> None:
        """Remove the folder of a test that is over, with what killed puts left in it; not if an object is there."""
        with suppress(StoreError):  # what stays is empty, or the next test's to remove
            names = [entry.name.decode("ascii", "replace") for entry in self._inside(folder)[0]]
            if all(name.startswith(TEMPORARY) for name in names):
                self._discard(f"{folder}/")

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        return all_ready(names)

    def tidy(self) -> None:
        """Look into every folder for what killed puts left."""
        # Best effort: the next prune tries again.
        with suppress(StoreError):
            now = self._now()
            for folder, entries in walk("", self._inside):
                for entry in entries:
                    name = entry.name.decode("ascii", "replace")
                    if name.startswith(TEMPORARY) and entry.changed_s is not None and now - entry.changed_s > _STALE_S:
                        self._discard(f"{folder}/{name}".lstrip("/"))

    def close(self) -> None:
        """End the connections. What was made for nothing goes again."""
        with suppress(StoreError):  # it is empty, and may stay
            while self._made and self._goes(self._made[-1]):
                self._made.pop()
        self._made.clear()
        self._server.close()

    # Opening

    def _open(self, create: bool) -> None:
        try:
            names = self._names()
        except Missing:
            if not create:
                raise MissingRepository(
                    f"There is no repository at {self.place}: there is no such folder",
                    hint=f"Check the path, or make a repository there: yester init {self.place}",
                ) from None
            self._make_base()
            names = self._names()
        inspect(self.place, names, create)
        self._settled = TOP in names

    def _names(self) -> _Names:
        """Return what is in the folder of the repository. Missing when there is none."""
        own = _unquoted(self._base)
        entries = tuple(self._found(self._base, "1", f"{self.place} cannot be used", ""))
        if any(entry.path == own and not entry.is_folder for entry in entries):
            raise RepositoryError(f"{self.place} is not a folder", hint="Give the URL of a folder.")
        return [entry.name.decode("utf-8", "replace") for entry in entries if entry.path != own]

    def _make_base(self) -> None:
        """Make the folder of the repository and those above it, from the lowest that the server lets us make."""
        parts = self._base.strip("/").split("/")
        paths = ["/" + "".join(f"{part}/" for part in parts[:end]) for end in range(len(parts), 0, -1)]
        lacking = []
        for path in paths:
            if self._makes(path, self._made):
                break
            lacking.append(path)
        for path in reversed(lacking):
            self._makes(path, self._made, needed=True)

    def _goes(self, path: str) -> bool:
        """Remove a folder in which nothing is; whether it is gone.

        Servers remove a folder with all in it, so it is looked at once more where nobody else finds it.
        """
        aside = f"{path.rstrip('/')}{_temporary()}/"
        if self._holds(path) or not self._renamed(path, aside):
            return False
        if self._holds(aside):
            self._renamed(aside, path)
            return False
        self._discard(aside)
        return True

    def _holds(self, path: str) -> bool:
        own = _unquoted(path)
        return any(entry.path != own for entry in self._found(path, "1", f"{path} could not be listed", ""))

    def _renamed(self, path: str, other: str) -> bool:
        headers = {"Destination": self._address.origin + other, "Overwrite": "F"}
        with self._server.answer("MOVE", path, headers) as response:
            return response.status_code in _DONE

    def _makes(self, path: str, made: _Names | None = None, *, needed: bool = False) -> bool:
        """Make a folder; whether it is there now. 405: it was there before; 409: the one above is not there.

        One that was made now is added to `made`.
        """
        with self._server.answer("MKCOL", path) as response:
            status = response.status_code
            if status in _DONE or status == 405:
                if made is not None and status != 405:
                    made.append(path)
                return True
            refused = self._refused(response, f"The folder {self.place} could not be made", "")
        # Who makes it in the same moment as another may be told anything (Apache: 403).
        if self._is_folder(path):
            return True
        if needed or status not in _NOT_THERE:
            raise refused
        return False

    def _is_folder(self, path: str) -> bool:
        try:
            return any(entry.is_folder for entry in self._found(path, "0", f"{path} could not be looked at", ""))
        except StoreError:
            return False

    # Putting

    def _sent(self, path: str, body: Body, name: str) -> tuple[int, StoreError | None]:
        """Send a file; return the status, and what it means when it is no success."""
        headers = {"Content-Type": "application/octet-stream"}
        with self._server.answer("PUT", self._at(path), headers, body) as response:
            if response.status_code in _DONE:
                return response.status_code, None
            what = f"{name} in {self.place} could not be written"
            return response.status_code, self._refused(response, what, name)

    def _make_folders(self, folder: str) -> None:
        """Make a folder of objects."""
        # Without its config, the folder is what is left where a disk is gone: nothing is made in there.
        if self._settled:
            self.query(TOP)
        top, _, shard = folder.partition("/")
        self._makes(self._at(top) + "/", needed=True)
        if shard:
            self._makes(self._at(folder) + "/", needed=True)

    def _move(self, temporary: str, path: str, name: str, if_absent: bool) -> None:
        """Give a finished file its name, replacing what has it unless `if_absent`."""
        headers = {
            "Destination": self._address.origin + self._at(path),
            "Overwrite": "F" if if_absent else "T",
        }
        with self._server.answer("MOVE", self._at(temporary), headers) as response:
            if response.status_code == 412:
                raise self._exists(name)
            if response.status_code == 207 or response.status_code not in _DONE:
                error = self._refused(response, f"{name} in {self.place} could not be given its name", name)
                raise Broken(error.what, name=name) if isinstance(error, Missing) else error

    def _is_there(self, name: str) -> bool:
        try:
            self.query(name)
        except Missing:
            return False
        return True

    def _exists(self, name: str) -> Exists:
        return Exists(f"{name} is already in {self.place}", name=name)

    def _discard(self, path: str) -> None:
        """Remove a file that is of no use any more; where that fails, a later tidy does."""
        with suppress(StoreError), self._server.answer("DELETE", self._at(path)):
            pass

    # Reading

    def _whole(self, response: httpx.Response, name: str) -> bytes:
        """Read an answer to its end."""
        parts, size = [], 0
        for part in response.iter_raw():
            size += len(part)
            if size > _MAX_OBJECT_SIZE:
                raise Broken(f"{name} in {self.place} is larger than any object can be", name=name)
            parts.append(part)
        return b"".join(parts)

    def _part(self, response: httpx.Response, name: str, offset: int, size: int) -> bytes:
        """Read the answer to a range; one that begins elsewhere, or is longer, is refused."""
        if not response.headers.get("content-range", "").startswith(f"bytes {offset}-"):
            raise Broken(f"{self.place} sent another part of {name} than was asked for", name=name)
        parts, left = [], size
        for part in response.iter_raw():
            left -= len(part)
            if left < 0:
                raise Broken(f"{self.place} sent more of {name} than was asked for", name=name)
            parts.append(part)
        return b"".join(parts)

    def _ends(self, name: str, end: int) -> Broken:
        return Broken(f"{name} in {self.place} ends before byte {end}", name=name)

    # Listing

    def _inside(self, folder: str) -> tuple[_Entries, _Names]:
        """Return the files in a folder, and the names of its folders; nothing when there is no such folder."""
        path = self._at(folder) + "/" if folder else self._base
        own = _unquoted(path)
        files: _Entries = []
        folders: _Names = []
        try:
            for entry in self._found(path, "1", f"{path} in {self.place} could not be listed", ""):
                if not entry.is_folder:
                    files.append(entry)
                elif entry.path != own:
                    folders.append(entry.name.decode("ascii", "replace"))
        except Missing:
            if not folder:
                raise Broken(f"{self.place} is no longer there", hint="Was that folder moved there?") from None
        return files, folders

    def _found(self, path: str, depth: str, what: str, name: str) -> Iterator[Entry]:
        """Yield what the server says is there, as it says it."""
        listing, headers = Listing(), {**_XML, "Depth": depth}
        with self._asked("PROPFIND", path, what, name, headers=headers, body=REQUEST, good=(207,)) as response:
            try:
                for data in response.iter_raw():
                    yield from listing.feed(data)
                yield from listing.feed(b"", last=True)
            except Garbled as problem:
                hint = "Is that the WebDAV part of the server?"
                raise Broken(f"{what}: the server sent {problem}", name=name, hint=hint) from None

    def _now(self) -> float:
        """Return what time it is there."""
        with self._server.answer("PROPFIND", self._base, {**_XML, "Depth": "0"}, REQUEST) as response:
            return moment(response.headers.get("date", "")) or time.time()

    # What all need

    def _at(self, path: str) -> str:
        """Return where the server has a path of the repository; one that is a path already stays."""
        return path if path.startswith("/") else self._base + quote(path)

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        what: str,
        name: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        good: "frozenset[int] | tuple[int, ...]" = (200,),
    ) -> Iterator[httpx.Response]:
        """Ask, and give the answer when it is a good one; else raise what it means."""
        follow = method == "GET"
        with self._server.answer(method, self._at(path), headers, body, follow=follow) as response:
            if response.status_code not in good:
                raise self._refused(response, what, name)
            yield response

    def _refused(self, response: httpx.Response, what: str, name: str) -> StoreError:
        status = response.status_code
        if status in (404, 410) and name and "written" not in what:
            return Missing(f"There is no {name} in {self.place}", name=name)
        later, elsewhere = response.headers.get("retry-after", ""), response.headers.get("location", "")
        return refusal(status, response.reason_phrase, what, name, later=later, elsewhere=elsewhere)


def _unquoted(path: str) -> bytes:
    """Return a quoted path as entries have it."""
    return unquote_to_bytes(path).rstrip(b"/")


def _temporary() -> str:
    return f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}"
