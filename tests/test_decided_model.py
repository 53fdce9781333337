"""Runs in which plugins have a say, in any order: what a snapshot holds is what a first run would have taken.

Two profiles of one machine share a repository. Before each run files change, and so does what hooks decide and wish;
they may be off, or die in the midst of a run; runs are killed, in the midst of folders too, caches are lost, sources
are read by way of another path. Then each snapshot is held against the one that a run with the same hooks takes into an
empty repository, entry by entry, with all that is known of each.
`YESTER_DECIDED_RUNS=2000 pytest -s tests/test_decided_model.py` makes it long, and says what was met how often.
"""

import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rig import Recorder, Rig, Taken

from yester.engine.capture import deciding, listing, walk
from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.capture.wishes import Wishes
from yester.engine.check.checking import check
from yester.engine.decisions import Candidate, Decision, Decisions, not_below
from yester.engine.entries import Entry
from yester.engine.errors import UsageError
from yester.engine.hooks import NoHooks
from yester.engine.ids import BlobId, BlobKind, ListId
from yester.engine.progress import NoProgress
from yester.engine.trees.links import LinkTable
from yester.plugins.backends.memory import MemoryStore

SHORT = 36
RUNS = int(os.environ.get("YESTER_DECIDED_RUNS", SHORT))
"""In all; read here, since tests run without variables of yester's."""
RUNS_OF_ONE = 12
FOLDERS = ("one", "one/a", "one/a/b", "one/a/b/c", "one/d", "two", "two/e")
NAMES = tuple("123")
SAME = b"/proc/self/root"
"""Before an absolute path: another path of the same file."""
DECISIONS = (
    Decision(skip=True),
    Decision(empty=True),
    Decision(read=True),
    Decision(mode=0o600),
    Decision(mtime_ns=-1),
    Decision(content=b""),
    Decision(content=bytes(100_000), mode=0o777),
    # What these make of a file differs in one thing only.
    Decision(uid=1),
    Decision(uid=2),
    Decision(gid=1),
    Decision(content=b"11111", uid=1),
    Decision(content=b"22222", uid=1),
)
WISHES = (
    Wishes(),
    Wishes(),
    Wishes(excludes=("1",)),
    Wishes(excludes=("b/",)),
    Wishes(larger_than=100),
    Wishes(if_present=("3",)),
)


class Killed(BaseException):
    """The process is gone."""


class Plugins(Recorder):
    """Hooks that wish something, and decide about entries until they die."""

    wants_decisions = True

    def __init__(
        self, decisions: dict[bytes, Decision], wished: Wishes, lives: int, meanwhile: Callable[[], None]
    ) -> None:
        """`lives`: how many entries they can be asked about; `meanwhile` happens when they are."""
        super().__init__()
        self._decisions, self._wished, self._lives, self._meanwhile = decisions, wished, lives, meanwhile
        self.asked: list[bytes] = []

    def wishes(self) -> Wishes:
        wished, self._wished = self._wished, Wishes()
        return wished

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        self._meanwhile()
        found = {
            place: self._decisions[each.path]
            for place, each in enumerate(candidates)
            if each.path in self._decisions and place < self._lives
        }
        self._lives -= len(candidates)
        self.asked += [candidates[place].path for place in not_below(candidates, found)]
        return found


class Life:
    """Some runs, made of one seed."""

    def __init__(self, seed: int, home: Path, folder: Path, met: Counter[str], *, is_busy: bool) -> None:
        """`is_busy`: files change while runs that will be killed look at them."""
        self._dice, self._folder, self._met, self._is_busy = random.Random(seed), folder, met, is_busy
        for name in FOLDERS:
            (folder / name).mkdir(parents=True)
            for file in NAMES:
                (folder / name / file).write_bytes(file.encode() * 5)
        one = Rig.of(home, folder / "one", folder / "two", name=f"one{seed}")
        one.open()
        two = replace(Rig.of(home, folder / "one" / "a" / "b", name=f"two{seed}"), store=one.store, made=True)
        self._rigs = (one, two)
        self._decisions: dict[bytes, Decision] = {}

    def go(self, runs: int) -> None:
        """Take so many snapshots, and hold each against the model."""
        for _ in range(runs):
            self._stir()
            rig = self._dice.choice(self._rigs)
            profile = replace(rig.profile, partial_every=100, shrink_warning=0)
            rig.profile = replace(profile, when_unchanged="keep" if self._dice.random() < 0.5 else "skip")
            if self._dice.random() < 0.4:
                shutil.rmtree(rig.places.cache, ignore_errors=True)
                self._met["lost the cache"] += 1
            while self._dice.random() < 0.5:
                self._kill(rig)
            if os.path.exists(rig.profile.sources[0]):
                self._compare(rig)
        assert check(self._rigs[0].open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()

    # What happens.

    def _kill(self, rig: Rig) -> None:
        is_dry = self._dice.random() < 0.1
        try:
            self._snap(
                rig,
                self._plugins(rig, self._stir_now_and_then)(),
                clock=_cut_after(self._dice.randrange(1, 40)),
                dry_run=is_dry,
            )
        except Killed:
            self._met["killed"] += 1
        except UsageError:
            self._met["no source"] += 1
        if self._dice.random() < 0.5:
            self._stir()

    def _plugins(self, rig: Rig, meanwhile: Callable[[], None] = lambda: None) -> Callable[[], Recorder]:
        """Return what makes the hooks of a run; those that it makes are alike."""
        if self._dice.random() < 0.25:
            self._met["off"] += 1
            return Recorder
        wished = self._dice.choice((*WISHES, Wishes(add_sources=(bytes(self._folder / "two"),))))
        if len(rig.profile.sources) > 1 and self._dice.random() < 0.1:
            wished = Wishes(remove_sources=rig.profile.sources[1:])
        decisions, lives = dict(self._decisions), self._dice.choice((sys.maxsize, self._dice.randrange(60)))
        return lambda: Plugins(decisions, wished, lives, meanwhile)

    def _snap(
        self, rig: Rig, hooks: Recorder, *, clock: Callable[[], float] = time.monotonic, dry_run: bool = False
    ) -> SnapshotResult:
        folders = [source for source in rig.profile.sources if os.path.isdir(source) and self._dice.random() < 0.1]
        read_from = {os.path.realpath(source): SAME + os.path.realpath(source) for source in folders}
        return take_snapshot(
            rig.open(),
            SnapshotRequest(rig.profile, "run", dry_run=dry_run, read_from=read_from),
            places=rig.places,
            hooks=hooks,
            progress=NoProgress(),
            cancelled=lambda: False,
            clock=clock,
        )

    def _stir(self) -> None:
        for _ in range(self._dice.choice((0, 1, 2, 9))):
            with suppress(OSError):
                self._dice.choice(_CHANGES)(self._dice, self._any_path(), self._any_path())
        for _ in range(self._dice.randrange(25)):
            again = self._decisions and self._dice.random() < 0.5
            path = self._dice.choice(sorted(self._decisions)) if again else bytes(self._any_path())
            self._decisions[path] = self._dice.choice(DECISIONS)
        for path in self._dice.sample(sorted(self._decisions), min(len(self._decisions), 3)):
            del self._decisions[path]

    def _stir_now_and_then(self) -> None:
        if self._is_busy and self._dice.random() < 0.4:
            self._stir()

    def _any_path(self) -> Path:
        folder = self._folder / self._dice.choice(FOLDERS)
        return folder if self._dice.random() < 0.1 else folder / self._dice.choice(NAMES)

    # The model.

    def _compare(self, rig: Rig) -> None:
        """Take a snapshot, and the same into an empty repository."""
        make = self._plugins(rig)
        hooks, fresh = make(), replace(rig, store=MemoryStore(), made=False)
        done, first = self._snap(rig, hooks), self._snap(fresh, make())
        sid = done.snapshot or done.same_as
        assert sid is not None and first.snapshot is not None
        self._met[done.result] += 1
        assert [failure.path for failure in done.failures] == [failure.path for failure in first.failures]
        held, wanted = (
            _held(each.taken(its), bytes(self._folder)) for each, its in ((rig, sid), (fresh, first.snapshot))
        )
        assert set(held) == set(wanted)
        assert {path: (held[path], wanted[path]) for path in held if held[path] != wanted[path]} == {}
        if isinstance(hooks, Plugins):
            assert len({*hooks.asked}) == len(hooks.asked), "asked twice"
            assert {path for path in held if path.startswith(rig.profile.sources)} <= {*hooks.asked}


def _held(taken: Taken, folder: bytes) -> dict[bytes, tuple[Entry, bytes, bytes, bytes]]:
    """Return what a snapshot has below a folder: entries, their content and attributes, and whose name each is.

    Without the folders above the sources: they are no reason for another snapshot.
    """
    paths = {ordinal: path for path, (_, ordinal) in taken.entries.items()}
    links = LinkTable(taken.source, ListId(BlobId(taken.record.links))) if taken.record.links else None
    held = {}
    for path, (entry, ordinal) in taken.entries.items():
        is_above = any(source.startswith(path + b"/") for source in taken.record.sources)
        if path.startswith(folder + b"/") and not is_above:
            xattrs = bytes(taken.source.blob(BlobKind.XATTRS, entry.xattrs) if entry.xattrs_stored else entry.xattrs)
            content = taken.content(path) if entry.is_file else b""
            # Ids are the repository's; where the file system keeps it may change at any time.
            bare = replace(entry, refs=(), xattrs=b"", blocks=0)
            held[path] = (bare, content, xattrs, paths[links.first(ordinal)] if links is not None else path)
    return held


def _cut_after(looks: int) -> Callable[[], float]:
    """Return a clock that jumps ahead, and ends the process when it was looked at so often."""
    left = [looks]

    def clock() -> float:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return (1000 - left[0]) * 50.0

    return clock


# What happens to files. Much of it cannot be, and then nothing happens.


def _write(dice: random.Random, path: Path, other: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dice.randbytes(dice.choice((0, 5, 5, 70_000))))


def _write_sparse(dice: random.Random, path: Path, other: Path) -> None:
    with open(path, "wb") as file:
        file.seek(dice.choice((0, 200_000)))
        file.write(dice.randbytes(5))
        file.truncate(500_000)


def _change_in_secret(dice: random.Random, path: Path, other: Path) -> None:
    status = path.stat()
    path.write_bytes(dice.randbytes(path.stat().st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _remove(dice: random.Random, path: Path, other: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _link(dice: random.Random, path: Path, other: Path) -> None:
    os.link(path, other, follow_symlinks=False)


def _symlink(dice: random.Random, path: Path, other: Path) -> None:
    os.symlink(path.name, other)


def _describe(dice: random.Random, path: Path, other: Path) -> None:
    os.setxattr(path, "user.a", dice.randbytes(dice.choice((3, 3000))), follow_symlinks=False)


def _dress(dice: random.Random, path: Path, other: Path) -> None:
    path.chmod(dice.choice((0o600, 0o755)))


def _make_folder(dice: random.Random, path: Path, other: Path) -> None:
    path.mkdir()


def _rename(dice: random.Random, path: Path, other: Path) -> None:
    path.rename(other)


_CHANGES = (_write,) * 4 + (
    _write_sparse,
    _change_in_secret,
    _remove,
    _link,
    _link,
    _symlink,
    _describe,
    _dress,
    _make_folder,
    _rename,
)


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_snapshot_holds_what_a_first_run_would_take(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    met: Counter[str] = Counter()
    monkeypatch.setattr(walk, "_ROWS_A_TICK", 1)
    if not is_busy:
        monkeypatch.setattr(listing, "TICK_NS", 0)
    for seed in range(-(-RUNS // RUNS_OF_ONE)):
        monkeypatch.setattr(deciding, "AT_ONCE", (1, 3, 256)[seed % 3])
        try:
            Life(seed, home, tmp_path / f"life{seed}", met, is_busy=is_busy).go(RUNS_OF_ONE)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    if RUNS != SHORT:
        sys.stdout.write(f"{dict(met)}\n")
    assert min(met[what] for what in ("complete", "killed", "off", "lost the cache")) > 3
