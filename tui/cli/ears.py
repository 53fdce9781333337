"""What a run tells: written to its journal, told to plugins, and kept where a person must be told of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yester.engine.capture.wishes import Wishes
from yester.engine.decisions import Candidate, Decisions
from yester.engine.events import Error, Event, File, Message, RunBegin, RunEnd
from yester.engine.hooks import AllEvents
from yester.engine.journal import Recorder
from yester.engine.messages.of_runs import RunMessages
from yester.tui.cli.run_words import with_source

if TYPE_CHECKING:
    from yester.plugins.dispatcher import Dispatcher


class Ears(AllEvents):
    """The engine's hooks: writes all to the recorder but the frame, tells plugins, keeps what a person must be told."""

    def __init__(self, recorder: Recorder, messages: RunMessages) -> None:
        self._recorder, self._messages = recorder, messages
        self.plugins: Dispatcher | None = None
        self.warnings: list[str] = []
        self.end: RunEnd | None = None
        self.has_begun = self.has_failed = False

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        """Ask plugins what becomes of entries."""
        return self.plugins.decide(candidates) if self.plugins is not None else {}

    def wishes(self) -> Wishes:
        """Return what plugins want of the run."""
        return self.plugins.wishes() if self.plugins is not None else Wishes()

    def event(self, event: Event) -> None:
        """Record an event and tell it to plugins. StopRun, when one of them does not want the run."""
        if self.plugins is not None and isinstance(event, File):
            return self.plugins.event(event)  # they alone asked for it
        if isinstance(event, RunBegin):
            if self.has_begun:  # while the repository was waited for
                return None
            self.has_begun = True
        self._record(event)
        if self.plugins is not None:
            self.plugins.event(event)
            if isinstance(event, RunBegin):
                self.wants_files = self.plugins.hears_files()
                self.wants_decisions = self.plugins.decides()
        return None

    def load(self) -> None:
        """Load the plugins; until that is done none of them has heard of anything."""
        if self.plugins is not None:
            self.plugins.load()

    def said(self, message: Message) -> None:
        """Record what a plugin has to say; plugins do not hear of it."""
        self._record(message)

    def printed(self, message: Message) -> None:
        """Record what a plugin wrote to its output: not every line of that is for a person."""
        self._recorder.event(message)

    def _record(self, event: Event) -> None:
        """Record an event; remember a warning. A message about one path is a failure, which the result has."""
        match event:
            case RunBegin():  # the record has begun before
                return
            case RunEnd():  # it goes on until all is put away
                self.end = event
                return
            case Error():
                self.has_failed = True
            case Message() if event.level != "info" and not event.path:
                self.warnings.append(with_source(event))
        self._recorder.event(event)
        self._messages.event(event)
