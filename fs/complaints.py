"""What goes wrong while a mount answers, in its log: each thing once a minute, and how often it happened meanwhile.

A program that reads a damaged file again and again, or searches a repository that is away, must not fill the disk.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

log = logging.getLogger("yester.fs")

QUIET_S = 60.0
KEPT = 256
"""Different things that are told apart."""


class Complaints:
    """What was told lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """When it was told last, and how often it was not told since."""

    def tell(self, text: str, about: str = "", trace: Exception | None = None) -> None:
        """Log a line, unless one `about` the same (or the same text) was told less than a minute ago."""
        about = about or text
        now = self._clock()
        since, passed_over = self._told.pop(about, (-QUIET_S, 0))
        if now - since < QUIET_S:
            self._told[about] = since, passed_over + 1
            return
        more = f" (and {passed_over} times more before)" if passed_over else ""
        log.error("%s%s", text, more, exc_info=trace)
        self._told[about] = now, 0
        while len(self._told) > KEPT:
            self._told.popitem(last=False)
