"""Making, copying, removing and recovering profiles: what is asked, and the one command that does it."""

import asyncio

import msgspec

from yester.engine.errors import UsageError, YesterError
from yester.engine.profiles.reading import checked_profile_name
from yester.engine.runs.status import ProfileStatus
from yester.tui.client import all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.typing import Typing
from yester.tui.screens.place import Place
from yester.tui.state import removing
from yester.tui.state.removing import Scheduled
from yester.tui.state.settings import Setting
from yester.tui.state.text import Line, Span, line

_COUNT_S = 3.0
"""How long the repository may take to tell how many snapshots there are, before the question is asked without."""


class _Mounted(msgspec.Struct, frozen=True):
    path: str
    repository: str = ""


def names(place: Place) -> tuple[str, ...]:
    """Return the profiles that there are."""
    return tuple(status.profile for status in place.world.statuses or ())


def make(place: Place) -> None:
    """Let a person make a profile, page by page."""
    from yester.tui.screens.wizard.wizard import WizardScreen

    def made(name: str | None) -> None:
        if name:
            place.program.turn_to(name)
            place.program.feed.refresh()

    place.app.push_screen(WizardScreen(names(place)), made)


def copy(place: Place, profile: str) -> None:
    """Make a profile that says the same under another name."""
    taken = names(place)
    free = next(name for name in (f"{profile}-{number}" for number in range(2, len(taken) + 3)) if name not in taken)

    def wrong(name: str) -> str:
        if name in taken:
            return f"There is a profile {name} already"
        try:
            checked_profile_name(name)
        except UsageError as problem:
            return f"{problem.what}. {problem.hint}"
        return ""

    def answered(name: str | None) -> None:
        if name:
            _change(place, "profiles.copy", f"{name} says what {profile} does: c changes it", profile=profile, new=name)

    lines = [
        line(Span(f"A profile that says what {profile} does", "strong")),
        line("It has its own snapshots, in the same repository, and takes the same folders until c says otherwise."),
        line("No schedule of it is switched on: Home says so, and with which key it is."),
        line(Span(f"$ yester profile copy {profile} NAME", "dim")),
        line("Its name:"),
    ]
    place.app.push_screen(Typing(lines, wrong, "Copy", free), answered)


def switch(place: Place, status: ProfileStatus) -> None:
    """Let the runs of a profile start at its times; where they do, ask whether they are to start by hand only."""
    name, facts = status.profile, place.world.profiles.get(status.profile)
    on, off = f"{name} starts by itself now: {facts.when if facts else ''}", f"{name} starts by hand only now"

    def answered(is_yes: bool | None) -> None:
        if is_yes:
            _change(place, "schedule.disable", off, profile=name)

    if status.started == "off":
        place.program.say(f"{name} says no times", "c changes schedule.when, and switches it on.")
    elif status.started == "stray":
        _change(place, "schedule.disable", off, profile=name)
    elif status.started != "on":
        _change(place, "schedule.enable", on, profile=name)
    else:
        lines = [
            line(Span(f"Let {name} start by hand only?", "strong")),
            line("Its times stay in the profile, and the same key lets them count again. Nothing is taken until then."),
            line(Span(f"$ yester schedule disable {name}", "dim")),
        ]
        place.app.push_screen(Confirm(lines, "By hand only"), answered)


def remove(place: Place, status: ProfileStatus) -> None:
    """Remove a profile, once the person has typed its name and knows what goes and what stays."""
    name = status.profile

    def answered(typed: str | None) -> None:
        if typed:
            _change(place, "profiles.remove", f"{name} is removed; its snapshots stay", profile=name)

    async def work() -> None:
        lines = await _consequences(place, status)
        wrong = f"Type {name}, or leave with Esc"
        place.app.push_screen(Typing(lines, lambda typed: "" if typed == name else wrong, "Remove"), answered)

    place.work_on(work, "remove")


async def _consequences(place: Place, status: ProfileStatus) -> list[Line]:
    """Ask what hangs on a profile; what cannot be told is left open."""
    name, facts = status.profile, place.world.profiles.get(status.profile)
    ask = place.engine.ask
    try:
        scheduled = next(iter(await all_of(ask("schedule.show", Scheduled, profile=name))), None)
    except YesterError:
        scheduled = None
    try:
        async with asyncio.timeout(_COUNT_S):
            snapshots: int | None = len(await all_of(ask("snapshots.list", dict, profile=name)))
    except (YesterError, TimeoutError):
        snapshots = None
    try:
        said = {each.key: each.value for each in await all_of(ask("profiles.settings", Setting, profile=name))}
    except YesterError:
        said = {}
    mounts = await all_of(ask("mounts.list", _Mounted))
    shown = [each.path for each in mounts if facts is not None and each.repository == facts.repository]
    kept = said.get("passphrase_file", "").strip('"')
    return removing.lines(name, facts, scheduled, snapshots, shown, kept, status.running, place.glyphs)


def recover(place: Place, name: str, repository: str) -> None:
    """Bring a profile back from the copy in its last snapshot; no repository: the default one."""
    where = f" --repo {repository}" if repository else ""
    lines = [
        line(Span(f"Bring {name} back as it was at its last snapshot?", "strong")),
        line("What its file says now, if there is one, is replaced."),
        line(Span(f"$ yester profile recover --force{where} {name}", "dim")),
    ]

    def answered(is_yes: bool | None) -> None:
        if is_yes:
            _change(
                place, "profiles.recover", f"{name} is as it was at its last snapshot", repository=repository, name=name
            )

    place.app.push_screen(Confirm(lines, "Bring it back"), answered)


def _change(place: Place, method: str, said: str, **params: object) -> None:
    async def work() -> None:
        await all_of(place.engine.ask(method, dict, **params))
        place.program.feed.refresh()
        place.program.say(said)

    place.work_on(work, f"change {method}")
