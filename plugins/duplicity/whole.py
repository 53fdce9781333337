"""Whole objects on backends of duplicity, none of which promises any.

Several of them, such as lftp's and paramiko's, write a file under its own name while it comes, so that a client that is
killed leaves half of it and a reader may meet it; and none can rename what is there. So:

- After the object's bytes comes a seal of 32 bytes: their number and a digest of them. What has no right seal is not
  there yet; `_get` takes it off again.
- After the file comes a mark, a second file of the same name with `_w` behind it, which no name of an object can have.
  Only what has a mark is listed, and has a size.

A put is over when the mark is there, and a delete begins with it. What is interrupted between the two leaves a file
that nobody lists; a later put of that name replaces it. The bytes of the mark do not matter. All backends keep this one
way, so that a folder can be reached by any of them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

MARK = b"_w"
SEAL_SIZE = 32
_MAGIC = b"yst1"
_DIGEST_SIZE = SEAL_SIZE - len(_MAGIC) - 8
_CHUNK = 1 << 20

Guard = Callable[[str, Callable[[], Any]], Any]
"""Carries out an operation of a backend, and makes one kind of exception of whatever it raises."""


class Whole:
    """A backend with the methods that the wrapped one has, but for those that cannot be relied on."""

    def __init__(self, backend: Any, guard: Guard, path: Callable[[bytes], Any], missing: Callable[[str], Exception]):
        """`path` makes what the backend takes for a file; `missing` what is raised for an object that is not there."""
        self._backend, self._guard, self._path, self._missing_error = backend, guard, path, missing
        # par2 makes recovery files of what goes through it. A mark needs none.
        self._marking = getattr(backend, "wrapped_backend", backend)
        for name in ("_delete_list", "_query", "_query_list", "_validate", "_retry_cleanup", "_close"):
            if hasattr(backend, name) and not (name == "_query_list" and self._marking is not backend):
                # par2's own _query_list asks for the size of a list.
                setattr(self, name, getattr(self, f"_guarded{name}"))
        for name in ("pre_process_download", "pre_process_download_batch"):
            if _brings_back(backend, name):
                setattr(self, name, lambda what, name=name: self._do(name, getattr(self._backend, name), what))

    def _put(self, source: Any, name: bytes) -> None:
        with _sealed(source.name):
            self._do("put", self._backend._put, source, name)
        mark = self._path(source.name + MARK)
        with open(mark.name, "wb") as file:
            file.write(b"whole\n")
        try:
            self._do("put", self._marking._put, mark, name + MARK)
        finally:
            os.unlink(mark.name)

    def _get(self, name: bytes, target: Any) -> None:
        self._do("get", self._backend._get, name, target)
        if not os.path.exists(target.name) or not _unseal(target.name):
            raise self._missing_error(f"{os.fsdecode(name)} is not there, or not all of it")

    def _list(self) -> Iterator[bytes]:
        found = {os.fsencode(name) for name in self._do("list", lambda: list(self._backend._list() or ()))}
        return (name for name in found if name + MARK in found)

    def _delete(self, name: bytes) -> None:
        if hasattr(self._backend, "_delete"):
            self._do("delete", self._marking._delete, name + MARK)
            self._do("delete", self._backend._delete, name)
        else:
            self._guarded_delete_list([name])

    def _guarded_delete_list(self, names: Sequence[bytes]) -> None:
        self._delete_several([name + MARK for name in names])
        self._delete_several([*names])

    def _delete_several(self, names: "list[bytes]") -> None:
        """Remove files of which some may not be there: several backends stop at the first of those."""
        try:
            self._do("delete", self._backend._delete_list, [*names])  # a copy: some change what they are given
        except Exception as problem:
            if not self._is_missing(problem):
                raise
            if len(names) > 1:
                for name in names:
                    self._delete_several([name])

    def _guarded_query(self, name: bytes) -> dict[str, Any]:
        if _size(self._do("query", self._backend._query, name + MARK)) == -1:
            return {"size": -1}
        return {"size": _without_seal(_size(self._do("query", self._backend._query, name)))}

    def _guarded_query_list(self, names: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
        asked = [*names, *(name + MARK for name in names)]
        found = self._do("query", self._backend._query_list, asked) or {}
        sizes = {name: _size(found.get(name)) for name in asked}
        return {name: {"size": -1 if sizes[name + MARK] == -1 else _without_seal(sizes[name])} for name in names}

    def _guarded_validate(self, name: bytes, size: int, source: Any) -> Any:
        with _sealed(source.name):
            source.setdata()
            return self._do("validate", lambda: self._backend._validate(name, size + SEAL_SIZE, source_path=source))

    def _guarded_retry_cleanup(self) -> None:
        self._do("retry_cleanup", self._backend._retry_cleanup)

    def _guarded_close(self) -> None:
        self._do("close", self._backend._close)

    def _is_missing(self, problem: Exception) -> bool:
        return getattr(problem, "code", None) == getattr(self._missing_error(""), "code", -1)

    def _do(self, operation: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._guard(operation, lambda: function(*arguments))


def _brings_back(backend: Any, name: str) -> bool:
    """Whether a backend can have objects in a cold tier. multi says so always, and asks its stores."""
    stores = getattr(backend, "_MultiBackend__stores", None)
    return hasattr(backend, name) if stores is None else any(hasattr(each.backend, name) for each in stores)


@contextmanager
def _sealed(path: bytes) -> Iterator[None]:
    """Put the seal behind a file's bytes, for a time."""
    with open(path, "rb") as file:
        seal, size = _seal_of(file, os.fstat(file.fileno()).st_size)
    try:
        with open(path, "ab") as file:
            file.write(seal)
        yield
    finally:
        os.truncate(path, size)


def _unseal(path: bytes) -> bool:
    """Take the seal off a file; False when it has none, or a wrong one."""
    size = os.stat(path).st_size - SEAL_SIZE
    if size < 0:
        return False
    with open(path, "rb") as file:
        expected, _ = _seal_of(file, size)
        if file.read() != expected:
            return False
    os.truncate(path, size)
    return True


def _seal_of(file: Any, size: int) -> tuple[bytes, int]:
    """Return the seal of the next `size` bytes, and their number."""
    digest, rest = blake2b(digest_size=_DIGEST_SIZE), size
    while rest and (data := file.read(min(rest, _CHUNK))):
        digest.update(data)
        rest -= len(data)
    return _MAGIC + size.to_bytes(8, "little") + digest.digest(), size


def _without_seal(size: int | None) -> int | None:
    if size is None:
        return None
    return size - SEAL_SIZE if size >= SEAL_SIZE else -1


def _size(said: Any) -> int | None:
    return None if not said or said.get("size") is None else int(said["size"])
