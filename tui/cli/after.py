"""What follows a run: maintenance, telling others, switching the machine off. None of it changes how the run ended.

Most profiles ask for none of it, so each step loads what it needs only when it is asked for.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from yester.engine.errors import YesterError
from yester.engine.events import Message, Result
from yester.engine.messages.of_runs import RunMessages
from yester.engine.places import Places
from yester.engine.profiles.profile import MaintenanceSpec, Profile
from yester.tui.cli.failures import complain
from yester.tui.cli.opening import Access

if TYPE_CHECKING:
    from yester.engine.notifying import Notice

_GOOD: frozenset[Result] = frozenset({"complete", "errors", "unchanged"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, for what comes after it."""

    run: str
    result: Result
    exit_code: int
    snapshot: str
    """Its id; empty when there is none."""
    error: str = ""
    """What it failed with."""


def words_of(problem: BaseException | None) -> str:
    """Return what an error says; empty for none."""
    return "" if problem is None else str(problem) or type(problem).__name__


def maintain(profile: Profile, places: Places, access: Access, outcome: Outcome) -> None:
    """Do the maintenance that is due, when the run went well."""
    if outcome.result in _GOOD and profile.maintenance != MaintenanceSpec():
        from yester.tui.cli.maintaining import maintain

        maintain(profile, places, access)


def tell_others(profile: Profile, places: Places, access: Access, outcome: Outcome) -> None:
    """Tell whom the profile's [notify] says how the run ended."""
    if profile.notify.on == "never":
        return
    from yester.engine.notifying import WORDS, Notice

    text = WORDS.get(outcome.result, outcome.result)
    if outcome.result == "failed" and outcome.error:
        text += f": {outcome.error}"
    tell(profile, Notice(profile.name, outcome.run, outcome.result, text), places)


def tell(profile: Profile, notice: "Notice", places: Places) -> None:
    """Tell whom the profile says; that nobody could be told is a warning, and a message."""
    from yester.engine.notifying import notify

    messages = RunMessages(places.state, notice.run, profile.name, profile.id.hex())
    for problem in notify(profile.notify, notice):
        complain(problem)
        messages.event(Message(level="warning", text=problem))


def switch_off(profile: Profile, places: Places, access: Access, outcome: Outcome) -> None:
    """Switch the machine off when the profile says so, the run went well, nothing else works, and nobody minds."""
    if not profile.limits.shut_down_after or outcome.result not in _GOOD or outcome.exit_code != 0:
        return
    from yester.engine.limits import shutdown
    from yester.engine.notifying import Notice
    from yester.engine.runs.history import journaled

    other = next((run for run in journaled(places.state) if not run.is_over), None)
    if other is not None:
        complain(f"The machine stays on: {other.action} {other.profile or other.repository} is still at work")
        return
    warning = f"the machine is switched off in {shutdown.GRACE_S} s"
    tell(profile, Notice(profile.name, outcome.run, outcome.result, warning), places)
    click.echo(f"{warning}; to keep it on: Ctrl-C", err=True)
    try:
        time.sleep(shutdown.GRACE_S)
        shutdown.switch_off()
    except KeyboardInterrupt:
        complain("The machine stays on")
    except YesterError as problem:
        complain(problem.what, problem.hint)
