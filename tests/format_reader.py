"""An independent reader of a repository in a folder, written from docs/format.md alone: the witness that the page is
true and complete. It imports nothing of yester, checks every promise it meets and is in no hurry.

`Reader(folder, secret)` opens; `snapshots` maps ids to records; `items(id)` yields every entry in order.
"""

from base64 import b32decode, b32encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_ISDIR, S_ISREG
from typing import Any

import msgspec
from blake3 import blake3
from tests.format_nodes import (
    BARE,
    BLOBS,
    EXCLUDED,
    EXTENTS,
    LINKS,
    LISTED,
    UNREADABLE,
    DirectoryReader,
    ListReader,
    Node,
    Row,
    Sums,
    attribute_set,
)
from tests.format_objects import (
    KINDS,
    MIB,
    Fragment,
    Master,
    Pack,
    Place,
    Refused,
    config_is_of,
    config_of,
    derived,
    directory_places,
    keyed,
    need,
    opened_slot,
    record,
    slot_kind,
)

DATA, TREE, PAGE, LIST, XATTRS, _LINKS, TEXT = range(7)


def recovery_secret(shown: str) -> bytes:
    """The 32 bytes of a recovery key as it is shown."""
    letters = "".join(letter for letter in shown.upper() if letter.isalnum())
    key, check = letters[:52], letters[52:]
    secret = b32decode(key + "====")
    need(len(secret) == 32 and len(check) == 4, "length of a recovery key")
    need(b32encode(derived("yester v1 recovery check", secret)).decode()[:4] == check, "check group")
    return secret


@dataclass(frozen=True)
class Item:
    """One entry of a snapshot, with all that it says."""

    path: bytes
    ordinal: int
    inode: int
    row: Row
    xattrs: dict[bytes, bytes]
    extents: list[tuple[int, int]] | None
    blobs: list[tuple[bytes, int]]


@dataclass
class Reader:
    """A repository in a folder; `secret` is what goes through the derivation, None for a slot of kind `none`."""

    folder: Path
    secret: bytes | None = None
    objects: dict[str, Path] = field(default_factory=dict)
    master: Master = field(init=False)
    config: dict[str, Any] = field(init=False)
    packs: dict[str, Pack] = field(default_factory=dict)
    places: dict[bytes, tuple[str, Place]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.name.startswith(".put-"):
                self._meet(path)
        self.config = config_of(self.read("config"))
        self.master = self._unlocked()
        for name in self._named("data", "meta"):
            self.packs[name] = Pack.of(self.read(name), KINDS[name.partition(".")[0]], self.master)
        self._learn_places()

    def _meet(self, path: Path) -> None:
        """Check that a file lies where its name belongs, is closed to others, and is what its digest says."""
        kind, _, rest = path.name.partition(".")
        where = {"config": [], "data": ["data", rest[:2]], "meta": ["meta", rest[:2]]}.get(kind, [kind])
        need(list(path.relative_to(self.folder).parts[:-1]) == where, f"place of {path.name}")
        if kind not in ("config", "session"):
            need(blake3(path.read_bytes()).hexdigest() == rest, f"digest of {path.name}")
        self.objects[path.name] = path

    def _named(self, *kinds: str) -> list[str]:
        return sorted(name for name in self.objects if name.partition(".")[0] in kinds)

    def read(self, name: str) -> bytes:
        return self.objects[name].read_bytes()

    def _unlocked(self) -> Master:
        slots = [self.read(name) for name in self._named("key")]
        secured = [slot for slot in slots if slot_kind(slot) != "none"]
        for slot in secured or slots:
            master = opened_slot(slot, self.secret)
            if master is not None and config_is_of(self.read("config"), master):
                return master
        raise Refused("no slot opens")

    # Records

    def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of a kind that are maps and count (section 9), by the part of their names after the dot."""
        plain = {name: record(self.read(name), KINDS[kind], self.master) for name in self._named(kind)}
        found = {name: msgspec.msgpack.decode(data) for name, data in plain.items()}
        return {name.partition(".")[2]: each for name, each in found.items() if self._counts(name, each)}

    def is_blind(self, name: str) -> bool:
        """Whether a write-only client sealed an object."""
        return bool(self.read(name)[8] & 1)

    def _counts(self, name: str, found: dict[str, Any]) -> bool:
        """Whether a record is one that its writer may make: of a write-only client, not about what others have."""
        kind = name.partition(".")[0]
        if not self.is_blind(name) or kind not in ("tomb", "label", "mark", "holding"):
            return True
        about = f"snap.{found['snapshot'].hex()}" if kind in ("tomb", "label") else ""
        if about not in self.objects or not self.is_blind(about):
            return False
        snapshot = msgspec.msgpack.decode(record(self.read(about), KINDS["snap"], self.master))
        return bool(snapshot["writer"] == found["writer"])

    @property
    def snapshots(self) -> dict[str, dict[str, Any]]:
        """Snapshots that were not forgotten."""
        forgotten = {tomb["snapshot"].hex() for tomb in self.records("tomb").values()}
        return {id: found for id, found in self.records("snap").items() if id not in forgotten}

    @property
    def labels(self) -> dict[str, dict[str, Any]]:
        """The label of each snapshot that counts."""
        best: dict[str, dict[str, Any]] = {}
        for label in sorted(self.records("label").values(), key=lambda found: (found["counter"], found["writer"])):
            best[label["snapshot"].hex()] = label
        return best

    @property
    def held(self) -> dict[str, list[dict[str, Any]]]:
        """The holdings that count, by the names of their packs."""
        records = self.records("holding").values()
        void = {id for each in records for key in ("released", "dropped") for id in each.get(key, ())}
        best: dict[bytes, dict[str, Any]] = {}
        for holding in sorted((one for each in records for one in each.get("held", ())), key=_rank):
            best[_holding_id(holding)] = holding
        found: dict[str, list[dict[str, Any]]] = {}
        for id, holding in best.items():
            if id not in void:
                found.setdefault(f"data.{holding['pack'].hex()}", []).append(holding)
        return found

    @property
    def offline(self) -> set[str]:
        """Packs that are held and not listed."""
        return self.held.keys() - self.packs.keys()

    # Packs and index

    def _learn_places(self) -> None:
        """Know where blobs lie by the index, and that the packs' own directories say the same."""
        fragments = {
            name: Fragment.parse(record(self.read(name), KINDS["index"], self.master)) for name in self._named("index")
        }
        sure = [fragment for name, fragment in fragments.items() if not self.is_blind(name)]
        replaced = {f"index.{digest.hex()}" for fragment in sure for digest in fragment.replaces}
        for name, fragment in fragments.items():
            if name in replaced:
                continue
            for digest, (size, header, directory) in fragment.packs.items():
                pack_name = f"{'data' if header[7] == KINDS['data'] else 'meta'}.{digest.hex()}"
                if pack_name not in self.packs:
                    continue
                pack = self.packs[pack_name]
                if self.is_blind(name):
                    directory = pack.directory
                else:
                    need(len(pack.data) == size, "size of a pack in the index")
                    need(pack.sealed.header == header and pack.directory == directory, "a pack as the index has it")
                for place in directory_places(directory):
                    key = bytes([place.kind]) + place.short
                    # What a write-only client claims to hold comes last.
                    if key not in self.places or not self.is_blind(pack_name):
                        self.places[key] = (pack_name, place)

    def blob(self, kind: int, id: bytes) -> bytes:
        """The plain bytes of a blob, compared with its full id."""
        name, place = self.places[bytes([kind]) + id[:16]]
        plain = self.packs[name].blob(place, self.master)
        need(keyed(self.master.id_key(kind), plain) == id, "a blob is what its id says")
        return plain

    def every_blob(self) -> int:
        """Open all blobs and compare their short ids; returns how many."""
        for pack_name, place in self.places.values():
            plain = self.packs[pack_name].blob(place, self.master)
            need(keyed(self.master.id_key(place.kind), plain)[:16] == place.short, "a short id")
        return len(self.places)

    @property
    def lists(self) -> ListReader:
        return ListReader(lambda id: self.blob(LIST, id), self.master.page_key)

    @property
    def directories(self) -> DirectoryReader:
        return DirectoryReader(self.blob, self.master.page_key)

    # Trees

    def items(self, snapshot: str) -> Iterator[Item]:
        """Every entry of a snapshot in the order of ordinals, with the sums and links compared."""
        found = self.snapshots[snapshot]
        first = dict(self.lists.records(LINKS, found["links"])) if found.get("links") else {}
        node = Node.parse(found["root"])
        rows = node.rows()
        need(node.height == 0 and [row.name for row in rows] == [b"/"], "the root of a snapshot")
        need(node.entries == rows[0].own.entries, "entries of the root node")
        groups: dict[int, int | None] = {}
        for ordinal, (path, row) in enumerate(self._preorder(b"", rows[0])):
            groups[ordinal] = row.group
            inode = first.get(ordinal, ordinal)
            need(row.group is None or groups[inode] == row.group, "members of a link group")
            yield self._item(path, ordinal, inode, row)
        need(all(groups[member] is not None and of < member for member, of in first.items()), "the link table")

    def _preorder(self, path: bytes, row: Row) -> Iterator[tuple[bytes, Row]]:
        yield path or b"/", row
        if not S_ISDIR(row.mode):
            return
        assert row.sums is not None
        need(
            [length for _, length in row.refs] == ([] if row.marks & (UNREADABLE | EXCLUDED) else [0]), "a tree or none"
        )
        rows = self.directories.rows(row.refs[0][0]) if row.refs else []
        total = Sums(newest=row.nearest_mtime)
        for below in rows:
            total += below.own
        need(total == row.sums, f"sums of {path!r}: {total} is not {row.sums}")
        for below in rows:
            yield from self._preorder(path + b"/" + below.name, below)

    def _item(self, path: bytes, ordinal: int, inode: int, row: Row) -> Item:
        xattrs = {}
        if row.xattrs is not None:
            data = row.xattrs[1:] if row.xattrs[0] == 0 else self.blob(XATTRS, row.xattrs[1:])
            need((row.xattrs[0] == 0) == (len(data) <= 1024), "where an attribute set lies")
            xattrs = attribute_set(data)
        item = Item(path, ordinal, inode, row, xattrs, self._extents(row), self._blobs(row))
        _check_shape(item)
        return item

    def _extents(self, row: Row) -> list[tuple[int, int]] | None:
        if row.extents is None:
            return None
        if row.extents[0] == 1:
            pairs = [(hole, data) for hole, data in self.lists.records(EXTENTS, row.extents[1:])]
            need(len(pairs) > 32, "few extents are inline")
            return pairs
        numbers = [int.from_bytes(row.extents[i : i + 8], "little") for i in range(1, len(row.extents), 8)]
        need(0 < len(numbers) <= 64, "many extents are a list")
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    def _blobs(self, row: Row) -> list[tuple[bytes, int]]:
        if not S_ISREG(row.mode):
            return []
        if row.marks & LISTED:
            need(len(row.refs) == 1 and row.refs[0][1] == 0, "a list object is one ref")
            blobs = [(id, length) for length, id in self.lists.records(BLOBS, row.refs[0][0])]
            need(len(blobs) > 32, "few blobs are inline")
            return blobs
        need(len(row.refs) <= 32, "many blobs are a list")
        return list(row.refs)

    # Content

    def stream(self, item: Item) -> Iterator[bytes]:
        """The data stream of a file, a blob at a time."""
        for id, length in item.blobs:
            plain = self.blob(DATA, id)
            need(len(plain) == length, "length of a blob")
            yield plain

    def pieces(self, item: Item) -> Iterator[tuple[int, bytes]]:
        """The data of a file at its offsets; all between are holes."""
        data = b"".join(self.stream(item))
        at = taken = 0
        for hole, length in item.extents if item.extents is not None else [(0, len(data))]:
            at += hole
            if length:
                yield at, data[taken : taken + length]
            at, taken = at + length, taken + length
        need(taken == len(data), "extents are all of the data stream")

    def content(self, item: Item) -> bytes:
        """The bytes of a file that is not huge."""
        made = bytearray(item.row.size)
        for offset, data in self.pieces(item):
            made[offset : offset + len(data)] = data
        return bytes(made)


def _holding_id(holding: dict[str, Any]) -> bytes:
    return blake3(b"\0".join((holding["pack"], holding["archive"].encode(), holding["job"].encode()))).digest(16)


def _rank(holding: dict[str, Any]) -> tuple[int, int, list[str]]:
    return holding.get("verified_ns", 0), holding["archived_ns"], holding.get("external_ids", [])


def _check_shape(item: Item) -> None:
    """What an entry of its kind has, and what only that kind has."""
    row, kind = item.row, S_IFMT(item.row.mode)
    need((row.target is not None) == (kind == S_IFLNK), "a symbolic link has a target")
    need((row.device is not None) == (kind in (S_IFBLK, S_IFCHR)), "a device has numbers")
    need(not row.refs or kind in (S_IFREG, S_IFDIR), "only files and directories refer to blobs")
    need(row.extents is None or kind == S_IFREG, "only files have extents")
    need((row.group is not None) == (row.nlink > 1 and kind != S_IFDIR), "a link group")
    need(not row.flags or kind in (S_IFREG, S_IFDIR), "only files and directories have inode flags")
    need(not row.marks & BARE or not (item.xattrs or row.flags), "attributes that could not be read are not there")
    if kind == S_IFREG:
        _check_content(item)


def _check_content(item: Item) -> None:
    row = item.row
    need(all(0 < length <= MIB for _, length in item.blobs), "pieces of a file are chunks")
    stream = sum(length for _, length in item.blobs)
    if row.marks & UNREADABLE:
        need(not row.refs and row.extents is None, "an unreadable file has no content")
    elif item.extents is None:
        need(stream == row.size, "blobs are all of a file")
    else:
        need(stream == sum(data for _, data in item.extents), "extents are all of the data stream")
        need(row.size == sum(hole + data for hole, data in item.extents), "extents are all of a file")
        need(any(hole for hole, _ in item.extents), "extents that say nothing are not there")
