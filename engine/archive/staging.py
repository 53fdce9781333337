"""Room on this machine for packs on their way to an archive and back: never more than agreed.

Archives work with files. A pack of a store whose objects are files of this machine is named in place, on every mirror
that has it whole; one of any other store is fetched into a folder first. What comes back goes into a folder always,
never into the store: an archive writes a file bit by bit, and an object is there whole or not at all. Whoever has
looked at it puts it into the store, and so on all mirrors.

Each is compared with the digest that it is called by before it is handed over, since archives ask no questions.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from blake3 import blake3

from yester.engine.archive.depot import Lent
from yester.engine.errors import Broken, DamageError, Missing, UsageError, YesterError
from yester.engine.ids import PackId
from yester.engine.places import Places, ensured
from yester.engine.profiles.profile import ArchiveSpec
from yester.engine.scratch import Scratch, held
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.engine.store import Store, mending, paths_of

SPARED_SIZE = 256 << 20
"""Bytes that are left free where packs are staged, for other programs."""
_PIECE = 1 << 20
_OUTGOING, _INCOMING = "out", "in"


def staging_folder(places: Places, spec: ArchiveSpec, repository: bytes) -> Path:
    """Return where packs of a repository are staged; `repository` is its id. UsageError for a relative path."""
    above = Path(spec.staging_folder).expanduser() if spec.staging_folder else places.cache / "archive"
    if not above.is_absolute():
        raise UsageError(
            f"staging_folder in [archive] of the profile takes an absolute path, not {spec.staging_folder}",
            hint='Such as: staging_folder = "/srv/staging"',
        )
    return above / f"yester-{repository.hex()[:16]}"


class Staging:
    """The packs of one store, as files that archives read and write. Processes may share the folder."""

    def __init__(self, store: Store, folder: Path, limit_size: int) -> None:
        """Nothing is made yet."""
        self._store, self._folder, self._limit_size = store, folder, limit_size

    @property
    def room_size(self) -> int:
        """How many bytes may be on their way at once: as agreed, and no more than there is room for."""
        above = next(each for each in (self._folder, *self._folder.parents) if each.exists())
        return min(self._limit_size, max(1, shutil.disk_usage(above).free - SPARED_SIZE))

    @contextmanager
    def lent(self, packs: Sequence[PackId]) -> Iterator[Mapping[PackId, Lent | str]]:
        """Give files of packs for the time of the block, or say in words why one cannot be given. StoreError."""
        scratch = Scratch(self._folder / _OUTGOING)
        try:
            with _worded(self._folder):
                lent = {pack: self._lent(pack, scratch.folder) for pack in packs}
            yield lent
        finally:
            scratch.close()

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Give a folder for what archives give back, for the time of the block.

        What a process that was killed, or ended by an error, left in it is there again, unless that is too much. While
        another process has that folder, it is another one.
        """
        folder = ensured(self._folder / _INCOMING)
        try:
            lock = held(folder)
        except BlockingIOError:
            with self._room_of_its_own() as own:
                yield own
            return
        try:
            if _size_of(folder) > self._limit_size:
                _empty(folder)
            yield folder
            _empty(folder)
        finally:
            os.close(lock)

    @contextmanager
    def _room_of_its_own(self) -> Iterator[Path]:
        scratch = Scratch(self._folder / _OUTGOING)
        try:
            yield scratch.folder
        finally:
            scratch.close()

    def _lent(self, pack: PackId, folder: Path) -> Lent | str:
        name = name_of(ObjectKind.DATA, pack)
        there = {path: sha1 for path in paths_of(self._store, name) if (sha1 := _sha1_of(path, pack))}
        if there:
            return Lent(tuple(map(str, there)), next(iter(there.values())))
        try:
            content = mending(self._store, name, partial(self._sound, name, pack))
        except Missing:
            return f"There is no {name} in {self._store.place}"
        except (DamageError, Broken) as problem:
            return problem.what
        path = folder / name
        path.write_bytes(content)
        return Lent((str(path),), hashlib.sha1(content, usedforsecurity=False).hexdigest())

    def _sound(self, name: str, pack: PackId) -> bytes:
        content = self._store.get(name)
        if blake3(content).digest() != pack:
            raise DamageError(f"{name} in {self._store.place} is not what was written", hint="Run `yester check`.")
        return content


def _sha1_of(path: Path, pack: PackId) -> str:
    """Return the SHA-1 of a file that is a pack; empty when it is not, or cannot be read."""
    sha1, own = hashlib.sha1(usedforsecurity=False), blake3()
    try:
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                sha1.update(piece)
                own.update(piece)
    except OSError:  # this mirror lacks it, or its disk is not there: the store knows what to do
        return ""
    return sha1.hexdigest() if own.digest() == pack else ""


def _size_of(folder: Path) -> int:
    size = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            size += path.lstat().st_size
    return size


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _worded(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise YesterError(
            f"{folder} cannot hold packs on their way: {problem.strerror}",
            hint="staging_folder in [archive] of the profile puts them elsewhere, and staging_size says how many.",
        ) from None
