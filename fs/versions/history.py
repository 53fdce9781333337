"""What was ever at a path, asked of the catalogue: on a thread, since it may have snapshots to take in first.

The tree of values asks `known`, which answers from memory or raises NotAsked; who gets that calls `ask` on a thread and
hands what came back to `keep`. When snapshots come or go all answers are let go of (`changed`), also one that is on its
way. The catalogue may know snapshots that the mount does not show yet, or no more: of those no answer tells.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from stat import S_ISDIR
from typing import TYPE_CHECKING, NamedTuple

from yester.engine.entries import Owner
from yester.engine.errors import YesterError
from yester.engine.ids import SnapshotId
from yester.engine.selection import Listed
from yester.fs.versions.naming import dated, extension

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Catalogue, Version
    from yester.engine.catalogue.states import State

log = logging.getLogger("yester.fs")

KEPT_NAMES = 100_000
"""Names and versions of paths that are kept in memory, in all."""


_ALWAYS_KEPT = 16
"""Answers, however large: a request needs two or three of them at once."""


class Question(NamedTuple):
    """What a path was in the snapshots of a profile on a host, or which names were ever in it."""

    profile: str
    host: str
    path: bytes
    """Absolute."""
    names: bool = False
    """Those, which in a large folder take long to find; else what the path itself was."""

    def below(self, name: bytes) -> "Question":
        """Return the same question about a name in it."""
        return self._replace(path=self.path.rstrip(b"/") + b"/" + name, names=False)


class NotAsked(Exception):
    """Memory holds no answer: `ask` the catalogue on a thread, and `keep` what it says."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True, slots=True)
class Dated:
    """A version of a path."""

    state: "State"
    owner: Owner
    last: SnapshotId
    """The newest snapshot that has it."""


@dataclass(frozen=True, slots=True)
class PathHistory:
    """The answer to a question: what a path was, or which names were in it."""

    files: Mapping[bytes, Dated] = field(default_factory=dict)
    """Each version as anything but a folder, by the name that it is shown under."""
    folders: Mapping[bytes, Dated] = field(default_factory=dict)
    """Each version as a folder; another one whenever anything in it is."""
    newest_ns: int = 0
    """Time of modification of the newest."""
    names: Mapping[bytes, int] = field(default_factory=dict)
    """The names → the newest time of modification, ns."""

    @property
    def size(self) -> int:
        """How many names it has."""
        return 1 + len(self.files) + len(self.folders) + len(self.names)


Series = Mapping[tuple[str, str], Collection[SnapshotId]]
"""The snapshots that are shown, by profile and host."""


class Answer(NamedTuple):
    """What the catalogue said, of the snapshots that were shown then."""

    question: Question
    history: PathHistory
    shown: Series


class History:
    """Answers about paths. `ask` is for any thread, one at a time and not beside `at_once`; all else for one."""

    def __init__(
        self,
        opening: "Callable[[], Catalogue]",
        room: int = KEPT_NAMES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`opening` opens the catalogue when it is first asked."""
        self._opening = opening
        self._clock = clock
        self._failed: YesterError | None = None
        self._patient_until = 0.0
        self._noted = ""
        self._catalogue: Catalogue | None = None
        self._is_behind = True
        self._shown: Series = {}
        self._answers: OrderedDict[Question, PathHistory] = OrderedDict()
        self._room = room
        self._owners: dict[int, Owner] = {}

    def known(self, question: Question) -> PathHistory:
        """Return what memory holds; NotAsked."""
        answer = self._answers.get(question)
        if answer is None:
            raise NotAsked(question)
        self._answers.move_to_end(question)
        return answer

    def knows(self, question: Question) -> bool:
        """Whether memory holds the answer."""
        return question in self._answers

    def at_once(self, question: Question) -> Answer | None:
        """Answer where that takes no longer than crossing to a thread: of one path, of a catalogue that is current."""
        if self._is_behind or self._catalogue is None or question.names:
            return None
        shown = self._shown
        try:
            return Answer(question, self._asked(question, shown), shown)
        except YesterError:
            # It is made anew, on a thread.
            self._is_behind = True
            return None

    def keep(self, answer: Answer) -> None:
        """Keep an answer until there is no more room, unless snapshots came or went since it was given."""
        if answer.shown is not self._shown:
            return
        before = self._answers.pop(answer.question, None)
        self._answers[answer.question] = answer.history
        self._room -= answer.history.size - (before.size if before else 0)
        while self._room < 0 and len(self._answers) > _ALWAYS_KEPT:
            self._room += self._answers.popitem(last=False)[1].size

    def changed(self, shown: Series) -> None:
        """Snapshots came or went: answer of these."""
        self._room += sum(answer.size for answer in self._answers.values())
        self._answers.clear()
        self._shown = shown
        self._is_behind = True

    def ask(self, question: Question) -> Answer:
        """Ask the catalogue, brought up to date when it may be behind. YesterError."""
        shown, was_behind = self._shown, self._is_behind
        try:
            return Answer(question, self._asked(question, shown), shown)
        except YesterError:
            # A file that turned out to be damaged is thrown away then, and made anew by the next update.
            self._is_behind = True
            if was_behind:
                raise
        return Answer(question, self._asked(question, shown), shown)

    def _asked(self, question: Question, shown: Series) -> PathHistory:
        if self._catalogue is None:
            self._catalogue = self._opening()
        if self._is_behind:
            self._update(self._catalogue)
        return self._answer(self._catalogue, question, shown.get((question.profile, question.host), ()))

    def _update(self, catalogue: "Catalogue") -> None:
        """Bring it up to date. What failed is not tried again for as long as that took: a disk may be full for long."""
        began = self._clock()
        if self._failed is not None and began < self._patient_until:
            raise self._failed.with_traceback(None)
        self._is_behind, self._failed = False, None
        try:
            catalogue.update()
        except BaseException as error:
            self._is_behind = True
            if isinstance(error, YesterError):
                self._failed, self._patient_until = error, 2 * self._clock() - began
            raise
        # A file that was made anew numbers them anew.
        self._owners.clear()
        if catalogue.note != self._noted:
            self._noted = catalogue.note
            log.warning("%s", self._noted)

    def _answer(self, catalogue: "Catalogue", question: Question, there: Collection[SnapshotId]) -> PathHistory:
        def wanted(listed: Listed) -> bool:
            return listed[0] in there

        if question.names:
            found = catalogue.children(question.path, wanted)
            return PathHistory(names={child.name: child.state.mtime_ns for child in found})
        versions = _distinct(catalogue.versions(question.path, wanted))
        folders = [each for each in versions if S_ISDIR(each.state.st_mode)]
        files = [each for each in versions if not S_ISDIR(each.state.st_mode)]
        ending = extension(question.path.rpartition(b"/")[2])
        return PathHistory(
            dict(self._dated(catalogue, files, ending)),
            dict(self._dated(catalogue, folders, b"")),
            versions[-1].state.mtime_ns if versions else 0,
        )

    def _dated(
        self, catalogue: "Catalogue", versions: "Iterable[Version]", ending: bytes
    ) -> Iterator[tuple[bytes, Dated]]:
        for name, each in dated(((each.first[1].time_ns, each) for each in versions), ending):
            number = each.state.owner
            if number not in self._owners:
                self._owners[number] = catalogue.owner(number)
            yield name, Dated(each.state, self._owners[number], each.last[0])


def _distinct(versions: "Iterable[Version]") -> "list[Version]":
    """Return the versions oldest first, without those that are as the one before.

    A path that comes back as it was is no further version; partial snapshots, a series of their own, bring nothing new
    where the complete ones have it.
    """
    found: list[Version] = []
    for each in sorted(versions, key=lambda each: (each.first[1].time_ns, each.first[0])):
        if found and found[-1].state == each.state:
            found[-1] = replace(found[-1], last=max(found[-1].last, each.last, key=lambda last: last[1].time_ns))
        else:
            found.append(each)
    return found
