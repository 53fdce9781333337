"""Who walks through a folder: programs that list it and read its files in the order in which they lie.

Who looks at one file wants one file. Who copies a folder wants all that is in it, and where files have to be fetched
from tapes it makes the difference between one trip and five hundred. The two are told apart by the second file: who
walks through a folder has listed it, and has opened about as many files as lie before this one. The topmost such
folder is what is wanted. Who was led into a deep folder step by step, past much that was left alone, wants no more
than is there.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from yester.fs.inodes import Inode

KEPT_WALKERS = 64
KEPT_FOLDERS = 256
"""Folders that are remembered of one program: those listed last."""
LEFT_ALONE = 64
ENTRIES_A_FILE = 4
"""So many entries may lie before a file beyond those opened: folders, links and empty files are never opened."""


@dataclass(slots=True)
class _Walker:
    opened: int = 0
    first: Inode | None = None
    """The first file that it has had to wait for."""
    folders: "OrderedDict[Inode, int]" = field(default_factory=OrderedDict)
    """What it listed, and how many files it had opened before."""


class Walkers:
    """The programs of one mount, by the number of their process."""

    def __init__(self) -> None:
        self._walkers: OrderedDict[int, _Walker] = OrderedDict()

    def listed(self, process: int, folder: Inode) -> None:
        """A program has listed a folder."""
        walker = self._of(process)
        walker.folders[folder] = walker.opened
        walker.folders.move_to_end(folder)
        if len(walker.folders) > KEPT_FOLDERS:
            walker.folders.popitem(last=False)

    def opened(self, process: int) -> None:
        """A program has opened a file."""
        self._of(process).opened += 1

    def waits(self, process: int, file: Inode, above: Sequence[Inode]) -> Inode | None:
        """A program has to wait for a file. Return the folder that it walks; None when it walks none, or may not yet.

        `above` are the folders that the file lies in, the topmost first. Numbers follow the order of a walk.
        """
        walker = self._of(process)
        walker.first = walker.first or file
        if walker.first == file:
            return None
        return next((folder for folder in above if _walks(walker, folder, file)), None)

    def _of(self, process: int) -> _Walker:
        walker = self._walkers.get(process)
        if walker is None:
            walker = self._walkers[process] = _Walker()
            if len(self._walkers) > KEPT_WALKERS:
                self._walkers.popitem(last=False)
        self._walkers.move_to_end(process)
        return walker


def _walks(walker: _Walker, folder: Inode, file: Inode) -> bool:
    opened = walker.folders.get(folder)
    return opened is not None and file - folder <= LEFT_ALONE + ENTRIES_A_FILE * (walker.opened - opened)
