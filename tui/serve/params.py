"""What the methods of `yester serve` take: a value for each shape; pure. docs/serve.md is made from these."""

from typing import Annotated, Literal

import msgspec

from yester.engine.events import Shown

Count = Annotated[int, msgspec.Meta(ge=0)]
NOW = "now"
"""In the place of a snapshot: the files as they are on this machine."""
PAGE = 200
"""Entries of a page that is asked for without a number."""
MOST = 2000
"""Entries of a page at most."""


class Params(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a method takes; this one nothing."""


class OfProfile(Params, frozen=True, kw_only=True):
    """One profile."""

    profile: str


class RunsWanted(Params, frozen=True, kw_only=True):
    """Runs of one profile or all, the newest so many."""

    profile: str = ""
    limit: Count = 0
    """0: all that are known."""


class OneRun(Params, frozen=True, kw_only=True):
    """One run, by its id."""

    run: str


class RunFrom(Params, frozen=True, kw_only=True):
    """The lines of a run."""

    run: str
    first: Count = 0
    """The sequence number of the first line that is wanted."""
    live: bool = True
    """Whether to go on until the run ends."""


class SnapRun(Params, frozen=True, kw_only=True):
    """A snapshot to take."""

    profile: str
    accept_shrink: bool = False
    """Sources that are gone or small are meant to be."""
    regardless: bool = False
    """Also where the profile's limits would skip it."""


class Where(Params, frozen=True, kw_only=True):
    """The repository that is meant: that of a profile, one by its place, or the default one."""

    profile: str = ""
    repository: str = ""


class SnapshotsWanted(Where, frozen=True, kw_only=True):
    """Snapshots of a repository."""

    of_profile: bool = True
    """Only those of `profile`, where one is said."""


class OneSnapshot(Where, frozen=True, kw_only=True):
    """One snapshot of a repository, by its id."""

    snapshot: str


class PinSnapshot(OneSnapshot, frozen=True, kw_only=True):
    """A snapshot to pin, or to let go."""

    pinned: bool = True
    others: tuple[str, ...] = ()
    """Snapshots along with it."""


class RenameSnapshot(OneSnapshot, frozen=True, kw_only=True):
    """What a snapshot is called."""

    name: str = ""
    """Empty: it has none any more."""
    note: str = ""
    """Empty: it has none any more."""


class TagSnapshots(Where, frozen=True, kw_only=True):
    """Tags to give, and to take away."""

    snapshots: tuple[str, ...]
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Forgetting(Where, frozen=True, kw_only=True):
    """Snapshots to let go."""

    snapshots: tuple[str, ...] = ()
    """Empty: those that the rules of `profile` let go."""


class Compare(Where, frozen=True, kw_only=True):
    """Two snapshots, and which part of what differs is wanted."""

    older: str
    newer: str
    start: Count = 0
    """The position of the first difference, in order of paths."""
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = PAGE
    grep: str = ""
    """Only paths that hold this, small and capital letters alike; `start` counts these alone."""


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


class FolderPage(Folder, frozen=True, kw_only=True):
    """A part of what is in a folder."""

    start: Count = 0
    """The position of the first entry, in the order wanted."""
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = PAGE
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
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = PAGE


class UsageWanted(Where, frozen=True, kw_only=True):
    """What takes the room, below a folder."""

    folder: Shown = Shown("")
    """Empty: the one that holds all sources."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = PAGE
    """Paths at most."""


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
    """Cells of a terminal that a picture may take; 0: none is wanted."""
    rows: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0


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


class Archiving(Where, frozen=True, kw_only=True):
    """Snapshots that an archive is to have, or whose online copies are to go."""

    names: tuple[str, ...] = ()
    """Profiles and snapshots; none: all that are old enough or tagged."""
    older_than: str = ""
    """A span, such as `1y`."""
    tag: str = ""


class HandOver(Archiving, frozen=True, kw_only=True):
    """Snapshots that an archive is to have."""

    archive: str = ""
    """Its name or guid."""
    policy: str = ""
    purge: bool = False
    """Their online copies are to go then."""


class Recall(OneSnapshot, frozen=True, kw_only=True):
    """What is to come back from archives."""

    path: Shown = Shown("")
    """Empty: all of the snapshot."""


class ArchiveRequest(Where, frozen=True, kw_only=True):
    """A request to archives, by its id."""

    request: str


class Mount(Where, frozen=True, kw_only=True):
    """A folder to show snapshots at."""

    mountpoint: Shown
    snapshot: str = ""
    """Only this one."""
    make_folder: bool = False
    """The folder is made if it is not there."""


class Mountpoint(Params, frozen=True, kw_only=True):
    """A folder at which snapshots are shown."""

    mountpoint: Shown


class Unmounting(Mountpoint, frozen=True, kw_only=True):
    """A mount to take away."""

    lazy: bool = False
    """Also while programs use it: it is gone from sight, and ends when the last lets go."""


class Mounted(Mountpoint, frozen=True, kw_only=True):
    """A snapshot in a mount."""

    snapshot: str
    """Its whole id."""


class Checking(Where, frozen=True, kw_only=True):
    """A repository to check."""

    read_data: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """How much of the content is read, in percent; 0: none, only that it is there."""


class NewKey(Where, frozen=True, kw_only=True):
    """A passphrase to add, which stands on the descriptor of `--secrets-fd`."""

    label: str = ""
    write_only: bool = False
    """With it snapshots are added, and nothing is read."""


class OneKey(Where, frozen=True, kw_only=True):
    """A key, by its id."""

    key: str


class MessagesRead(Params, frozen=True, kw_only=True):
    """Messages that were read."""

    ids: tuple[int, ...] = ()
    """Empty: all that there are."""


class MessagesWanted(Params, frozen=True, kw_only=True):
    """Messages, the newest so many."""

    after: Count = 0
    """Only those with a higher id: what came since."""
    limit: Count = 0
    """0: all that are kept."""


class PluginsWanted(Params, frozen=True, kw_only=True):
    """Plugins, as they are everywhere or in one profile."""

    profile: str = ""
    """As in runs of this profile; empty: in all others."""


class PluginNamed(PluginsWanted, frozen=True, kw_only=True):
    """A plugin, by its label."""

    plugin: str


class PluginsApplied(PluginsWanted, frozen=True, kw_only=True):
    """The plugins that are to be on."""

    plugins: tuple[str, ...] = ()
    """Their labels."""


class PluginOffer(PluginNamed, frozen=True, kw_only=True):
    """What a plugin offers: an action or a panel."""

    offer: str
    """Its name."""
    values: tuple[str, ...] = ()
    """Options of an action, each as `NAME=VALUE`."""


class PluginOptions(PluginNamed, frozen=True, kw_only=True):
    """What a plugin is to know from now on."""

    values: tuple[str, ...] = ()
    """Each as `NAME=VALUE`."""
    secrets: tuple[str, ...] = ()
    """Names of options whose values stand on the descriptor of `--secrets-fd`, a line each."""
    defaults: tuple[str, ...] = ()
    """Names of options that are to have their defaults again."""


class AppBegins(Params, frozen=True, kw_only=True):
    """The program that a person looks at."""

    program: str = ""
    """Its name and version."""


class Filters(Params, frozen=True, kw_only=True):
    """Folders to take, and what to leave out of them."""

    sources: tuple[Shown, ...] = ()
    """Absolute."""
    excludes: tuple[str, ...] = ()
    """Patterns, as lines in a .gitignore."""
    larger_than: str = ""
    """Such as `500M`; empty: no file is too large."""
    caches: bool = True
    """Leave out what a CACHEDIR.TAG marks."""
    one_file_system: bool = False
    default_excludes: bool = True


class MeasureSources(Filters, frozen=True, kw_only=True):
    """What is to be added up."""

    repository: str = ""
    """Where it is to be kept: a folder there is not entered."""


class NewProfile(Filters, frozen=True, kw_only=True):
    """A profile that is to be added."""

    name: str
    repository: str = ""
    settings: tuple[str, ...] = ()
    """Other keys, each as KEY=VALUE."""


class EditProfile(OfProfile, frozen=True, kw_only=True):
    """Keys of a profile that are to change."""

    settings: tuple[str, ...] = ()
    """Each as KEY=VALUE."""
    removals: tuple[str, ...] = ()
    """Keys that are to have their default."""
    additions: tuple[str, ...] = ()
    """Items that come to lists, each as KEY=ITEM."""
    drops: tuple[str, ...] = ()
    """Items that go from lists."""


class CopyProfile(OfProfile, frozen=True, kw_only=True):
    """A profile that is to be there under another name too."""

    new: str
    settings: tuple[str, ...] = ()
    """What the new one says differently, each as KEY=VALUE."""


class RecoverProfile(Where, frozen=True, kw_only=True):
    """A profile whose copy in a repository is to take the place of what is here."""

    name: str


class NewRepository(Where, frozen=True, kw_only=True):
    """A repository that is to be made."""

    encrypted: bool = True
    """Its passphrase is the line that stands on the descriptor of `--secrets-fd`."""


class KeepPassphrase(Where, frozen=True, kw_only=True):
    """Where runs are to find a passphrase: a file, or the keyring."""

    file: Shown = Shown("")
    """Empty: the keyring."""


class LookAt(Params, frozen=True, kw_only=True):
    """A place for a repository."""

    place: str


class Typed(Params, frozen=True, kw_only=True):
    """The beginning of a path, as it was typed."""

    text: Shown
