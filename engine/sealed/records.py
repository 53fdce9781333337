"""Records: the small sealed objects that say what a repository holds (docs/format.md, section 4.4).

This module is the authority for their fields. They are msgpack maps; readers ignore keys that they do not know, so that
fields can be added, and refuse wrong types. Times are ns since 1970, sizes bytes.
"""

from typing import Annotated, TypeVar

import msgspec

from yester.engine.errors import DamageError
from yester.engine.sealed.sealing import ObjectKind

Id = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
ShortId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Statistics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run saw and did."""

    entries: Count = 0
    files: Count = 0
    size: Count = 0
    new: Count = 0
    changed: Count = 0
    unchanged: Count = 0
    failed: Count = 0
    added_size: Count = 0
    """Plain bytes of blobs that were new to the repository."""
    stored_size: Count = 0
    """What they take in the store."""
    duration_ns: Count = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One state of a profile's sources. Never changed after it is written; its id is the digest of its object."""

    time_ns: int
    end_ns: int
    host_id: ShortId
    host: str
    user: str
    profile_id: ShortId
    profile: str
    sources: tuple[bytes, ...]
    """Folders and files that were taken; none when there are only streams."""
    root: bytes
    """An encoded leaf node of one row (engine/trees/pages.py): the entry of `/`."""
    writer: ShortId
    sequence: Count
    """This writer's snapshots count up from 1."""
    previous: Id | None = None
    """This writer's snapshot before."""
    parent: Id | None = None
    """The snapshot that this one was compared with."""
    links: Id | None = None
    errors: Id | None = None
    profile_text: Id | None = None
    streams: tuple[bytes, ...] = ()
    """Files whose content came out of pipes."""
    partial: bool = False
    suspicious: bool = False
    """A source that the one before had was gone, or had lost more than the profile finds likely."""
    original: Id | None = None
    """The snapshot that a rewrite or a repair made this one from."""
    copy_of: Id | None = None
    """The snapshot that this one is a copy of, in whichever repository that was taken."""
    program: str = ""
    statistics: Statistics = Statistics()


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person says about a snapshot. The label with the highest (counter, writer) counts."""

    snapshot: Id
    counter: Count
    writer: ShortId
    name: str | None = None
    tags: tuple[str, ...] = ()
    pinned: bool = False
    note: str = ""


class Tombstone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A snapshot was forgotten on purpose."""

    snapshot: Id
    writer: ShortId
    time_ns: int
    reason: str = ""
    of_writer: ShortId | None = None
    """Who took the snapshot, if known, and as which of its own: then a prune can tell when nobody will miss it."""
    of_sequence: Count = 0


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A writer is at work."""

    id: ShortId
    writer: ShortId
    host: str
    started_ns: int
    purpose: str = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prune is about to delete these packs; it judged by these index fragments."""

    packs: tuple[Id, ...]
    fragments: tuple[Id, ...]
    writer: ShortId
    time_ns: int
    purge: bool = False
    """An archive holds these packs, and the index goes on naming them."""


class Holding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an archive has of one data pack. Told apart by pack, archive and job (engine/archive/holdings.py)."""

    pack: Id
    archive: str
    """The archive's guid."""
    policy: str
    """The uuid of the storage policy by which it was taken."""
    job: str
    size: Count
    """Of the pack."""
    sha1: str
    """Of the pack, in hexadecimal digits."""
    archived_ns: int
    external_ids: tuple[str, ...] = ()
    """What the archive calls its copy: handed back to it."""
    archive_name: str = ""
    """What a person knows the archive by, for when it is not installed."""
    volumes: tuple[str, ...] = ()
    """What the copy lies on, such as tapes, as the archive names them."""
    verified_ns: int = 0
    """When the copy was last found to be what was archived; 0: never."""
    is_trusted: bool = False
    """It was the archive's own verification, which the person accepts; the bytes were not read back."""


class Holdings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What archives were given, or need no longer keep; short ids are those of holdings."""

    writer: ShortId
    time_ns: int
    held: tuple[Holding, ...] = ()
    released: tuple[ShortId, ...] = ()
    """Nobody counts on these: the archive may delete them."""
    dropped: tuple[ShortId, ...] = ()
    """The archive has these no longer."""


Record = Snapshot | Label | Tombstone | Session | Mark | Holdings
R = TypeVar("R", bound=Record)

KINDS: dict[type[Record], ObjectKind] = {
    Snapshot: ObjectKind.SNAPSHOT,
    Label: ObjectKind.LABEL,
    Tombstone: ObjectKind.TOMBSTONE,
    Session: ObjectKind.SESSION,
    Mark: ObjectKind.MARK,
    Holdings: ObjectKind.HOLDING,
}
"""The kind of object that each record is stored as."""

_DECODERS: dict[type[msgspec.Struct], "msgspec.msgpack.Decoder[Record]"] = {
    kind: msgspec.msgpack.Decoder(kind) for kind in KINDS
}
_encoder = msgspec.msgpack.Encoder()


def encode_record(record: Record) -> bytes:
    """Return the plain bytes of a record."""
    return _encoder.encode(record)


def decode_record(kind: type[R], data: bytes, name: str) -> R:
    """Read the plain bytes of the record `name`; DamageError, naming it, when they are no such record."""
    try:
        record = _DECODERS[kind].decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DamageError(f"{name} is damaged: {error}", hint="Run `yester check`.") from None
    assert isinstance(record, kind)
    return record
