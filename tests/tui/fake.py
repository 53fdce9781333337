"""An engine that plays what a test scripts, and the terminal program on it: no process, no clock, no zone."""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import Any

import msgspec
from textual import events
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from yester.tui.app import TerminalProgram
from yester.tui.client import EngineGone, Refused
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.protocol import Failure
from yester.tui.settings import Settings
from yester.tui.state.sayings import shown as shown_sayings


def on_asyncio(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Let a test run on the loop of the terminal program; the others run on trio."""

    @wraps(test)
    def call(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return call


NOW_NS = 1_795_240_800_000_000_000
"""2026-11-21 06:00:00 UTC."""
MINUTE_NS, HOUR_NS, DAY_NS = 60 * 10**9, 3600 * 10**9, 86400 * 10**9

Item = Mapping[str, Any] | Failure | EngineGone
Script = Callable[[dict[str, Any]], Iterable[Item]] | Iterable[Item]


class FakeRequest:
    """Plays items; those of a stream as they are put there."""

    def __init__(self, items: Iterable[Item], stream: "asyncio.Queue[Item] | None", kind: Any, done: Any) -> None:
        self.done: Any = None
        self._items, self._stream, self._kind, self._done = items, stream, kind, done

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in self._items:
            yield self._played(item)
        while self._stream is not None:
            item = await self._stream.get()
            if item == {}:
                break
            yield self._played(item)
        self.done = self._done

    def _played(self, item: Item) -> Any:
        if isinstance(item, Failure):
            raise Refused(item)
        if isinstance(item, EngineGone):
            raise item
        raw = msgspec.json.encode(item)
        return raw if self._kind is msgspec.Raw else msgspec.json.decode(raw, type=self._kind)

    def cancel(self) -> None:
        """Nothing is at work."""


class FakeEngine:
    """Answers each method as it is told to, and remembers what was asked."""

    def __init__(self, **scripts: Script) -> None:
        """Scripts by method, with `_` for the dot."""
        self.scripts = {name.replace("_", ".", 1): script for name, script in scripts.items()}
        self.done: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.secrets: list[str] = []
        self.changes: asyncio.Queue[Item] = asyncio.Queue()
        self.lines: dict[str, asyncio.Queue[Item]] = {}
        """Lines of runs that last, as they come; an empty one is the end."""

    async def start(self) -> None:
        """There is nothing to start."""

    async def close(self) -> None:
        """There is nothing to end."""

    def ask(self, method: str, kind: Any, **params: object) -> Any:
        """Play an answer. The parameters must be what the real engine takes."""
        asked = msgspec.json.decode(msgspec.json.encode(params))
        msgspec.convert(asked, METHODS[method].takes)
        self.asked.append((method, asked))
        script = self.scripts.get(method, ())
        items = script(asked) if callable(script) else script
        stream = self.changes if method == "changes.watch" else None
        if method == "runs.follow":
            stream = self.lines.get(asked["run"])
        done = self.done.get(method, {"next": 0, "ended": True, "total": 0, "now_ns": NOW_NS})
        return FakeRequest(items, stream, kind, done(asked) if callable(done) else done)

    def give_secret(self, secret: str) -> None:
        """Remember it."""
        self.secrets.append(secret)

    def methods(self) -> list[str]:
        """Return which methods were asked for."""
        return [method for method, _ in self.asked]


EVERYTHING = {"what": ["runs", "messages", "profiles", "mounts", "plugins"]}


@contextmanager
def frozen() -> Iterator[None]:
    """Let the zone and the locale be the same on every machine; garbage of widgets is looked for once, afterwards."""
    kept = {name: os.environ.get(name) for name in ("TZ", "LANG", "LC_ALL", "NO_COLOR", "TEXTUAL_ANIMATIONS")}
    os.environ.update(TZ="UTC", LANG="C.UTF-8", LC_ALL="C.UTF-8", TEXTUAL_ANIMATIONS="none")
    os.environ.pop("NO_COLOR", None)
    time.tzset()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        time.tzset()


_PARSED: dict[tuple[object, ...], list[RuleSet]] = {}
_parse_rules = Stylesheet._parse_rules


def _parsed_once(sheet: Stylesheet, *source: Any, **more: Any) -> list[RuleSet]:
    """Parse these styles with these colours, unless that was done in this process."""
    key = (source, frozenset(more.items()), frozenset(sheet._variables.items()))
    if key not in _PARSED:
        _PARSED[key] = _parse_rules(sheet, *source, **more)
    return _PARSED[key]


# Textual parses all styles again for each program and for each place that is new to it: a fifth of what its tests cost.
Stylesheet._parse_rules = _parsed_once  # type: ignore[assignment, method-assign]


@asynccontextmanager
async def shown(
    engine: FakeEngine,
    size: tuple[int, int] = (120, 40),
    settings: Settings | None = None,
    then: Sequence[FakeEngine] = (),
    *,
    is_plain: bool = False,
) -> AsyncIterator[Pilot[None]]:
    """Open the program on an engine that tells of everything at once; `then` are those that take its place.

    `is_plain`: with NO_COLOR.
    """
    with frozen():
        os.environ.update({"NO_COLOR": "1"} if is_plain else {})
        engines = iter((engine, *then))
        for each in (engine, *then):
            each.changes.put_nowait(EVERYTHING)
        program = TerminalProgram(settings or Settings(), lambda: next(engines), lambda: NOW_NS, 0)
        program.animation_level = "none"  # what the environment says was read when Textual was loaded
        async with program.run_test(size=size) as pilot:
            await rest(pilot)
            yield pilot


async def rest(pilot: Pilot[None]) -> None:
    """Wait until nothing is under way but what waits for the engine, and all of it is drawn. No clock decides that."""
    program = pilot.app
    assert isinstance(program, TerminalProgram)
    quiet = 0
    while quiet < _QUIET:
        program.draw()
        program.screen._on_timer_update()
        quiet = quiet + 1 if await _turns() == 1 else 0
        while program._batch_count:  # Textual draws nothing for a moment after it went to another place
            quiet = 0
            await asyncio.sleep(0.005)


_QUIET = 4
"""How often in a row nothing was to be done until all is said to be at rest."""


async def _turns() -> int:
    """Let all others run until they wait for something, and return after how many turns of the loop they do."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # nothing public tells
    turns = 0
    while ready or not turns:
        await asyncio.sleep(0)
        turns += 1
    return turns


_CHARACTERS = {"space": " ", "slash": "/", "colon": ":", "question_mark": "?", "at": "@", "plus": "+"}


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, one after another, each with what it brings about."""
    for key in keys:
        send(pilot, key)
        await rest(pilot)


def send(pilot: Pilot[None], key: str) -> None:
    """Press a key, as the terminal tells of it."""
    driver = pilot.app._driver
    assert driver is not None
    event = events.Key(key, key if len(key) == 1 else _CHARACTERS.get(key))
    event.set_sender(pilot.app)
    driver.send_message(event)


def said(pilot: Pilot[None]) -> str:
    """Return what is said over the screen."""
    assert isinstance(pilot.app, TerminalProgram)
    return "\n".join(each.words for each in shown_sayings(pilot.app.noted, NOW_NS))


def asked(engine: FakeEngine, method: str) -> list[dict[str, Any]]:
    """Return the parameters of the requests of a method."""
    return [params for name, params in engine.asked if name == method]


def text_of(pilot: Pilot[None]) -> str:
    """Return what is on the screen, without colours."""
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip() for strip in pilot.app.screen._compositor.render_strips()
    )
