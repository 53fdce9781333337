"""Answers about profiles."""

import time

from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.runs.history import all_runs
from yester.engine.schedule.zone import now
from yester.tui.cli.profile import profile_as_json
from yester.tui.cli.status import profiles_with_status, status_as_json, status_of
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.params import Params


def profiles(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield the profiles. UsageError: one cannot be read."""
    folder = desk.places.config / "profiles"
    for name in profile_names(folder):
        yield profile_as_json(load_profile(folder, name), folder)


def status(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield how profiles stand; of a broken one, that it is."""
    runs = all_runs(desk.places.state)
    at = now()
    for name in profiles_with_status(desk.places, runs):
        yield status_as_json(status_of(name, desk.places, runs, at))
    return {"now_ns": time.time_ns()}
