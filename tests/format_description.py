"""What a snapshot says, as plain values that JSON can hold: told by the independent reader and by yester alike, so that
the two can be compared with each other and with what is written down for ever.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any
from urllib.parse import quote_from_bytes

from tests.format_nodes import Sums
from tests.format_reader import Item, Reader

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry, Mark, Span
from yester.engine.ids import BlobId, BlobKind, ListId, SnapshotId
from yester.engine.repository import Repository
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, walk
from yester.engine.trees.links import LinkTable
from yester.engine.trees.lists import BlobList, ExtentList
from yester.engine.trees.xattrs import decode_set

Description = dict[str, Any]


def shown(raw: bytes) -> str:
    """Any bytes as readable text."""
    return quote_from_bytes(raw, safe=" /!#$&'()*+,:;=?@[]~")


def sketch(pieces: Iterable[tuple[int, bytes]]) -> str:
    """A digest of data at its offsets, the same however the data is cut."""
    digest, end = hashlib.sha256(), -1
    for offset, data in pieces:
        digest.update(b"" if offset == end else b"@%d:" % offset)
        digest.update(data)
        end = offset + len(data)
    return digest.hexdigest()


CROWD = "/crowd/"


def abridged(entries: list[Description]) -> list[Description]:
    """The entries with those in `/crowd` as one digest."""
    crowd = [entry for entry in entries if entry["path"].startswith(CROWD)]
    few = [entry for entry in entries if not entry["path"].startswith(CROWD)]
    digest = hashlib.sha256(json.dumps(crowd, sort_keys=True).encode()).hexdigest()
    return [*few, {"path": CROWD, "entries": len(crowd), "sha256": digest}]


def outline(snapshot: Description, label: Description | None) -> Description:
    """What a snapshot's record and the label that counts say, all but `root` and `links`, which entries show."""
    return {
        key: _plain(value)
        for key, value in {**snapshot, "label": label}.items()
        if key not in ("root", "links") and value is not None
    }


def _plain(value: Any) -> Any:
    """The value with bytes as text, in msgpack's types."""
    if isinstance(value, bytes):
        return shown(value) if value.startswith(b"/") else value.hex()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _without_nothing(values: Description) -> Description:
    return {key: value for key, value in values.items() if value not in (None, 0, "", [], {}) or key == "ordinal"}


def _attributes(attributes: dict[bytes, bytes]) -> dict[str, str]:
    """Values by name, long ones by their digest."""
    return {
        shown(name): value.hex() if len(value) <= 64 else f"sha256:{hashlib.sha256(value).hexdigest()}"
        for name, value in attributes.items()
    }


def by_reader(reader: Reader, snapshot: str) -> list[Description]:
    """Every entry of a snapshot as the independent reader sees it."""
    return [_item(reader, item) for item in reader.items(snapshot)]


def _item(reader: Reader, item: Item) -> Description:
    row = item.row
    uid, gid, user, group = row.owner
    return _without_nothing(
        {
            "path": shown(item.path),
            "ordinal": item.ordinal,
            "inode": item.inode if item.inode != item.ordinal else None,
            "mode": f"{row.mode:o}",
            "owner": [uid, gid, shown(user), shown(group)],
            "mtime": row.mtime,
            "ctime": row.ctime,
            "birth": row.birth,
            "atime": row.atime,
            "size": row.size,
            "blocks": row.blocks,
            "nlink": row.nlink,
            "marks": row.marks,
            "target": shown(row.target or b""),
            "device": list(row.device or ()),
            "attributes": _attributes(item.xattrs),
            "extents": [list(pair) for pair in item.extents or ()],
            "flags": row.flags,
            "group": row.group,
            "below": _sums(row.sums),
            "lengths": [length for _, length in item.blobs],
            "content": sketch(reader.pieces(item)) if item.blobs else None,
        }
    )


def _sums(sums: Sums | None) -> list[int]:
    return [] if sums is None else [getattr(sums, each.name) for each in fields(sums)]


def by_yester(repository: Repository, snapshot: SnapshotId) -> list[Description]:
    """Every entry of a snapshot as yester sees it."""
    record, source = repository.snapshot(snapshot), repository.reader()
    table = LinkTable(source, ListId(BlobId(record.links))) if record.links is not None else None
    return [
        _entry(source, path, entry, ordinal, table.first(ordinal) if table else ordinal)
        for path, entry, ordinal in walk(source, decode_root(record.root))
    ]


def _entry(source: BlobSource, path: bytes, entry: Entry, ordinal: int, inode: int) -> Description:
    owner, summary = entry.owner, entry.summary
    lengths = _lengths(source, entry)
    return _without_nothing(
        {
            "path": shown(path),
            "ordinal": ordinal,
            "inode": inode if inode != ordinal else None,
            "mode": f"{entry.mode:o}",
            "owner": [owner.uid, owner.gid, shown(owner.user), shown(owner.group)],
            "mtime": entry.mtime_ns,
            "ctime": entry.ctime_ns,
            "birth": entry.birth_ns,
            "atime": entry.atime_ns,
            "size": entry.size,
            "blocks": entry.blocks,
            "nlink": entry.nlink,
            "marks": int(entry.marks),
            "target": shown(entry.target),
            "device": list(entry.device or ()),
            "attributes": _attributes(_set_of(source, entry)),
            "extents": [[span.hole, span.data] for span in _spans(source, entry)],
            "flags": entry.flags,
            "group": entry.link_group,
            "below": []
            if summary is None
            else [
                summary.entries,
                summary.files,
                summary.size,
                summary.newest_ns,
                summary.unreadable,
                summary.changed,
            ],
            "lengths": lengths,
            "content": sketch(_pieces(source, entry)) if lengths else None,
        }
    )


def _set_of(source: BlobSource, entry: Entry) -> dict[bytes, bytes]:
    stored = entry.xattrs_stored
    return decode_set(source.blob(BlobKind.XATTRS, entry.xattrs) if stored else entry.xattrs)


def _spans(source: BlobSource, entry: Entry) -> Iterable[Span]:
    if isinstance(entry.extents, bytes):
        return ExtentList(source, entry.extents)
    return entry.extents or ()


def _lengths(source: BlobSource, entry: Entry) -> list[int]:
    if not entry.is_file:
        return []
    listed = entry.marks & Mark.LIST
    return [ref.size for ref in (BlobList(source, ListId(entry.refs[0].blob)) if listed else entry.refs)]


def _pieces(source: BlobSource, entry: Entry) -> Iterable[tuple[int, bytes]]:
    """Data at its offsets, holes left out."""
    content, offset = Content.of(entry, source), 0
    for blob, start, length in content.pieces(0, entry.size):
        if blob is not None:
            yield offset, bytes(source.blob(BlobKind.DATA, blob)[start : start + length])
        offset += length
