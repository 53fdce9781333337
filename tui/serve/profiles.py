"""Answers about profiles."""

import time

from yester.engine.errors import UsageError
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.profiles.reporting import effects
from yester.engine.runs.history import all_runs
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.zone import now
from yester.tui.cli.profile import profile_as_json
from yester.tui.cli.schedule import schedule_as_json
from yester.tui.cli.status import profiles_with_status, status_as_json, status_of
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Params
from yester.tui.serve.methods.profiles import OfProfile


def profiles(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield the profiles that can be read. UsageError, at the end: one cannot."""
    folder, broken = desk.places.config / "profiles", []
    for name in profile_names(folder):
        try:
            yield profile_as_json(load_profile(folder, name), folder)
        except UsageError as problem:
            broken.append(problem)
    if broken:
        raise broken[0]


def status(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield how profiles stand; of a broken one, that it is."""
    runs = all_runs(desk.places.state)
    at = now()
    for name in profiles_with_status(desk.places, runs):
        yield status_as_json(status_of(name, desk.places, runs, at, desk.starters))
    return {"now_ns": time.time_ns()}


def settings(desk: Desk, asked: OfProfile, call: Call) -> Answers:
    """Yield each key of a profile and what counts for it. UsageError: it cannot be read."""
    for effect in effects(load_profile(desk.places.config / "profiles", asked.profile)):
        yield {"key": effect.path, "value": effect.value, "is_default": effect.is_default}


def schedule(desk: Desk, asked: OfProfile, call: Call) -> Answers:
    """Yield when a profile's runs start, and what is installed. UsageError: it cannot be read."""
    profile = load_profile(desk.places.config / "profiles", asked.profile)
    yield schedule_as_json(profile, Machine.this(desk.places), desk.places)
