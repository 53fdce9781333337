"""What is in snapshots; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

from yester.engine.events import Shown
from yester.tui.serve.methods.kinds import Look, Method, run_of
from yester.tui.serve.methods.params import NOW, PAGE, Count, OneSnapshot, PageSize, Where
from yester.tui.serve.methods.words import repository_option, text_of

Sort = Literal["name", "size", "modified"]


class Folder(OneSnapshot, frozen=True, kw_only=True):
    """A folder of a snapshot, or of `now`, in an order of its own."""

    folder: Shown
    grep: str = ""
    """Only names that hold this, small and capital letters alike; all else counts these alone."""
    sort: Sort = "name"
    """By the bytes of names, by size (of a folder: all below it), or by the time of the last change."""
    falling: bool = False
    """The greatest first."""
    deleted: bool = False
    """Also names that earlier snapshots of the profile had here: they say in which of them they are `last`."""
    hidden: bool = True
    """Also names that begin with a dot."""


class FolderPage(Folder, frozen=True, kw_only=True):
    """A part of what is in a folder."""

    start: Count = 0
    """The position of the first entry, in the order wanted."""
    count: PageSize = PAGE
    against: str = ""
    """Another snapshot, or `now`: each entry says how it is `there`."""


class FolderSeek(Folder, frozen=True, kw_only=True):
    """A name to go to in a folder."""

    text: str
    """What it holds, small and capital letters alike."""
    start: Count = 0
    """The position from which it is looked, itself last."""
    backwards: bool = False


class Entry(OneSnapshot, frozen=True, kw_only=True):
    """An entry of a snapshot, or of `now`."""

    entry: Shown


class Search(Where, frozen=True, kw_only=True):
    """Names to look for in all snapshots."""

    pattern: str
    ignore_case: bool = True
    limit: PageSize = PAGE


class Path(Where, frozen=True, kw_only=True):
    """A path, in all snapshots."""

    entry: Shown


class Read(Entry, frozen=True, kw_only=True):
    """A part of a file."""

    snapshot: str = ""
    """Empty, or `now`: the file as it is now."""
    start: Count = 0
    """The first byte."""
    count: Annotated[int, msgspec.Meta(ge=1, le=262_144)] = 65_536
    """Bytes at most."""


class Show(Entry, frozen=True, kw_only=True):
    """An entry to be shown."""

    view: Literal["content", "bytes", "details"] = "content"
    columns: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0
    """Cells of a terminal that there are beside each other; 0: nobody knows."""
    rows: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0
    """Those that a picture may take below each other; 0: none is wanted."""


class FilePair(Path, frozen=True, kw_only=True):
    """A file in two snapshots, of which one may be `now`."""

    before: str
    after: str = NOW


class Foresee(OneSnapshot, frozen=True, kw_only=True):
    """What would be brought back, and where to."""

    entries: tuple[Shown, ...] = ()
    """Empty: all of the snapshot."""
    target: Shown = Shown("")
    """Empty: where they were."""


class Restore(OneSnapshot, frozen=True, kw_only=True):
    """What to bring back."""

    entries: tuple[Shown, ...] = ()
    """Empty: all of the snapshot."""
    target: Shown = Shown("")
    """The folder to bring it back to; empty: to where it was."""
    on_conflict: Literal["keep-both", "overwrite", "skip", "newer"] = "keep-both"
    owner: Literal["as-stored", "by-name", "me"] = "as-stored"
    """Whose the files are: as stored, this machine's user of the same name, or of whoever asks."""


def restore(asked: Restore) -> list[str]:
    """Return `yester restore SNAPSHOT PATH… --in-place`, or `--target FOLDER`."""
    where = f"--target={text_of(asked.target)}" if asked.target.raw else "--in-place"
    owner = [f"--owner={asked.owner}"] if asked.owner != "as-stored" else []
    options = [where, f"--on-conflict={asked.on_conflict}", *owner, *repository_option(asked)]
    return ["restore", *options, "--", asked.snapshot, *map(text_of, asked.entries)]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "files.list": Look(
            FolderPage,
            "folders:folder",
            "a page of what is in a folder; then `{total}`, how many names there are. `there`, with `against`: `same`, "
            "`changed`, `attributes` (mode or owner) or `missing`. Of what is deleted: `last`, the newest snapshot "
            "with it",
            "yester show SNAPSHOT:PATH --json",
        ),
        "files.seek": Look(
            FolderSeek,
            "folders:seek",
            "one item, `{position}`, of the next name that holds a text; none where no name does",
        ),
        "files.show": Look(
            Entry,
            "files:details",
            "all that is kept of an entry, as rows of name and value",
            "yester show SNAPSHOT:PATH",
        ),
        "files.read": Look(
            Read,
            "files:read",
            "one item: `size` of the whole file, and `bytes` of the part in base64",
        ),
        "files.preview": Look(
            Show,
            "previews:show",
            "one item: `lines` of pieces of text, each with a tone, and of a picture its `columns`, `rows` and `dots`",
        ),
        "files.compare": Look(
            FilePair,
            "previews:compare",
            "one item: `lines`, what only the first has with -, only the second with +",
            "yester diff SNAPSHOT now PATH --content",
        ),
        "files.foresee": Look(
            Foresee,
            "files:foreseen",
            "one item, what a restore would do: `files`, `size`, how many entries are `missing`, `same` and "
            "`different` in the target, how many of the last are `older`, `examples` of them, `is_whole`, whether "
            "all were looked at, and `offline_size`, the bytes that are in archives only",
            "yester restore --dry-run --json --in-place SNAPSHOT PATH",
        ),
        "files.find": Look(
            Search,
            "files:find",
            "each path that fits, newest content first",
            "yester find PATTERN --json",
        ),
        "files.versions": Look(
            Path,
            "files:versions",
            "each version of a path, oldest first",
            "yester versions PATH --json",
        ),
        "files.restore": run_of(Restore, restore),
    }
)
