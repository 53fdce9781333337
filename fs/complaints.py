"""What goes wrong while a mount answers, in its log: each thing once a minute, with how often it happened meanwhile.

A program that reads a damaged file again and again, or searches a repository that is away, must not fill the disk. So
there is also a most of what is said in a minute, whatever it is about.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

log = logging.getLogger("yester.fs")

QUIET_S = 60.0
MOST = 100
"""Lines in QUIET_S."""
KEPT = 256
"""Different things that are told apart."""


class Complaints:
    """What was told lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """When it was told last, and how often it was not told since."""
        self._minute = -QUIET_S
        self._lines = 0
        self._left_out = 0

    def tell(self, text: str, about: str, trace: Exception | None = None, level: int = logging.ERROR) -> None:
        """Log a line, unless one `about` the same was logged less than a minute ago, or too many were."""
        now = self._clock()
        since, passed_over = self._told.pop(about, (-QUIET_S, 0))
        if now - since < QUIET_S:
            self._told[about] = since, passed_over + 1
        elif self._has_room(now):
            more = f" (and {passed_over} times more before)" if passed_over else ""
            log.log(level, "%s%s", text, more, exc_info=trace)
            self._told[about] = now, 0
        while len(self._told) > KEPT:
            self._told.popitem(last=False)

    def _has_room(self, now: float) -> bool:
        """Count one more line; False when there were too many in this minute."""
        if now - self._minute >= QUIET_S:
            if self._left_out:
                log.error("%d complaints more were not written here", self._left_out)
            self._minute, self._lines, self._left_out = now, 0, 0
        if self._lines == MOST:
            self._left_out += 1
            return False
        self._lines += 1
        return True
