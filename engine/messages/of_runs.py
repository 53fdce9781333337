"""What a run has to say to a person goes into the store too: nobody may have watched it.

A failure of one path is not posted: there may be thousands, the journal has them all, and their number is said once.
"""

from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.events import Error, ErrorCode, Event, Level, Message
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore


class RunMessages:
    """Takes the events of one run, and posts what matters at once: a run that is killed has said it. Any thread."""

    def __init__(self, state: Path, run: str, profile: str = "", profile_id: str = "") -> None:
        self._store = MessageStore(state)
        self._run, self._profile, self._profile_id = run, profile, profile_id
        self.problem = ""
        """Why messages are lost; empty while none are."""

    def event(self, event: Event) -> None:
        """Post it if a person must hear of it. Never raises; after a failure nothing more is tried."""
        message = self._worth_posting(event)
        if message is None or self.problem:
            return
        try:
            self._store.post(message)
        except YesterError as problem:
            self.problem = problem.what

    def _worth_posting(self, event: Event) -> Posted | None:
        match event:
            case Message() if not event.path and (event.level != "info" or event.source != "yester"):
                return self._posted(event)
            case Error() if event.code != ErrorCode.ALREADY_RUNNING:  # a timer may find it so all night: no failure
                level: Level = "warning" if event.code == ErrorCode.WITH_ERRORS else "error"
                return Posted(
                    level=level,
                    text=event.text,
                    hint=event.hint or f"What happened: yester log {self._run}",
                    run=self._run,
                    profile=self._profile,
                    profile_id=self._profile_id,
                )
        return None

    def _posted(self, event: Message) -> Posted:
        return Posted(
            level=event.level,
            text=event.text,
            source=event.source,
            action=event.action,
            run=self._run,
            profile=self._profile,
            profile_id=self._profile_id,
        )
