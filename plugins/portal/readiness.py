"""Whether archives are ready, as they said last: kept in the state folder, so that each command need not ask anew."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from yester.engine.archive.port import Archive, Readiness
from yester.engine.errors import ArchiveError, YesterError
from yester.engine.places import Places, remember

NOT_READY_S = 5.0
"""How long an archive that was not ready is not asked again, at most: somebody may be mending it."""
_S = 1_000_000_000


class KeptReadiness:
    """What archives said of being ready. What is kept is no more than a way to ask less often: it may be lost."""

    def __init__(self, places: Places, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._path: Path = places.state / "archives" / "ready.json"
        self._now_ns = now_ns

    def known(self, key: str) -> Readiness | None:
        """Return what the archive of a key said last; None when it was never asked."""
        return self._read().get(key)

    def ask(self, archive: Archive, key: str, holds_s: float) -> Readiness:
        """Return what an archive said under a key if it is no older than that, and else what it says now.

        That it was not ready holds for a moment only.
        """
        known, now_ns = self.known(key), self._now_ns()
        if known is not None:
            lasts_s = holds_s if known.is_ready else min(holds_s, NOT_READY_S)
            if 0 <= now_ns - known.asked_ns < lasts_s * _S:
                return known
        fresh = _asked(archive, now_ns)
        self._keep(key, fresh)
        return fresh

    def _read(self) -> dict[str, Readiness]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Readiness])
        except (OSError, msgspec.MsgspecError):
            return {}

    def _keep(self, key: str, fresh: Readiness) -> None:
        said = {**self._read(), key: fresh}
        # A full disk is no reason not to say it.
        with suppress(YesterError):
            remember(self._path, msgspec.json.encode(said))


def _asked(archive: Archive, now_ns: int) -> Readiness:
    try:
        return Readiness(archive.is_ready(), now_ns)
    except ArchiveError as problem:
        return Readiness(False, now_ns, str(problem))
