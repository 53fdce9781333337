"""Files that are offline: where they are, and how they come back while a program waits.

Whether a file can be read now is asked for, not known: packs go and come while a mount is there. So `user.yester.tier`
and `user.yester.recall` look at the list of packs and at what archives hold, on a thread.

A program that reads an offline file gets EIO. Where the person wants that, it waits instead: all packs of the file are
asked for at once, and those of the folder that the program walks along with them (fs/walkers.py). Those that come
together go to the archives in one call (engine/archive/recaller.py).
"""

import os
import shlex
from collections.abc import Collection, Mapping
from typing import Protocol

from yester.engine.archive.holdings import where
from yester.engine.archive.needing import packs_of_entries
from yester.engine.entries import Entry
from yester.engine.errors import Offline
from yester.engine.ids import PackId
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import ObjectKind, name_of
from yester.fs.xattr_view import PREFIX

TIER, RECALL = PREFIX + b"tier", PREFIX + b"recall"
RECALL_S = 900.0
"""How long a program waits for a file that is recalled, if nothing else is said."""
ONLINE, OFFLINE = b"online", b"offline"


class Recalls(Protocol):
    """Who brings packs back from archives."""

    def recall_now(
        self, packs: Collection[PackId], deadline_s: float, ahead: Collection[PackId] = ()
    ) -> Mapping[PackId, str]:
        """Bring packs back within so many seconds, and say in words of those that did not come why."""
        ...


class ColdFiles:
    """What archives have of the files of one mount. Any thread may ask."""

    def __init__(self, repository: Repository, recalls: Recalls | None = None, wait_s: float = RECALL_S) -> None:
        """Without `recalls` nobody waits."""
        self._repository, self._recalls = repository, recalls
        self.wait_s = wait_s

    @property
    def waits(self) -> bool:
        """Whether who reads an offline file waits for it."""
        return self._recalls is not None

    def value(self, name: bytes, entry: Entry, called: bytes) -> bytes | None:
        """Return the value of an attribute of a file, which is `called` ID:PATH; None when it has none of that name."""
        needed = packs_of_entries(self._repository, [entry])
        if name == TIER:
            return OFFLINE if needed.offline else ONLINE
        if not needed.offline:
            return None
        places = " and in ".join(dict.fromkeys(where(holdings[0]) for holdings in needed.offline.values()))
        return os.fsencode(f"it is in {places}: yester recall {shlex.quote(os.fsdecode(called))}")

    def bring(self, entry: Entry, folder: Entry | None) -> None:
        """Bring a file back, and begin to with what else lies below a folder. Offline says why it did not come."""
        assert self._recalls is not None
        packs = packs_of_entries(self._repository, [entry]).offline
        ahead = packs_of_entries(self._repository, [folder]).offline if packs and folder is not None else {}
        lost = self._recalls.recall_now(packs, self.wait_s, ahead.keys() - packs.keys()) if packs else {}
        for pack, words in lost.items():
            name = name_of(ObjectKind.DATA, pack)
            raise Offline(f"{name} is in {where(packs[pack][0])}, and did not come: {words}", name=name)
