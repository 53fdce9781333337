"""Repositories that are opened by commands without a record: plugins hear of that too, and may make them reachable."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from yester.engine.errors import YesterError
from yester.engine.events import Event, Message, MountAfter, MountBefore, Unmount
from yester.engine.places import Places
from yester.engine.runs.control import RunControl
from yester.tui.cli.failures import complain
from yester.tui.cli.opening import Access, open_repository, repository_place
from yester.tui.cli.plugging import enabled_plugins
from yester.tui.cli.postponing import signals_postponed

if TYPE_CHECKING:
    from yester.engine.profiles.profile import Profile
    from yester.engine.repository import Repository


class Screen:
    """Says on standard error what plugins say, and keeps it among the messages; what they print is lost."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def said(self, message: Message) -> None:
        """Show a message unless it is a mere piece of news, and keep it."""
        from yester.engine.messages.posted import Posted
        from yester.engine.messages.store import MessageStore
        from yester.tui.cli.run_words import with_source

        if message.level != "info":
            complain(with_source(message))
        posted = Posted(level=message.level, text=message.text, source=message.source, action=message.action)
        try:
            MessageStore(self._places.state).post(posted)
        except YesterError as problem:
            complain(problem.what, problem.hint)

    def printed(self, message: Message) -> None:
        """Leave a line of output to itself: there is no journal for it."""


@contextmanager
def visited(
    action: str,
    access: Access,
    places: Places,
    profile: "Profile | None" = None,
    opening: "Callable[[], Repository] | None" = None,
) -> "Iterator[Repository]":
    """Open the repository that is meant for the block, and tell plugins before, when it is open and when it is not."""
    opening = opening or partial(open_repository, access, places, profile)
    place = repository_place(access.repository, profile, places)
    control = RunControl()
    plugins = enabled_plugins(
        places,
        Screen(places),
        action=action,
        profile=profile,
        repository=place,
        stopping=lambda: control.signal != 0,
    )
    about = (place, profile.name, profile.id.hex()) if profile is not None else (place, "", "")

    def tell(event: Event) -> None:
        if plugins is not None:
            with signals_postponed(control):
                plugins.event(event)

    try:
        if plugins is not None:
            plugins.load()
        try:
            tell(MountBefore(*about))
            with closing(opening()) as repository:
                tell(MountAfter(*about))
                if plugins is not None:
                    plugins.rest_until(Unmount)
                yield repository
        finally:
            tell(Unmount(*about))
    finally:
        if plugins is not None:
            plugins.close()
