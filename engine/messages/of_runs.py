"""What a run has to say to a person goes into the store too: nobody may have watched it.

A failure of one path is not posted: there may be thousands, the journal has them all, and their number is said once.
Nor is it posted that another run was at work: a timer may find it so all night, and it is no failure.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from yester.engine.errors import YesterError
from yester.engine.events import Error, ErrorCode, Event, Message

if TYPE_CHECKING:
    from yester.engine.messages.posted import Posted


class RunMessages:
    """Takes the events of one run, and posts what matters at once: a run that is killed has said it. Any thread."""

    def __init__(self, state: Path, run: str, profile: str = "", profile_id: str = "") -> None:
        self._state = state
        self._run, self._profile, self._profile_id = run, profile, profile_id
        self.problem = ""
        """Why messages are lost; empty while none are."""

    def event(self, event: Event) -> None:
        """Post it if a person must hear of it. Never raises; after a failure nothing more is tried."""
        if self.problem or not isinstance(event, Message | Error) or not _matters(event):
            return
        from yester.engine.messages.store import MessageStore  # most runs have nothing to say

        try:
            MessageStore(self._state).post(self._posted(event))
        except YesterError as problem:
            self.problem = problem.what

    def _posted(self, event: Message | Error) -> "Posted":
        from yester.engine.messages.posted import Posted

        if isinstance(event, Message):
            posted = Posted(level=event.level, text=event.text, source=event.source, action=event.action)
        else:
            posted = Posted(
                level="warning" if event.code == ErrorCode.WITH_ERRORS else "error",
                text=event.text,
                hint=event.hint or f"What happened: yester log {self._run}",
            )
        return replace(posted, run=self._run, profile=self._profile, profile_id=self._profile_id)


def _matters(event: Message | Error) -> bool:
    if isinstance(event, Error):
        return event.code != ErrorCode.ALREADY_RUNNING
    return not event.path and (event.level != "info" or event.source != "yester")
