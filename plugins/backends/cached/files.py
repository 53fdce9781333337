"""The files of the cache: each whole or not there, private, never waited for, and never believed without a look.

Objects whose name is the digest of their bytes are kept as they are. Blocks of data packs end in a digest of their own,
over what they are a block of. Nothing is made durable: what a power cut leaves is noticed by its digest.

Many processes use one folder. None holds a lock: files appear by rename, and who finds one gone fetches it again.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

from yester.engine.store import Buffer

KINDS = frozenset({"meta", "index", "snap", "label", "tomb"})
"""What is kept whole and always: small beside the data, and what all else begins with. Not key slots: one that was
removed must not lie about."""

OBJECTS, BLOCKS = "objects", "blocks"
_SHARDED = frozenset({"meta", "data"})
_NEW = ".new-"
_STALE_S = 3600
_DIGEST_SIZE = 32


def kind_of(name: str) -> str:
    """Return the kind of an object."""
    return name.partition(".")[0]


class CacheFiles:
    """What one repository has in the cache; every failure is as if a file were not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects, self._blocks = str(folder / OBJECTS), str(folder / BLOCKS)
        self._made: set[str] = set()

    # Whole objects

    def has(self, name: str) -> bool:
        """Whether an object is kept."""
        return os.path.exists(self.path(name))

    def read(self, name: str) -> bytes | None:
        """Return a kept object, whatever it may hold by now."""
        return _read(self.path(name))

    def read_part(self, name: str, offset: int, size: int) -> bytes | None:
        """Return a part of a kept object; None when it has no such part."""
        try:
            file = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            found = os.pread(file, size, offset)
        except OSError:
            return None
        finally:
            os.close(file)
        return found if len(found) == size else None

    def write(self, name: str, buffers: Sequence[Buffer]) -> bool:
        """Keep an object; whether that went well."""
        return self._write(self.path(name), buffers)

    def drop(self, name: str) -> bool:
        """Remove an object and all of its blocks; whether there were any."""
        paths = [self.path(name), *(str(path) for path in self._shard(name).glob(f"{_digest(name)}.*"))]
        return sum(map(_unlink, paths)) > 0

    def names(self, kind: str) -> set[str]:
        """Return the names of kept objects of a kind, those of which there are only blocks among them."""
        found = {name for name, _ in self._walk(Path(self._objects, kind)) if name.startswith(f"{kind}.")}
        if kind == "data":
            found.update(f"data.{name.partition('.')[0]}" for name, _ in self._walk(Path(self._blocks)))
        return found

    def path(self, name: str) -> str:
        """Return where an object is kept."""
        kind = kind_of(name)
        shard = f"/{_digest(name)[:2]}" if kind in _SHARDED else ""
        return f"{self._objects}/{kind}{shard}/{name}"

    # Blocks

    def read_block(self, name: str, number: int, size: int) -> bytes | None:
        """Return a kept block of this size; ValueError when it is not what was kept."""
        data = _read(self.block(name, number))
        if data is None:
            return None
        content = data[:-_DIGEST_SIZE]
        if len(content) != size or _block_digest(name, number, content) != data[-_DIGEST_SIZE:]:
            raise ValueError("not what was kept")
        return content

    def write_block(self, name: str, number: int, content: bytes) -> bool:
        """Keep a block; whether that went well."""
        return self._write(self.block(name, number), [content, _block_digest(name, number, content)])

    def block(self, name: str, number: int) -> str:
        """Return where a block is kept."""
        return f"{self._blocks}/{_digest(name)[:2]}/{_digest(name)}.{number}"

    def _shard(self, name: str) -> Path:
        return Path(self._blocks, _digest(name)[:2])

    # All of them

    def data(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield what is kept of data packs; what killed processes left is removed on the way."""
        for folder in (Path(self._blocks), Path(self._objects, "data")):
            for _, path in self._walk(folder):
                with suppress(OSError):
                    yield path, os.stat(path)

    def _walk(self, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield name and path of each file in a folder or one below it."""
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path))
            elif entry.name.startswith(_NEW):
                _sweep(entry.path)
            else:
                yield entry.name, entry.path

    def _write(self, path: str, buffers: Sequence[Buffer]) -> bool:
        try:
            self._write_new(path, buffers)
        except FileNotFoundError:
            # Somebody cleared the cache.
            self._made.clear()
            try:
                self._write_new(path, buffers)
            except OSError:
                return False
        except OSError:
            return False
        return True

    def _write_new(self, path: str, buffers: Sequence[Buffer]) -> None:
        folder = os.path.dirname(path)
        if folder not in self._made:
            _make(folder)
            self._made.add(folder)
        fresh = f"{folder}/{_NEW}{os.getpid()}-{os.urandom(8).hex()}"
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                for buffer in buffers:
                    file.write(buffer)
            os.rename(fresh, path)
        except BaseException:
            _unlink(fresh)
            raise


def _make(folder: str) -> None:
    """Make a folder and those above it, all of them private."""
    with suppress(FileExistsError):
        try:
            os.mkdir(folder, 0o700)
        except FileNotFoundError:
            _make(os.path.dirname(folder))
            os.mkdir(folder, 0o700)


def _digest(name: str) -> str:
    return name.partition(".")[2]


def _block_digest(name: str, number: int, content: bytes) -> bytes:
    return blake3(content).update(f"{name} {number}".encode()).digest()


def _read(path: str) -> bytes | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        size = os.fstat(file).st_size
        parts = [os.read(file, size + 1)]
        while parts[-1] and sum(map(len, parts)) < size:
            parts.append(os.read(file, size))
        return parts[0] if len(parts) == 1 else b"".join(parts)
    except OSError:
        return None
    finally:
        os.close(file)


def _unlink(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def _sweep(path: str) -> None:
    with suppress(OSError):
        if time.time() - os.stat(path).st_mtime > _STALE_S:
            os.unlink(path)
