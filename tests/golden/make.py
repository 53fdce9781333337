"""Makes a golden repository by the code as it is, once for each version of the format: see README.md beside this.

    python -P -m tests.golden.make tests/golden/v2

What goes in is fixed, but for keys and salts. Entries are written as values, so that every kind of them is there
whoever runs this and wherever.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import msgspec
from blake3 import blake3
from tests.format_description import abridged, by_reader, outline
from tests.format_reader import Reader

from yester.engine.entries import Entry, Mark, Owner, Ref, Span, Summary
from yester.engine.ids import BlobId, BlobKind, SnapshotId
from yester.engine.packs.fragments import list_fragments
from yester.engine.packs.packs import list_packs, read_directory
from yester.engine.packs.writing import BlobWriter
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.config import CONFIG_NAME, PROGRAM, Config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.keyslots import SlotKind, new_recovery_key, new_slot, parse_recovery_key
from yester.engine.sealed.records import Label, Session, Snapshot, Statistics, Tombstone, encode_record
from yester.engine.sealed.records import Mark as MarkRecord
from yester.engine.sealed.sealing import ObjectKind, seal_record
from yester.engine.sealed.unlocking import Unlocked
from yester.engine.sessions import session_name
from yester.engine.trees.directories import TreeWriter, encode_root
from yester.engine.trees.links import write_links
from yester.engine.trees.lists import write_blob_list, write_extents
from yester.engine.trees.xattrs import INLINE_LIMIT, encode_set
from yester.plugins.backends.folder import FolderStore

PASSPHRASE = "grün, grün, grün"
NOW_NS = 1_795_000_000_000_000_000
WRITER, HOST, PROFILE = b"w" * 16, b"h" * 16, b"p" * 16
ROOT, PERSON, STRANGER = Owner(0, 0, b"root", b"root"), Owner(1000, 100, b"me", b"users"), Owner(4_000_000_000, 70_000)
ODD_PERSON = Owner(1001, 1001, b"m\xfcller", b"gr\xfcn")
NODUMP, IMMUTABLE = 0x40, 0x10
Nodes: TypeAlias = "Mapping[bytes, Nodes | Entry]"


def file(content_of: Iterable[Ref] = (), **more: object) -> Entry:
    """A regular file of these blobs; its name is given where it is put."""
    refs = tuple(content_of)
    size = sum(ref.size for ref in refs)
    entry = Entry(b"", S_IFREG | 0o644, PERSON, size, NOW_NS, NOW_NS + 1, NOW_NS - 5, blocks=8 * bool(refs), refs=refs)
    return replace(entry, **more)  # type: ignore[arg-type]


def other(kind: int, **more: object) -> Entry:
    """Anything that has no content."""
    return replace(Entry(b"", kind | 0o600, ROOT, 0, NOW_NS, NOW_NS), **more)  # type: ignore[arg-type]


class Maker:
    """Writes trees given as nested dictionaries of entries."""

    def __init__(self, repository: Repository, blobs: BlobWriter) -> None:
        self.blobs = blobs
        self.page_key = repository.keys.page_key
        self.ordinal = 0
        self.links: dict[int, int] = {}
        self.pairs: list[tuple[int, int]] = []

    def data(self, *contents: bytes) -> list[Ref]:
        """Store blobs of files."""
        return [Ref(self.blobs.add(BlobKind.DATA, content), len(content)) for content in contents]

    def attributes(self, attributes: dict[bytes, bytes]) -> dict[str, Any]:
        """Return what an entry with these attributes has."""
        encoded = encode_set(attributes)
        if len(encoded) <= INLINE_LIMIT:
            return {"xattrs": encoded}
        return {"xattrs": self.blobs.add(BlobKind.XATTRS, encoded), "xattrs_stored": True}

    def entries(self) -> Nodes:
        """Return one of everything."""
        noise = Random(1)
        many = [b"blob %d of many " % number * (1 + number % 9) for number in range(70)]
        spans = [Span(65_536 + number, 4 + number % 3) for number in range(70)]
        holed = self.data(b"".join(b"data"[: span.data].ljust(span.data, b"+") for span in spans))
        times: dict[str, Any] = {
            "mtime_ns": 2**70 + 1,
            "ctime_ns": -(2**66) - 7,
            "birth_ns": -(2**80),
            "atime_ns": 2**64,
        }
        linked: dict[str, Any] = {"nlink": 3, "link_group": 77}
        one = self.data(b"one inode, three names")
        return {
            b"contents": {
                b"empty": file(),
                b"text": file(self.data(b"all work and no play makes jack a dull boy\n" * 2000)),
                b"noise": file(self.data(noise.randbytes(5000))),
                b"two blobs": file(self.data(b"first,", b"second")),
                b"many blobs": file(
                    size=sum(map(len, many)),
                    refs=(Ref(write_blob_list(self.blobs.add, self.page_key, self.data(*many)), 0),),
                    marks=Mark.LIST,
                ),
            },
            b"holes": {
                b"all": file(size=1 << 40, extents=(Span(1 << 40, 0),)),
                b"last": file(self.data(b"data"), size=1 << 30, extents=(Span(0, 4), Span((1 << 30) - 4, 0))),
                b"between": file(self.data(b"ab", b"c"), size=2**33 + 3, extents=(Span(2**32, 2), Span(2**32, 1))),
                b"many": file(
                    holed,
                    size=sum(span.hole + span.data for span in spans),
                    extents=write_extents(self.blobs.add, self.page_key, spans),
                ),
            },
            b"kinds": {
                b"link": other(S_IFLNK, target=b"../contents/\xff\n", size=15),
                b"long link": other(S_IFLNK, target=b"x" * 4096, size=4096),
                b"fifo": other(S_IFIFO),
                b"socket": other(S_IFSOCK),
                b"null": other(S_IFCHR, device=(1, 3)),
                b"whiteout": other(S_IFCHR, device=(0, 0)),
                b"disk": other(S_IFBLK, device=(259, 70_000)),
                b"empty": {},
            },
            b"links": {
                b"a": file(one, **linked),
                b"b": file(one, **linked),
                b"below": {b"c": file(one, **linked), b"pipe": other(S_IFIFO, nlink=2, link_group=78)},
                b"pipe": other(S_IFIFO, nlink=2, link_group=78),
            },
            b"marks": {
                b"changed": file(self.data(b"half of it"), marks=Mark.CHANGED),
                b"unreadable": file(size=12_345, marks=Mark.UNREADABLE | Mark.ATTRIBUTES_UNREADABLE),
                b"unreadable folder": other(S_IFDIR, marks=Mark.UNREADABLE),
                b"mount point": other(S_IFDIR, marks=Mark.EXCLUDED_MOUNT),
            },
            b"attributes": {
                b"few": file(**self.attributes({b"user.\xff\n": b"", b"security.capability": b"\1\0\0\2" + bytes(16)})),
                b"many": file(**self.attributes({b"user.%03d" % number: b"value" * 5 for number in range(60)})),
                b"large": file(**self.attributes({b"user.large": noise.randbytes(3000), b"user.small": b"s"})),
                b"flags": file(flags=NODUMP | IMMUTABLE),
                b"setuid": file(mode=S_IFREG | 0o6755, owner=STRANGER),
                b"odd owner": file(owner=ODD_PERSON),
            },
            b"times": {
                b"huge": file(**times),
                b"before 1970": file(mtime_ns=-1, ctime_ns=-(2**31) * 10**9, birth_ns=None),
                b"access": file(atime_ns=-(2**63)),
            },
            b"names": {
                name: file()
                for name in (b"\xff\xfe", b"\n", b"...", b" ", b"-rf", b"n" * 1024, "é".encode(), bytes(range(1, 32)))
            },
            b"crowd": {b"%05d" % number: file(mtime_ns=NOW_NS + number) for number in range(1100)},
        }

    def directory(self, nodes: Nodes) -> tuple[BlobId, Summary]:
        """Store a directory and all below it, counting ordinals as it goes."""
        writer = TreeWriter(self.blobs.add, self.page_key)
        for name, node in sorted(nodes.items()):
            self.ordinal += 1
            if isinstance(node, Entry):
                self.link(node)
                writer.add(replace(node, name=name))
            else:
                tree, below = self.directory(node)
                folder = other(S_IFDIR, size=4096, nlink=2, refs=(Ref(tree, 0),), summary=below)
                writer.add(replace(folder, name=name))
        return writer.finish()

    def link(self, entry: Entry) -> None:
        """Note a member of a link group."""
        first = self.links.setdefault(entry.link_group, self.ordinal) if entry.link_group else self.ordinal
        if first != self.ordinal:
            self.pairs.append((self.ordinal, first))

    def snapshot(self, nodes: Nodes, **more: object) -> Snapshot:
        """Store a tree and return a snapshot of it."""
        self.ordinal, self.links, self.pairs = 0, {}, []
        tree, below = self.directory(nodes)
        root = other(S_IFDIR, name=b"/", size=4096, nlink=11, refs=(Ref(tree, 0),), summary=below)
        snapshot = Snapshot(
            time_ns=NOW_NS,
            end_ns=NOW_NS + 10**9,
            host_id=HOST,
            host="laptop",
            user="me",
            profile_id=PROFILE,
            profile="everything",
            sources=(b"/", b"/\xff"),
            root=encode_root(root),
            writer=WRITER,
            sequence=1,
            links=write_links(self.blobs.add, self.page_key, self.pairs) if self.pairs else None,
            program=PROGRAM,
            statistics=Statistics(entries=below.entries, files=below.files, size=below.size),
        )
        return msgspec.structs.replace(snapshot, **more)


def create(place: Path, master: MasterKey, recovery: str, places: Places) -> Repository:
    """Make the repository with two key slots."""
    store, keys = FolderStore(place, create=True), Keys(master)
    secrets = {SlotKind.PASSPHRASE: PASSPHRASE.encode(), SlotKind.RECOVERY: parse_recovery_key(recovery)}
    for kind, secret in secrets.items():
        slot = new_slot(master, kind=kind, secret=secret, label=f"by {kind}", now_ns=NOW_NS)
        store.put(f"key.{blake3(slot).hexdigest()}", [slot])
    config = Config(repository=bytes(range(32)), created_ns=NOW_NS, program=PROGRAM)
    store.put(CONFIG_NAME, [encode_config(config, keys)])
    return Repository(store, config, places, lambda: Unlocked(master, keys))


def fill(repository: Repository, rotated: Repository) -> None:
    """Store two snapshots that stay, the second under the newer epoch, two that are forgotten, and labels."""
    with BlobWriter(repository, processes=0) as blobs:
        maker = Maker(repository, blobs)
        nodes = maker.entries()
        report = b'{"path":"/marks/unreadable","path_b64":null,"what":"Input/output error"}'
        first = maker.snapshot(
            nodes,
            errors=blobs.add(BlobKind.TEXT, report),
            profile_text=blobs.add(BlobKind.TEXT, b'sources = ["/"]\n'),
        )
    sid = repository.put_snapshot(first, tags=["first", "gr\u00fcn"])
    label = Label(snapshot=sid, counter=2, writer=WRITER, name="begin", tags=("kept",), pinned=True, note="a\nnote")
    repository.put_record(ObjectKind.LABEL, label)
    repository.put_record(ObjectKind.LABEL, Label(snapshot=sid, counter=2, writer=b"a" * 16, name="loses by writer"))
    forget(repository, first, sid)

    with BlobWriter(rotated, processes=0) as blobs:
        maker = Maker(rotated, blobs)
        fewer = {name: node for name, node in nodes.items() if name != b"crowd"}
        times = {"time_ns": NOW_NS * 2, "end_ns": NOW_NS * 2 + 5}
        second = maker.snapshot(fewer, **times, sequence=4, previous=sid, parent=sid, partial=True)
    rotated.put_snapshot(second)
    fragments = sorted(list_fragments(rotated.store))
    packs = [read_directory(rotated.store, name, rotated.keys) for name in list_packs(rotated.store)]
    rotated.index.add_packs(packs, replaces=fragments)
    mark = MarkRecord(packs=(b"gone" * 8,), fragments=tuple(fragments), writer=WRITER, time_ns=NOW_NS)
    rotated.put_record(ObjectKind.MARK, mark)
    session = Session(id=b"s" * 16, writer=WRITER, host="laptop", started_ns=NOW_NS, purpose="snap")
    _, content = seal_record(ObjectKind.SESSION, rotated.keys, encode_record(session))
    rotated.store.put(session_name(session.id, 10), [content])


def forget(repository: Repository, like: Snapshot, previous: SnapshotId) -> None:
    """Forget one snapshot whole, and one whose object stays."""
    for sequence, stays in ((2, False), (3, True)):
        gone = msgspec.structs.replace(like, sequence=sequence, previous=previous)
        sid = repository.put_snapshot(gone)
        if stays:
            stone = Tombstone(snapshot=sid, writer=WRITER, time_ns=NOW_NS, reason="its object stays")
            repository.put_record(ObjectKind.TOMBSTONE, stone)
        else:
            repository.forget_snapshot(sid, "retention")


def description(place: Path, recovery: str, slot: bytes) -> dict[str, Any]:
    """Return what must be read from the repository, as the independent reader reads it."""
    reader = Reader(place, PASSPHRASE.encode())
    return {
        "passphrase": PASSPHRASE,
        "recovery_key": recovery,
        "slot_without_secret": slot.hex(),
        "snapshots": {sid: outline(reader.snapshots[sid], reader.labels.get(sid)) for sid in reader.snapshots},
        "entries": {sid: abridged(by_reader(reader, sid)) for sid in reader.snapshots},
    }


def written(described: dict[str, Any]) -> str:
    """Return the description as JSON with an entry a line."""
    entries = described.pop("entries")
    head = json.dumps(described, indent=1, ensure_ascii=False).removesuffix("\n}")
    lists = [
        f'  "{sid}": [\n' + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in found) + "\n  ]"
        for sid, found in entries.items()
    ]
    return head + ',\n "entries": {\n' + ",\n".join(lists) + "\n }\n}\n"


def main(place: Path) -> None:
    """Make the repository at `place` and its description beside it."""
    place.mkdir(parents=True)
    first = MasterKey.random()
    master = MasterKey(first.identity, (*first.epochs, (2, MasterKey.random().identity)))
    recovery = new_recovery_key()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        places = Places(*(folder / name for name in ("config", "data", "state", "cache", "runtime")))
        rotated = create(place, master, recovery, places)
        older = Repository(rotated.store, rotated.config, places, lambda: Unlocked(first, Keys(first)))
        fill(older, rotated)
        rotated.close()
    slot = new_slot(master, kind=SlotKind.NONE, secret=None, label="", now_ns=NOW_NS)
    place.with_suffix(".json").write_text(written(description(place, recovery, slot)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
