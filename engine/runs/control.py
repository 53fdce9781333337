"""What others ask of a run: to stop, to stand still, to go on."""

import threading
import time
from collections.abc import Callable
from signal import SIGINT

from yester.engine.events import Event, RunPause, RunResume


class RunControl:
    """Any thread asks; the thread that works obeys when it asks `cancelled`, which it does all the time."""

    def __init__(self, told: Callable[[Event], None] = lambda event: None) -> None:
        """`told` hears of pauses."""
        self._told = told
        self._changed = threading.Condition()
        self._signal = 0
        self._paused_at = 0.0
        self._paused_s = 0.0

    @property
    def signal(self) -> int:
        """The signal that asked the run to stop; 0 while none did. Cancelling is as SIGINT."""
        return self._signal

    @property
    def is_paused(self) -> bool:
        """Whether the work stands still, or will as soon as it asks."""
        return self._paused_at > 0

    @property
    def paused_s(self) -> float:
        """Seconds that the run has stood still so far."""
        began = self._paused_at
        return self._paused_s + (time.monotonic() - began if began else 0.0)

    def cancel(self, number: int = SIGINT) -> None:
        """Ask the work to stop, in good order; a paused one too. The first signal counts."""
        with self._changed:
            self._signal = self._signal or number
            self._go_on()

    def pause(self) -> None:
        """Ask the work to stand still; nothing when it does already or is to stop."""
        with self._changed:
            if not self._paused_at and not self._signal:
                self._paused_at = time.monotonic()
                self._told(RunPause())

    def resume(self) -> None:
        """Let the work go on."""
        with self._changed:
            if self._paused_at:
                self._go_on()
                self._told(RunResume())

    def cancelled(self) -> bool:
        """Whether the work is to stop. Does not return while the run is paused."""
        if self._paused_at:
            self.wait_while_paused()
        return self._signal != 0

    def wait_while_paused(self) -> None:
        """Return when the run is resumed or cancelled; at once when it is not paused."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paused_at)

    def _go_on(self) -> None:
        if self._paused_at:
            self._paused_s += time.monotonic() - self._paused_at
            self._paused_at = 0.0
        self._changed.notify_all()
