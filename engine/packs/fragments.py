"""Index fragments: which blobs lie where in a number of packs (docs/format.md, section 4.3)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError

from yester.engine.errors import Broken, DamageError, Missing, UsageError
from yester.engine.ids import ID_SIZE, FragmentId, PackId
from yester.engine.packs.packs import PACK_KINDS, PACK_LIMIT, PackDirectory, PackEntry, read_directory
from yester.engine.sealed.keys import Keys
from yester.engine.sealed.sealing import (
    HEADER_SIZE,
    ObjectKind,
    digest_of,
    name_of,
    open_record,
    seal_record,
    was_added_blind,
)
from yester.engine.store import Store, mending

_COUNT = Struct("<I")
_PACK = Struct(f"<{ID_SIZE}sQ{HEADER_SIZE}sI")


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one fragment says: the packs it names, and the fragments that are ignored because of it."""

    packs: tuple[PackEntry, ...]
    replaces: tuple[FragmentId, ...] = ()

    def encode(self) -> bytes:
        """Return the plain bytes of the fragment's record."""
        return b"".join((*_encode_replaces(self.replaces), *_encode_packs(self.packs)))

    @classmethod
    def decode(cls, data: bytes, name: str) -> "Fragment":
        """Return the fragment of these plain bytes; DamageError naming it when they make no sense."""
        try:
            replaces, at = _decode_replaces(data)
            return cls(tuple(_decode_packs(data, at, name)), replaces)
        except (ValueError, StructError) as error:
            raise DamageError(f"{name} is damaged: it makes no sense ({error})") from error


def _encode_replaces(replaces: Sequence[FragmentId]) -> Iterable[bytes]:
    return (_COUNT.pack(len(replaces)), *replaces)


def _encode_packs(packs: Sequence[PackEntry]) -> Iterable[bytes]:
    yield _COUNT.pack(len(packs))
    for entry in packs:
        directory = entry.directory.encode()
        yield _PACK.pack(entry.pack, entry.size, entry.header, len(directory))
        yield directory


def _decode_replaces(data: bytes) -> tuple[tuple[FragmentId, ...], int]:
    """Return the replaced fragments, and where they end."""
    (count,) = _COUNT.unpack_from(data)
    end = _COUNT.size + count * ID_SIZE
    if end > len(data):
        raise ValueError("cut off")
    return tuple(FragmentId(data[at : at + ID_SIZE]) for at in range(_COUNT.size, end, ID_SIZE)), end


def _decode_packs(data: bytes, at: int, name: str) -> Iterable[PackEntry]:
    (count,) = _COUNT.unpack_from(data, at)
    at += _COUNT.size
    for _ in range(count):
        pack, size, header, length = _PACK.unpack_from(data, at)
        at += _PACK.size
        if size > PACK_LIMIT or header[7] not in PACK_KINDS or at + length > len(data):
            raise ValueError("pack")
        yield PackEntry(PackId(pack), size, header, PackDirectory.decode(data[at : at + length], name))
        at += length
    if at != len(data):
        raise ValueError("length")


def list_fragments(store: Store) -> set[FragmentId]:
    """Return the fragments that the store lists; what only looks like one is passed over."""
    found = set()
    for name in store.list(name_of(ObjectKind.INDEX, b"")):
        with suppress(UsageError):
            found.add(FragmentId(digest_of(name)))
    return found


def put_fragment(store: Store, keys: Keys, fragment: Fragment) -> FragmentId:
    """Store an index fragment. The packs that it names must be stored."""
    name, content = seal_record(ObjectKind.INDEX, keys, fragment.encode())
    store.put(name, [content])
    return FragmentId(digest_of(name))


def get_fragment(store: Store, keys: Keys, fragment: FragmentId) -> Fragment:
    """Fetch an index fragment; DamageError when it is not what was written."""
    name = name_of(ObjectKind.INDEX, fragment)

    def read() -> tuple[bytes, Fragment]:
        data = store.get(name)
        return data, Fragment.decode(open_record(ObjectKind.INDEX, keys, name, data), name)

    try:
        data, content = mending(store, name, read)
    except Broken as error:
        raise DamageError(f"{name} is damaged: {error.what}") from error
    return Fragment(tuple(_as_they_are(store, keys, content.packs))) if was_added_blind(data) else content


def _as_they_are(store: Store, keys: Keys, packs: Iterable[PackEntry]) -> Iterator[PackEntry]:
    """Yield what packs say of themselves that a write-only client's fragment names; what cannot be read is left out.

    Such a client may not say what lies in other packs than its own, nor take fragments out of the index.
    """
    for entry in packs:
        with suppress(Missing, Broken, DamageError, UsageError):
            yield read_directory(store, entry.name, keys)
