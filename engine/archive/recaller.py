"""Recalls that a reader waits for: those that come in close together go to the archives in one call.

Whoever reads a file that is offline asks for its packs, and blocks. The first of them waits for a moment, so that
others join; then one thread brings back all that was asked for, while others gather for the next call. Who reads one
file after another names `ahead` what comes next: it is brought along, and nobody waits for it.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping

from yester.engine.errors import YesterError
from yester.engine.ids import PackId

GATHER_S = 0.3
"""So long others may join."""
STILL_ON_ITS_WAY = "It is still on its way"

Bring = Callable[[Collection[PackId]], Mapping[PackId, str]]
"""Brings packs back, and says in words of those that did not come why. YesterError: none did."""


class Recaller:
    """Brings packs of one repository back. Any number of threads ask at once."""

    def __init__(self, bring: Bring, gather: Callable[[], object] = lambda: time.sleep(GATHER_S)) -> None:
        """`gather` waits until a call may begin; `bring` is called on a thread of its own, one call at a time."""
        self._bring, self._gather = bring, gather
        self._changed = threading.Condition()
        self._wanted: set[PackId] = set()
        self._coming: set[PackId] = set()
        self._answers: dict[PackId, str] = {}
        self._rounds: dict[PackId, int] = {}
        self._is_working = False

    def recall_now(
        self, packs: Collection[PackId], deadline_s: float, ahead: Collection[PackId] = ()
    ) -> Mapping[PackId, str]:
        """Bring packs back, and wait for them at most so many seconds; say in words of those that did not come why.

        What has not come by then comes all the same. What an earlier call is bringing is not asked for again.
        """
        end = time.monotonic() + deadline_s
        with self._changed:
            before = {pack: self._rounds.get(pack, 0) for pack in packs}
            self._wanted.update({*packs, *ahead} - self._coming)
            self._changed.notify_all()
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, name="recall", daemon=True).start()
            self._changed.wait_for(
                lambda: all(self._rounds.get(pack, 0) > round for pack, round in before.items()),
                max(0.0, end - time.monotonic()),
            )
            here = {pack: self._rounds.get(pack, 0) > round for pack, round in before.items()}
            said = {pack: self._answers.get(pack, "") if here[pack] else STILL_ON_ITS_WAY for pack in packs}
        return {pack: words for pack, words in said.items() if words}

    @property
    def wanted(self) -> frozenset[PackId]:
        """What waits for the next call."""
        with self._changed:
            return frozenset(self._wanted)

    def _work(self) -> None:
        try:
            self._serve()
        except BaseException as defect:
            with self._changed:
                packs, self._wanted = self._coming | self._wanted, set()
                self._answer(packs, dict.fromkeys(packs, f"{type(defect).__name__}: {defect}"))
                self._is_working = False
            raise

    def _serve(self) -> None:
        while True:
            self._gather()
            with self._changed:
                self._coming, self._wanted = self._wanted, set()
                if not self._coming:
                    self._is_working = False
                    return
                packs = frozenset(self._coming)
            answers = self._brought(packs)
            with self._changed:
                self._answer(packs, answers)

    def _answer(self, packs: Collection[PackId], answers: Mapping[PackId, str]) -> None:
        """Let go of all who wait for these; nothing is coming any more. For who holds the lock."""
        for pack in packs:
            self._rounds[pack] = self._rounds.get(pack, 0) + 1
        self._answers.update({pack: answers.get(pack, "") for pack in packs})
        self._coming = set()
        self._changed.notify_all()

    def _brought(self, packs: Collection[PackId]) -> Mapping[PackId, str]:
        try:
            return self._bring(packs)
        except (YesterError, OSError) as error:
            return dict.fromkeys(packs, str(error))
