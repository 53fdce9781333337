"""What is wrong with what a profile says about plugins, as far as they themselves can tell."""

from collections.abc import Iterator
from shlex import quote

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.toml_text import bare_key
from yester.plugins.found import Found
from yester.tui.cli.plugin_loading import Stage, looked_at


def plugin_problems(places: Places, profile: Profile) -> Iterator[UsageError]:
    """Yield what is wrong with each [plugins.NAME]. Those that are on are loaded for it."""
    if not profile.plugins:
        return
    stage = Stage.in_profile(places, profile)
    found = stage.plugins()
    known = {name: each for each in found for name in (each.name, f"{each.world}/{each.name}")}
    for name in profile.plugins:
        if name not in known:
            what = f"Profile {profile.name}: there is no plugin for [plugins.{bare_key(name)}]"
            yield UsageError(what, hint=did_you_mean(name, known) or "See yester plugin list.")
        elif known[name].is_enabled:
            yield from _problems_of(stage, profile, known[name])


def _problems_of(stage: Stage, profile: Profile, found: Found) -> Iterator[UsageError]:
    hint = f"To see its options: yester plugin options {quote(found.label)} --profile {quote(profile.name)}"
    try:
        loaded = looked_at(stage, found, stage.layers())
    except UsageError as problem:
        yield UsageError(f"Profile {profile.name}: {problem.what}", hint=problem.hint)
        return
    for what in filter(None, [loaded.problem, *loaded.facts.get("warnings", ())]):
        yield UsageError(f"Profile {profile.name}: {found.label}: {what}", hint=hint)
