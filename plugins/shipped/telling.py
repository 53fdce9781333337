"""What plugins that tell somebody how a run ended have in common."""

from collections.abc import Mapping
from typing import ClassVar

from yester.engine.events import CheckEnd, Error, Message, RunBegin, RunEnd
from yester.plugins.native import Plugin
from yester.plugins.shipped.endings import Ending, Story

DEADLINE_S = 120.0
"""What gives up by itself does so long before that."""


class Teller(Plugin):
    """Hears of everything until the ending is known; a subclass gives `told`."""

    order = 90
    """Behind those that change something."""
    deadlines: ClassVar[Mapping[str, float]] = dict.fromkeys(
        ("on_run_begin", "on_message", "on_error", "on_run_end", "on_check_end"), DEADLINE_S
    )

    def __init__(self) -> None:
        self.story = Story(self.occasion)

    def told(self, ending: Ending) -> None:
        """Tell somebody of the ending."""
        raise NotImplementedError

    def on_run_begin(self, event: RunBegin) -> None:
        """The run begins."""
        self._hear(event)

    def on_message(self, event: Message) -> None:
        """Keep what is said."""
        self._hear(event)

    def on_error(self, event: Error) -> None:
        """The run failed, perhaps before it began."""
        self._hear(event)

    def on_run_end(self, event: RunEnd) -> None:
        """The run ended."""
        self._hear(event)

    def on_check_end(self, event: CheckEnd) -> None:
        """The check ended."""
        self._hear(event)

    def _hear(self, event: RunBegin | Message | Error | RunEnd | CheckEnd) -> None:
        ending = self.story.tell(event)
        if ending is not None:
            self.told(ending)
