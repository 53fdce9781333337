"""One entry of a snapshot, in words and as JSON."""

import stat
from collections.abc import Iterator

import msgspec

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry, Mark
from yester.engine.events import Shown, path_fields, shown
from yester.engine.ids import BlobKind
from yester.engine.trees.directories import open_directory
from yester.engine.trees.xattrs import decode_set
from yester.tui.cli.wording import moment, printable, size, table

_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}

_MARKS = {
    Mark.CHANGED: "changed while it was read",
    Mark.UNREADABLE: "could not be read",
    Mark.EXCLUDED_MOUNT: "a mount point that was not entered",
    Mark.ATTRIBUTES_UNREADABLE: "attributes could not be read",
}


def children(source: BlobSource, entry: Entry) -> Iterator[Entry]:
    """Yield what is directly in a folder that was read."""
    for page, _, _ in open_directory(source, entry).leaves():
        for row in range(page.count):
            yield page.entry(row)


def listing(source: BlobSource, entry: Entry) -> list[str]:
    """Return the lines that show what is directly in a folder."""
    rows = [
        (
            stat.filemode(child.mode),
            _name(child.owner.user, child.owner.uid),
            _name(child.owner.group, child.owner.gid),
            size(child.summary.size if child.summary else child.size),
            moment(child.mtime_ns),
            printable(child.name) + _suffix(child),
        )
        for child in children(source, entry)
    ]
    return table(rows, right=(3,)) or ["(empty)"]


def _name(name: bytes, number: int) -> str:
    return printable(name) if name else str(number)


def _suffix(entry: Entry) -> str:
    target = f" -> {printable(entry.target)}" if entry.is_symlink else ""
    marks = _mark_words(entry)
    return target + (f"  ({'; '.join(marks)})" if marks else "")


def _mark_words(entry: Entry) -> list[str]:
    return [words for mark, words in _MARKS.items() if mark in entry.marks]


def details(source: BlobSource, path: bytes, entry: Entry) -> list[str]:
    """Return the lines that show all that is kept of an entry."""
    return table(rows_of(source, path, entry))


def rows_of(source: BlobSource | None, path: bytes, entry: Entry) -> list[tuple[str, str]]:
    """Return all that is kept of an entry, as rows of name and value; of one now there is no source."""
    owner = entry.owner
    return [
        ("path", printable(path)),
        ("type", _type(entry)),
        ("mode", f"{stat.filemode(entry.mode)} ({stat.S_IMODE(entry.mode):04o})"),
        ("owner", f"{_name(owner.user, owner.uid)}:{_name(owner.group, owner.gid)} ({owner.uid}:{owner.gid})"),
        ("size", f"{size(entry.size)} ({entry.size:,} bytes, {entry.blocks * 512:,} allocated)"),
        ("modified", moment(entry.mtime_ns)),
        ("changed", moment(entry.ctime_ns)),
        *([("born", moment(entry.birth_ns))] if entry.birth_ns is not None else []),
        ("links", str(entry.nlink)),
        *([("target", printable(entry.target))] if entry.is_symlink else []),
        *([("device", f"{entry.device[0]}, {entry.device[1]}")] if entry.device else []),
        *((printable(name), repr(value)[1:]) for name, value in _attributes(source, entry).items()),
        *(("note", words) for words in _mark_words(entry)),
    ]


def _type(entry: Entry) -> str:
    return _TYPES.get(stat.S_IFMT(entry.mode), "unknown")


def _attributes(source: BlobSource | None, entry: Entry) -> dict[bytes, bytes]:
    data = source.blob(BlobKind.XATTRS, entry.xattrs) if source is not None and entry.xattrs_stored else entry.xattrs
    return decode_set(bytes(data)) if data else {}


class _Attribute(msgspec.Struct, frozen=True):
    """An extended attribute; its name follows the rule for paths."""

    name: str
    name_b64: bytes | None
    value_b64: bytes


class _ShownEntry(Shown, frozen=True, omit_defaults=True, kw_only=True):
    """An entry as `--json` shows it; what is empty is left out."""

    type: str
    mode: int
    uid: int
    gid: int
    user: str = ""
    group: str = ""
    size: int
    blocks: int = 0
    nlink: int = 1
    mtime_ns: int
    ctime_ns: int
    birth_ns: int | None = None
    target: Shown | None = None
    device: tuple[int, int] | None = None
    flags: int = 0
    attributes: tuple[_Attribute, ...] = ()
    marks: tuple[str, ...] = ()
    entries_below: int | None = None
    size_below: int | None = None
    entries: tuple["_ShownEntry", ...] | None = None
    """Of a folder that was asked for: what is in it."""


def entry_as_json(source: BlobSource, path: bytes, entry: Entry) -> Shown:
    """Return an entry as `--json` shows it; a folder with what is directly in it."""
    alone = _described(source, path, entry)
    if not entry.is_directory:
        return alone
    found = children(source, entry) if entry.refs else iter(())
    inside = tuple(_described(source, child.name, child) for child in found)
    return msgspec.structs.replace(alone, entries=inside)


def described(source: BlobSource | None, path: bytes, entry: Entry) -> Shown:
    """Return an entry as `--json` shows it, without what is in a folder; of one now there is no source."""
    return _described(source, path, entry)


def _described(source: BlobSource | None, path: bytes, entry: Entry) -> _ShownEntry:
    text, exact = path_fields(path)
    owner, below = entry.owner, entry.summary
    return _ShownEntry(
        path=text,
        path_b64=exact,
        type=_type(entry),
        mode=entry.mode,
        uid=owner.uid,
        gid=owner.gid,
        user=shown(owner.user).path,
        group=shown(owner.group).path,
        size=entry.size,
        blocks=entry.blocks,
        nlink=entry.nlink,
        mtime_ns=entry.mtime_ns,
        ctime_ns=entry.ctime_ns,
        birth_ns=entry.birth_ns,
        target=shown(entry.target) if entry.is_symlink else None,
        device=entry.device,
        flags=entry.flags,
        attributes=tuple(_Attribute(*path_fields(name), value) for name, value in _attributes(source, entry).items()),
        marks=tuple(_mark_words(entry)),
        entries_below=below.entries if below else None,
        size_below=below.size if below else None,
    )
