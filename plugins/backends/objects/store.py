"""A store in a bucket, laid out as in a folder: each can serve what any program has copied from the other.

An object is there whole or not at all, since no request is done before all of its bytes are there. What an upload in
parts leaves behind when it is killed is not listed, costs money, and goes with a tidy after a day.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from yester.engine.errors import Broken, Exists, Missing, Offline, Retry, StoreError
from yester.engine.store import Buffer, Capabilities, Readiness
from yester.plugins.backends.folder_layout import OTHER, SHARD, SHARDED, belongs, folder_of, place_of
from yester.plugins.backends.objects.address import Address
from yester.plugins.backends.objects.client import Client, Refused
from yester.plugins.backends.objects.meanings import Meaning
from yester.plugins.backends.objects.tiers import Tiers

_MAX_OBJECT_SIZE = 1 << 30
"""No object of the format comes near; a larger one is not read into memory."""
_UNKNOWN = 501
"""What servers answer that know no conditions and say so."""

ClassOf = Callable[[str, str], str]
"""An object's name and group → its storage class; empty: the bucket's own."""


class ObjectsStore:
    """A store in a bucket, or below a prefix in one. Threads share it."""

    folder = None

    def __init__(
        self,
        address: Address,
        client: Client,
        tiers: Tiers,
        *,
        class_of: ClassOf = lambda name, group: "",
        deletes_blindly: bool = False,
    ) -> None:
        """`deletes_blindly`: the server does not say when there was nothing to delete."""
        self._address, self._client, self._tiers = address, client, tiers
        self._class_of, self._deletes_blindly = class_of, deletes_blindly
        self._creates: bool | None = None
        """Whether the server heeds that an object must not be there; None until it has been tried."""
        self._creating = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """Ranges; atomic creation, unless the server turns out at the first use to overwrite all the same."""
        return Capabilities(ranges=True, if_absent=self._creates is not False, tier=self._tiers.are_there)

    @property
    def place(self) -> str:
        """The URL."""
        return str(self._address)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Store the object in the class that its name and group have."""
        key, storage_class = self._key(name), self._class_of(name, group)
        with self._told(name, "written"):
            if if_absent:
                self._create(name, key, [b"".join(buffers)], storage_class)
            else:
                self._client.put(key, buffers, storage_class)

    def get(self, name: str) -> bytes:
        """Read the whole object; Broken when it is larger than any can be."""
        key = self._key(name)
        with self._told(name, "read"):
            data = self._client.get(key, _MAX_OBJECT_SIZE)
        if data is None:
            raise Broken(f"{name} in {self.place} is larger than any object can be", name=name)
        return data

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Read a part of the object."""
        if offset < 0 or size < 0:
            raise ValueError("a range begins and ends inside an object")
        key = self._key(name)
        if not size:
            data, is_there = b"", offset <= self.query(name)
        else:
            data = self._part(name, key, offset, size)
            is_there = len(data) == size
        if not is_there:
            raise Broken(f"{name} in {self.place} ends before byte {offset + size}", name=name)
        return data

    def list(self, prefix: str = "") -> Iterator[str]:
        """Read only the folders that the prefix may lie in, a page at a time."""
        with self._told("", "listed"):
            for key in self._keys(prefix):
                folder, _, name = self._address.path(key).rpartition("/")
                if name.startswith(prefix) and belongs(folder, name):
                    yield name

    def query(self, name: str) -> int:
        """Return the size of the object."""
        key = self._key(name)
        with self._told(name, "read"):
            return self._client.size(key)

    def delete(self, name: str) -> None:
        """Remove the object; with versioning on, the bucket keeps what it is told to."""
        key = self._key(name)
        with self._told(name, "deleted"):
            if self._deletes_blindly:
                self._client.size(key)
            self._client.delete(key)

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Ask for objects in cold classes to be restored, and say how far that is."""
        return self._tiers.prepare({name: self._key(name) for name in names})

    def tidy(self) -> None:
        """Drop uploads in parts that nobody ended for a day."""
        self._tiers.tidy()

    def close(self) -> None:
        """Nothing is held but idle connections, which end by themselves."""

    def _key(self, name: str) -> str:
        return self._address.key(place_of(name)[1])

    def _create(self, name: str, key: str, buffers: Sequence[Buffer], storage_class: str) -> None:
        """Store what is not there; look first, one at a time, until the server has been seen to heed that."""
        if self._creates:
            self._put_new(name, key, buffers, storage_class)
            return
        with self._creating:
            if self._is_there(key):
                raise self._exists(name)
            if self._creates is None:
                self._creates = self._put_first(name, key, buffers, storage_class)
            else:
                self._client.put(key, buffers, storage_class)

    def _put_first(self, name: str, key: str, buffers: Sequence[Buffer], storage_class: str) -> bool:
        """Store the first that is created, which was not there; returns whether the server heeds that it must not."""
        try:
            self._put_new(name, key, buffers, storage_class)
        except Refused as refused:
            if refused.failure.status != _UNKNOWN:
                raise
            self._client.put(key, buffers, storage_class)
            return False
        return not self._overwrites(key, buffers, storage_class)

    def _put_new(self, name: str, key: str, buffers: Sequence[Buffer], storage_class: str) -> None:
        try:
            self._client.put(key, buffers, storage_class, create=True)
        except Refused as refused:
            if refused.meaning.error is not Exists:
                raise
            # Two that create at the same time may both be told so by a server that let neither.
            if not self._is_there(key):
                raise Retry(f"{name} in {self.place} was being written by another", name=name) from None
            raise self._exists(name) from None

    def _overwrites(self, key: str, buffers: Sequence[Buffer], storage_class: str) -> bool:
        """Whether the server lets what has just been created be created again: the very same bytes do no harm."""
        try:
            self._client.put(key, buffers, storage_class, create=True)
        except Refused as refused:
            if refused.meaning.error is not Exists:
                raise
            return False
        return True

    def _is_there(self, key: str) -> bool:
        try:
            self._client.size(key)
        except Refused as refused:
            if refused.meaning.error is not Missing:
                raise
            return False
        return True

    def _exists(self, name: str) -> Exists:
        return Exists(f"{name} is already in {self.place}", name=name)

    def _part(self, name: str, key: str, offset: int, size: int) -> bytes:
        """Return what there is of a part."""
        with self._told(name, "read"):
            try:
                return self._client.get_range(key, offset, size)
            except Refused as refused:
                if refused.failure.status != 416:
                    raise
                return b""

    def _keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys in and below the folders that names with this prefix may lie in."""
        kind, dot, rest = prefix.partition(".")
        if dot:
            yield from self._in_folder(folder_of(kind), rest[:2])
            return
        keys, folders = self._client.inside(self._address.key(""))
        yield from keys
        for found in map(self._address.path, folders):
            if found.startswith(kind) or found == OTHER:
                yield from self._in_folder(found, "")

    def _in_folder(self, folder: str, start: str) -> Iterator[str]:
        """Yield the keys of a folder of objects; `start` is how they go on after its name."""
        if folder not in SHARDED:
            yield from self._client.inside(self._address.key(folder))[0]
        elif SHARD.fullmatch(start):
            yield from self._client.inside(self._address.key(f"{folder}/{start}"))[0]
        else:
            yield from self._client.below(self._address.key(folder))

    @contextmanager
    def _told(self, name: str, done: str) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            raise meant(refused.meaning, self.place, name, done) from None


def meant(meaning: Meaning, place: str, name: str, done: str) -> StoreError:
    """Return the store error that a failure stands for; `done` is what could not be done to the object."""
    if meaning.error is Missing and name and done != "written":
        return Missing(f"There is no {name} in {place}", name=name)
    if meaning.error is Offline:
        return Offline(f"{name} in {place} cannot be read now: {meaning.words}", name=name, hint=meaning.hint)
    error = Broken if meaning.error in (Missing, Exists) else meaning.error
    return error(
        f"{name or 'The bucket'} in {place} could not be {done}: {meaning.words}", name=name, hint=meaning.hint
    )
