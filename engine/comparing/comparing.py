"""The two comparisons, as commands and the terminal program ask for them.

    compare_snapshots(repository, older, newer, path, damaged=…, catalogue=…)
    compare_with_files(repository, snapshot, path, reads_all=…, counters=…, tick=…, damaged=…)

Both yield differences as they find them, in no promised order; `with_renames` (differences.py) sorts them and joins
what was renamed, and holds all of them meanwhile. UsageError when the path is on neither side.
"""

from collections.abc import Callable, Iterator

from yester.engine.blobs import BlobSource
from yester.engine.capture.filters import Filter
from yester.engine.capture.roots import Root, plan_roots
from yester.engine.catalogue.catalogue import Catalogue
from yester.engine.comparing.differences import Difference
from yester.engine.comparing.live import LiveComparison, Told
from yester.engine.comparing.trees import Damaged, compare_trees, state_difference
from yester.engine.entries import Entry
from yester.engine.errors import DamageError, UsageError
from yester.engine.ids import BlobKind
from yester.engine.profiles.profile import FilterSpec
from yester.engine.profiles.reading import parse_profile
from yester.engine.progress import Counters
from yester.engine.repository import Repository
from yester.engine.sealed.records import Snapshot
from yester.engine.selection import Listed
from yester.engine.trees.directories import decode_root, resolve


def entry_at(source: BlobSource, listed: Listed, path: bytes) -> Entry | None:
    """Return what a snapshot has at a path, None when it has nothing there."""
    return resolve(source, decode_root(listed[1].root), path)


def compare_snapshots(
    repository: Repository,
    before: Listed,
    after: Listed,
    path: bytes,
    *,
    damaged: Damaged,
    catalogue: Catalogue | None = None,
) -> Iterator[Difference]:
    """Yield what differs between two snapshots at and below a path.

    With a catalogue that is up to date, those of one series are compared by what it says, in time that depends on what
    changed; else by their trees.
    """
    source = repository.reader()
    old, new = entry_at(source, before, path), entry_at(source, after, path)
    if old is None and new is None:
        raise UsageError("Neither of the two snapshots has this path", hint="yester versions PATH shows which have it.")
    changes = catalogue.changes(before[0], after[0], path) if catalogue is not None else None
    if catalogue is None or changes is None:
        return compare_trees(source, old, new, path, damaged)
    asked = catalogue
    found = (state_difference(each.path, each.before, each.after, asked.owner) for each in changes)
    return (each for each in found if each is not None)


def compare_with_files(
    repository: Repository,
    listed: Listed,
    path: bytes | None,
    *,
    reads_all: bool,
    counters: Counters,
    tick: Callable[[], None],
    damaged: Damaged,
) -> Iterator[Told]:
    """Yield what differs between a snapshot and the files as they are, at and below a path; None: at its sources."""
    source, snapshot = repository.reader(), listed[1]
    rules = _rules(source, snapshot)
    place = path or b"/"
    entry = entry_at(source, listed, place)
    if entry is None:
        raise UsageError("The snapshot does not have this path", hint="yester versions PATH shows which have it.")
    counters.total_files = entry.summary.files if entry.summary else 1
    counters.total_size = (entry.summary.size if entry.summary else entry.size) if reads_all else None
    live = LiveComparison(
        source,
        repository.keys,
        repository.config,
        rules,
        reads_all=reads_all,
        counters=counters,
        tick=tick,
        damaged=damaged,
    )
    return live.compare(entry, place, _root_at(snapshot, place))


def _rules(source: BlobSource, snapshot: Snapshot) -> Filter:
    """Return the filters that the snapshot was taken with; the usual ones when they cannot be told any more."""
    if snapshot.profile_text is not None:
        try:
            text = bytes(source.blob(BlobKind.TEXT, snapshot.profile_text)).decode("utf-8", "surrogateescape")
            return Filter(parse_profile(snapshot.profile, text, "the snapshot's profile").filters)
        except (DamageError, UsageError):
            return Filter(FilterSpec())
    return Filter(FilterSpec())


def _root_at(snapshot: Snapshot, path: bytes) -> Root | None:
    """Return what of a folder is the way to sources; None when it is in a source."""
    root, _ = plan_roots(snapshot.sources)
    for name in filter(None, path.split(b"/")):
        if root.whole:
            return None
        root = root.children.get(name, Root(whole=True))
    return None if root.whole else root
