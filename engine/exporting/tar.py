"""Members of a tar archive in the pax form (POSIX.1-2001), as GNU tar, bsdtar and Python read them.

A member is a header of 512 bytes, its data, and zeros up to a whole block. What the header cannot hold stands before it
in a member of type `x`, as records `LENGTH KEY=VALUE`: long names, exact times, attributes (SCHILY.xattr.NAME), ACLs as
text (SCHILY.acl.access and .default, which GNU tar sets with --acls), large numbers. A sparse file is of the form
GNU.sparse 1.0: its data begins with a map, offset and size of each piece in decimal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IMODE
from struct import Struct, iter_unpack

from yester.engine.entries import Entry, Span

BLOCK = 512
END = bytes(2 * BLOCK)
"""Two blocks of zeros end an archive."""

_FIELDS = Struct("100s8s8s8s12s12s8ss100s8s32s32s8s8s155s12x")
_SUM = 6
"""Which field holds the sum."""
_MAGIC = b"ustar\x0000"
_LINK = b"1"
_TYPES = {S_IFREG: b"0", S_IFLNK: b"2", S_IFCHR: b"3", S_IFBLK: b"4", S_IFDIR: b"5", S_IFIFO: b"6"}
"""By file type; a socket has none."""

_SECOND_NS = 10**9
_SIZE_LIMIT, _ID_LIMIT, _DEVICE_LIMIT = 8**11, 8**7, 8**7
_ACLS = {b"system.posix_acl_access": b"SCHILY.acl.access", b"system.posix_acl_default": b"SCHILY.acl.default"}
_ACL_TAGS = {1: b"user::", 2: b"user:%d:", 4: b"group::", 8: b"group:%d:", 16: b"mask::", 32: b"other::"}
_ACL_ENTRY = "<HHI"


@dataclass(frozen=True, slots=True)
class Member:
    """What stands before the data of one member, and how long the data is that the caller writes after it."""

    head: bytes
    data_size: int = 0


def fits(entry: Entry) -> bool:
    """Whether a tar archive can hold an entry of this type."""
    return S_IFMT(entry.mode) in _TYPES


def padding(size: int) -> bytes:
    """Return the zeros that follow data of this size."""
    return bytes(-size % BLOCK)


def member(
    entry: Entry,
    path: bytes,
    xattrs: Mapping[bytes, bytes],
    *,
    link: bytes = b"",
    spans: Sequence[Span] | None = None,
) -> Member:
    """Return the head of an entry at `path`; of a further name of a file, `link` is the path of the first.

    `spans` are holes and data of a sparse file. The data of a regular file is written after it by the caller, without
    its holes, and then `padding(data_size)`.
    """
    kind = S_IFMT(entry.mode)
    records: dict[bytes, bytes] = {}
    size, sparse = entry.size if kind == S_IFREG and not link else 0, b""
    name = path + b"/" if kind == S_IFDIR else path
    data_size = size
    if spans is not None and size:
        data_size = sum(span.data for span in spans)
        sparse = _map(spans)
        records |= {
            b"GNU.sparse.major": b"1",
            b"GNU.sparse.minor": b"0",
            b"GNU.sparse.name": name,
            b"GNU.sparse.realsize": b"%d" % size,
        }
        folder, _, last = name.rpartition(b"/")
        name = (folder + b"/" if folder else b"") + b"GNUSparseFile.0/" + last
        size = len(sparse) + data_size
    records |= _records(entry, xattrs)
    target = link or entry.target
    head = _header(entry, name, size, _LINK if link else _TYPES[kind], target, records)
    extended = _extended(name, records) if records else b""
    return Member(extended + head + sparse, data_size)


def _records(entry: Entry, xattrs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return what of times and attributes the header cannot hold."""
    records = {}
    seconds, fraction = divmod(entry.mtime_ns, _SECOND_NS)
    if fraction or not 0 <= seconds < _SIZE_LIMIT:
        records[b"mtime"] = _decimal(entry.mtime_ns)
    for name, value in xattrs.items():
        acl = _acl_text(value) if name in _ACLS else None
        if acl is not None:
            records[_ACLS[name]] = acl
        else:
            records[b"SCHILY.xattr." + name.replace(b"%", b"%25").replace(b"=", b"%3D")] = value
    return records


def _decimal(time_ns: int) -> bytes:
    sign, (seconds, fraction) = b"-" if time_ns < 0 else b"", divmod(abs(time_ns), _SECOND_NS)
    return (b"%s%d.%09d" % (sign, seconds, fraction)).rstrip(b"0").rstrip(b".")


def _acl_text(value: bytes) -> bytes | None:
    """Return an ACL, as the kernel gives it, as text; None when it is none."""
    if len(value) % 8 != 4 or value[:4] != b"\2\0\0\0":
        return None
    lines = []
    for tag, permissions, id in iter_unpack(_ACL_ENTRY, value[4:]):
        words = _ACL_TAGS.get(tag)
        if words is None:
            return None
        letters = bytes(letter if permissions & bit else 45 for bit, letter in ((4, 114), (2, 119), (1, 120)))
        lines.append((words % id if b"%" in words else words) + letters)
    return b",".join(lines)


def _map(spans: Iterable[Span]) -> bytes:
    """Return the map of a sparse file: the number of pieces, then offset and size of each."""
    pieces: list[tuple[int, int]] = []
    offset = 0
    for span in spans:
        offset += span.hole
        if span.data:
            pieces.append((offset, span.data))
        offset += span.data
    if not pieces or sum(pieces[-1]) != offset:
        pieces.append((offset, 0))
    text = b"%d\n" % len(pieces) + b"".join([b"%d\n%d\n" % piece for piece in pieces])
    return text + padding(len(text))


def _extended(name: bytes, records: Mapping[bytes, bytes]) -> bytes:
    """Return the member of type `x` that holds these records."""
    data = b"".join([_record(key, value) for key, value in records.items()])
    where = b"./PaxHeaders/" + name.rstrip(b"/").rpartition(b"/")[2]
    fields = [where[:100], b"0000644", b"0000000", b"0000000", b"%011o" % len(data), b"00000000000"]
    return _checked([*fields, b"", b"x", b"", _MAGIC, b"", b"", b"", b"", b""]) + data + padding(len(data))


def _record(key: bytes, value: bytes) -> bytes:
    """Return a record, whose length counts itself."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _header(entry: Entry, name: bytes, size: int, kind: bytes, target: bytes, records: dict[bytes, bytes]) -> bytes:
    """Return the header; what is too long or too large for it goes to `records`."""
    owner = entry.owner
    major, minor = entry.device or (0, 0)
    seconds = entry.mtime_ns // _SECOND_NS
    fields = [
        _text(b"path", name, 100, records),
        b"%07o" % S_IMODE(entry.mode),
        _number(b"uid", owner.uid, _ID_LIMIT, 7, records),
        _number(b"gid", owner.gid, _ID_LIMIT, 7, records),
        _number(b"size", size, _SIZE_LIMIT, 11, records),
        b"%011o" % (seconds if 0 <= seconds < _SIZE_LIMIT else 0),
        b"",
        kind,
        _text(b"linkpath", target, 100, records) if target else b"",
        _MAGIC,
        _text(b"uname", owner.user, 31, records),
        _text(b"gname", owner.group, 31, records),
        _device(major),
        _device(minor),
        b"",
    ]
    return _checked(fields)


def _text(key: bytes, value: bytes, limit: int, records: dict[bytes, bytes]) -> bytes:
    """Return what stands in the header; text that is long or not plain goes to `records` too.

    Bytes that are no UTF-8 stand there only where the header has no room: programs take records for UTF-8.
    """
    if len(value) > limit or (not value.isascii() and _is_utf8(value)):
        records[key] = value
    return value[:limit]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _number(key: bytes, value: int, limit: int, digits: int, records: dict[bytes, bytes]) -> bytes:
    if value >= limit:
        records[key] = b"%d" % value
        value = 0
    return b"%0*o" % (digits, value)


def _device(number: int) -> bytes:
    """Return a device number: octal, or where that has no room in base 256, as GNU tar has it."""
    return b"%07o" % number if number < _DEVICE_LIMIT else b"\x80" + number.to_bytes(7, "big")


def _checked(fields: Sequence[bytes]) -> bytes:
    """Return the header of these fields with its sum, which counts itself as eight blanks; zeros add nothing to it."""
    total = sum(b"".join(fields)) + 8 * 32
    return _FIELDS.pack(*fields[:_SUM], b"%06o\0 " % total, *fields[_SUM + 1 :])
