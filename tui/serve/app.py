"""Plugins that live as long as the program that a person looks at, after Back In Time's contract.

They hear `app.start` before anything is shown, `mount.before` and `mount.after` when a profile is first looked at,
`unmount` when another one is, and `unmount` and `app.exit` at the end, however the client ends: when it is killed its
pipe closes. A client that never sends `app.start` starts none of them.
"""

import os
import threading
from typing import TYPE_CHECKING

from yester.engine.errors import YesterError
from yester.engine.events import AppExit, AppStart, Event, Message, MountAfter, MountBefore, Unmount
from yester.engine.places import Places
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.methods.program import AppBegins

if TYPE_CHECKING:
    from yester.engine.profiles.profile import Profile
    from yester.plugins.dispatcher import Dispatcher
    from yester.tui.serve.desk import Desk


def start(desk: "Desk", asked: AppBegins, call: Call) -> Answers:
    """Start the plugins and tell them."""
    desk.plugins.start(asked.program)
    yield from ()


class Inbox:
    """Keeps what plugins say among the messages; what they print is lost. Any thread."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def said(self, message: Message) -> None:
        """Keep a message; where it cannot be kept nobody would read that it cannot."""
        from yester.engine.messages.posted import Posted
        from yester.engine.messages.store import MessageStore
        from yester.tui.cli.failures import complain

        posted = Posted(level=message.level, text=message.text, source=message.source, action=message.action)
        try:
            MessageStore(self._places.state).post(posted)
        except YesterError as problem:
            complain(problem.what, problem.hint)

    def printed(self, message: Message) -> None:
        """Leave a line of output to itself: there is no journal for it."""


class AppPlugins:
    """The plugins that are on when the program starts. Any thread may call; each call waits for the one before."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.RLock()
        self._dispatcher: Dispatcher | None = None
        self._open: tuple[str, str, str] | None = None

    def start(self, program: str) -> None:
        """Tell plugins that the program starts; once."""
        from yester.tui.cli.plugging import enabled_plugins

        with self._lock:
            if self._dispatcher is None:
                self._dispatcher = enabled_plugins(self._places, Inbox(self._places), action="tui")
                self._tell(AppStart(os.getppid(), program))
                if self._open is not None:  # it was looked at before anybody was there to hear of it
                    self._tell(MountBefore(*self._open))
                    self._tell(MountAfter(*self._open))

    def turn_to(self, repository: str, profile: "Profile | None") -> None:
        """Tell plugins that a repository is about to be opened for a profile, and the one before is not needed."""
        about = (repository, profile.name if profile else "", profile.id.hex() if profile else "")
        with self._lock:
            if about != self._open:
                self._let_go()
                self._tell(MountBefore(*about))
                self._open = about
                self._tell(MountAfter(*about))

    def end(self) -> None:
        """Tell plugins that the program ends, and end them."""
        with self._lock:
            self._let_go()
            self._tell(AppExit(0))
            dispatcher, self._dispatcher = self._dispatcher, None
            if dispatcher is not None:
                dispatcher.close()

    def _let_go(self) -> None:
        about, self._open = self._open, None
        if about is not None:
            self._tell(Unmount(*about))

    def _tell(self, event: Event) -> None:
        if self._dispatcher is not None:
            self._dispatcher.event(event)
