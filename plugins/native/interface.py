"""The class that a plugin derives from, and what it may offer besides: actions and panels."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from yester.engine.events import (
    AppExit,
    AppStart,
    ArchiveBegin,
    ArchiveEnd,
    CheckBegin,
    CheckEnd,
    Error,
    File,
    Level,
    Message,
    MountAfter,
    MountBefore,
    PruneBegin,
    PruneEnd,
    RestoreBegin,
    RestoreEnd,
    RunBegin,
    RunEnd,
    SnapshotNew,
    Unmount,
)
from yester.plugins.deciding.entry import Entry
from yester.plugins.native.promises import Promise
from yester.plugins.options.spec import Option

F = TypeVar("F", bound=Callable[..., Any])

_OFFER = "_yester_offer"


@dataclass(frozen=True, slots=True)
class Occasion:
    """The command that a plugin works in."""

    action: str = ""
    """Its name: `snap`, `check` …; empty where nothing is done, as in `yester plugin test`."""
    run: str = ""
    """The run's id; empty for a command that leaves no record."""
    profile: str = ""
    repository: str = ""
    """Path or URL, without secrets."""


class Plugin:
    """Derive from it and give any of the methods `on_…`; none has to be there.

    A fresh object is made for each run, in a worker process: what it shall remember for the next run it writes to a
    file. Methods are called one at a time.
    """

    order: ClassVar[int] = 0
    """Plugins with a smaller number hear of a beginning earlier, and of an end later; those of one number by name."""
    is_tui: ClassVar[bool] = False
    """Whether it is about the terminal program: these come before all others."""
    deadlines: ClassVar[Mapping[str, float]] = {}
    """Method → the seconds that it may take, where that is not what the table says; a day at most."""

    option_spec: ClassVar[Mapping[str, Option]] = {}
    """Its options by name. Without it nobody checks what the files say."""

    name: str
    """What the plugin's file, folder or entry point is called; there before `__init__` runs."""
    options: Mapping[str, Any]
    """Every option of `option_spec`, typed, whether anybody set it or not; there before `__init__` runs.

    Without a spec: what plugins.toml, the profile and the environment say, as they say it.
    """
    occasion: Occasion
    """What it is called in; there before `__init__` runs. `Error` and `Message` do not say what they are about."""
    _tell: Callable[[str, Level, str], None]
    _wish: Callable[[str, object], None]
    _ask: Callable[..., Any]

    def say(self, text: str, level: Level = "info", action: str = "") -> None:
        """Tell the person something: in the run's journal and among `yester messages`.

        `action` is the name of an action of this plugin that does something about it.
        """
        self._tell(text, level, action)

    # What a plugin wants of the run. AskError, which says why, when that cannot be, or not any more.

    def add_source(self, path: "str | bytes | os.PathLike[str]") -> None:
        """Take this folder or file as well; until `on_run_begin` has ended."""
        self._wish("add_source", os.fsencode(path))

    def remove_source(self, path: "str | bytes | os.PathLike[str]") -> None:
        """Do not take this source of the profile, in this run; until `on_run_begin` has ended."""
        self._wish("remove_source", os.fsencode(path))

    def exclude(self, pattern: str) -> None:
        """Leave out what this pattern takes, after the profile's own patterns; until `on_run_begin` has ended."""
        self._wish("exclude", pattern)

    def drop_exclude(self, pattern: str) -> None:
        """Let a pattern of the profile not count in this run; until `on_run_begin` has ended."""
        self._wish("drop_exclude", pattern)

    def exclude_if_present(self, name: str) -> None:
        """Leave out what is in a folder that holds an entry of this name; until `on_run_begin` has ended."""
        self._wish("exclude_if_present", name)

    def exclude_larger(self, size: int) -> None:
        """Leave out files of more bytes than this; until `on_run_begin` has ended."""
        self._wish("exclude_larger", size)

    def read_from(self, source: "str | bytes | os.PathLike[str]", place: "str | bytes | os.PathLike[str]") -> None:
        """Let this source of the run be read from another place, such as a snapshot of its file system.

        All paths in the snapshot are those of the source. The place must be there until the run has ended. Until
        `on_run_begin` has ended.
        """
        self._wish("read_from", [os.fsencode(source), os.fsencode(place)])

    def tag(self, tag: str) -> None:
        """Give the snapshot a tag; until `on_run_end` has ended."""
        self._wish("tag", tag)

    def name_snapshot(self, name: str) -> None:
        """Give the snapshot a name; until `on_run_end` has ended."""
        self._wish("name", name)

    def note(self, text: str) -> None:
        """Put a note on the snapshot, in the place of one that is there; until `on_run_end` has ended."""
        self._wish("note", text)

    def pin(self, pinned: bool = True) -> None:
        """Let no rule forget the snapshot; until `on_run_end` has ended."""
        self._wish("pin", pinned)

    def abort(self, reason: str) -> None:
        """End the run without a snapshot; until there is one. In `on_run_begin` StopRun does the same at once."""
        self._wish("abort", reason)

    def will_undo(
        self,
        command: Sequence[str],
        about: str,
        *,
        timeout_s: float = 300,
        environment: Mapping[str, str] | None = None,
    ) -> Promise:
        """Promise to run `command` at the end. Call it *before* what is to be undone; if it raises, do no such thing.

        It is run once the promise is kept, else when the run ends, is killed, or by the next yester after the machine
        went down; perhaps a second time, when nobody can know whether it was: it must do no harm then. Neither command
        nor environment may hold secrets: they are written down. `about` says what it does: "start nginx".
        """
        id = self._ask("undo_hold", self.name, about, list(command), dict(environment or {}), timeout_s)
        return Promise(self._ask, self.name, about, id)

    def launch(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a program that may go on when the run has ended; nobody hears of it again."""
        self._ask("launch", list(command), dict(environment or {}))

    def on_app_start(self, event: AppStart) -> None:
        """The terminal program starts."""
        return

    def on_app_exit(self, event: AppExit) -> None:
        """The terminal program ends."""
        return

    def on_mount_before(self, event: MountBefore) -> None:
        """A repository is about to be opened."""
        return

    def on_mount_after(self, event: MountAfter) -> None:
        """The repository is open."""
        return

    def on_unmount(self, event: Unmount) -> None:
        """The repository is no longer needed."""
        return

    def on_run_begin(self, event: RunBegin) -> None:
        """A run begins. StopRun ends it here."""
        return

    def on_entry(self, entry: Entry) -> None:
        """An entry that the filters keep is about to be taken: `entry` has what may be said about it."""
        return

    def on_file(self, event: File) -> None:
        """A new or changed file was taken; only with `wants_files`."""
        return

    def on_snapshot_new(self, event: SnapshotNew) -> None:
        """A snapshot is in the repository."""
        return

    def on_message(self, event: Message) -> None:
        """Words for a person."""
        return

    def on_error(self, event: Error) -> None:
        """The run failed, or ended with errors."""
        return

    def on_run_end(self, event: RunEnd) -> None:
        """The run ended."""
        return

    def on_restore_begin(self, event: RestoreBegin) -> None:
        """Files are about to be restored."""
        return

    def on_restore_end(self, event: RestoreEnd) -> None:
        """The restore ended."""
        return

    def on_check_begin(self, event: CheckBegin) -> None:
        """A check begins."""
        return

    def on_check_end(self, event: CheckEnd) -> None:
        """The check ended."""
        return

    def on_prune_begin(self, event: PruneBegin) -> None:
        """A prune begins."""
        return

    def on_prune_end(self, event: PruneEnd) -> None:
        """The prune ended."""
        return

    def on_archive_begin(self, event: ArchiveBegin) -> None:
        """An archive plugin begins to move objects."""
        return

    def on_archive_end(self, event: ArchiveEnd) -> None:
        """The archive plugin is done."""
        return


@dataclass(frozen=True, slots=True)
class Offer:
    """An action or a panel, as it is listed."""

    kind: str
    """`action` or `panel`."""
    name: str
    label: str
    options: Mapping[str, str]
    """Option of an action → its default."""
    method: str
    danger: str = ""
    """What an action may lose, in a sentence; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a panel."""

    text: str
    level: Level = "info"
    key: str = ""
    """What the line is about, the same each time the panel is shown, for programs and for what is selected."""


def action(name: str, label: str, *, danger: str = "", **options: str) -> Callable[[F], F]:
    """Offer a method as something that a person can start: `yester plugin run PLUGIN NAME [OPTION=VALUE…]`.

    It is called with the options, each at its default unless given, and may return text that is shown. `danger` says
    in a sentence what may be lost: a person is asked first.
    """
    return _offered("action", name, label, options, danger)


def panel(name: str, label: str) -> Callable[[F], F]:
    """Offer a method as something to look at; it returns Rows."""
    return _offered("panel", name, label, {}, "")


def offers_of(kind: type[Plugin]) -> list[Offer]:
    """Return the actions and panels of a plugin, in the order in which they stand in the class."""
    found = []
    for base in reversed(kind.__mro__):
        for method, value in vars(base).items():
            offered = getattr(value, _OFFER, None)
            if offered is not None and getattr(kind, method) is value:
                what, name, label, options, danger = offered
                found.append(Offer(what, name, label, options, method, danger))
    return found


def _offered(kind: str, name: str, label: str, options: Mapping[str, str], danger: str) -> Callable[[F], F]:
    def mark(function: F) -> F:
        setattr(function, _OFFER, (kind, name, label, dict(options), danger))
        return function

    return mark
