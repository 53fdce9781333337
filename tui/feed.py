"""Keeps the world up to date: asks for what changed, follows each run that lasts, and tells the app what came."""

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial

import msgspec

from yester.engine.errors import UsageError
from yester.engine.events import Shown, decode
from yester.engine.messages.posted import ReadMark
from yester.engine.profiles.profile import ScheduleSpec
from yester.engine.runs.records import RunRecord
from yester.engine.runs.status import ProfileStatus
from yester.engine.schedule.words import in_words
from yester.tui.client import Engine, Refused, all_of
from yester.tui.state.keeping import Retention, kept_in_words
from yester.tui.state.world import (
    MESSAGES,
    Happening,
    Message,
    MessagesListed,
    ProfileFacts,
    ProfilesListed,
    RunLost,
    RunsListed,
    RunTold,
    StatusesListed,
    World,
)

Work = Callable[[], Coroutine[None, None, None]]
"""Begins something that takes its time."""
RUNS = 1000
"""Runs that are asked for."""


class _Maintenance(msgspec.Struct, frozen=True):
    forget: bool = False


class _Profile(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sources: tuple[Shown, ...] = ()
    repository: str = ""
    retention: Retention = Retention()
    maintenance: _Maintenance = _Maintenance()
    schedule: ScheduleSpec = ScheduleSpec()


class Feed:
    """Asks an engine, and passes on what it says to `tell`."""

    def __init__(
        self,
        engine: Engine,
        world: Callable[[], World],
        tell: Callable[[Happening], None],
        changed: Callable[[frozenset[str]], None],
        start: Callable[[Work, str], object],
    ) -> None:
        """`changed` hears what may be another now; `start` starts a task, and ends the one of that name before it."""
        self._engine, self._world, self._tell = engine, world, tell
        self._changed, self._start = changed, start
        self._followed: set[str] = set()

    async def run(self) -> None:
        """Keep the world up to date for ever. EngineGone, Refused."""
        while True:
            try:
                await self._watch()
            except Refused as refused:
                # An engine that is told to end cancels what it answers first; asked again, it is gone.
                if not refused.is_cancelled:
                    raise

    async def _watch(self) -> None:
        asked: Mapping[str, Work] = self._asked
        async for change in self._engine.ask("changes.watch", dict):
            what = frozenset(change["what"])
            for name in what & asked.keys():
                self._start(asked[name], f"ask {name}")
            self._changed(what)

    @property
    def _asked(self) -> Mapping[str, Work]:
        return {"runs": self._runs, "profiles": self._profiles, "messages": self._messages}

    def judge(self) -> None:
        """Ask anew how the profiles stand: what was due and did not begin is late by the clock alone."""
        self._start(self._statuses, "ask statuses")

    def refresh(self) -> None:
        """Ask for all of it anew."""
        for name, ask in self._asked.items():
            self._start(ask, f"ask {name}")

    async def _runs(self) -> None:
        runs = await all_of(self._engine.ask("runs.list", RunRecord, limit=RUNS))
        self._tell(RunsListed(runs))
        for run in self._world().live.keys() - self._followed:
            self._followed.add(run)
            self._start(partial(self._follow, run), f"follow {run}")
        await self._statuses()

    async def _statuses(self) -> None:
        self._tell(StatusesListed(await all_of(self._engine.ask("profiles.status", ProfileStatus))))

    async def _profiles(self) -> None:
        """What a profile says may be wrong in one file: the status says so, afterwards, and the others are shown."""
        found: list[_Profile] = []
        with suppress(Refused):
            async for profile in self._engine.ask("profiles.list", _Profile):
                found.append(profile)
        self._tell(ProfilesListed(tuple(_facts(profile) for profile in found)))
        await self._statuses()

    async def _messages(self) -> None:
        """Ask for what came since: a plugin may say a thousand things a second."""
        known = self._world().messages
        newest = known[0].id if known else 0
        listed, highest = await self._messages_after(newest)
        if highest < newest:  # somebody began a new store
            listed, _ = await self._messages_after(0)
        self._tell(listed)

    async def _messages_after(self, id: int) -> tuple[MessagesListed, int]:
        request = self._engine.ask("messages.list", Message, after=id, limit=MESSAGES)
        found = await all_of(request)
        done = request.done or {}
        mark = ReadMark(done["up_to"], tuple(done["also"])) if "up_to" in done else None
        return MessagesListed(found, mark, is_whole=not id), done.get("newest", id)

    async def _follow(self, run: str) -> None:
        """Tell each line of a run until it ends or dies; from where it was left when it is followed again."""
        live = self._world().live.get(run)
        request = self._engine.ask("runs.follow", msgspec.Raw, run=run, first=live.seq + 1 if live else 0)
        async for raw in request:
            self._tell(RunTold(run, decode(bytes(raw))))
        if request.done is not None and not request.done.get("ended"):
            self._tell(RunLost(run))


def _facts(profile: _Profile) -> ProfileFacts:
    sources = tuple(source.path for source in profile.sources)
    keeps = kept_in_words(profile.retention, is_applied=profile.maintenance.forget)
    return ProfileFacts(profile.name, sources, profile.repository, keeps, _when(profile.schedule))


def _when(spec: ScheduleSpec) -> str:
    if spec.when == "off":
        return "only by hand"
    try:
        return in_words(spec)
    except UsageError as problem:  # it could never fire, which the status says as well
        return problem.what
