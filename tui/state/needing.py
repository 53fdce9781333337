"""What a profile needs, and the key that gives it; pure.

Sentences name verbs, such as `{snap}`; what their keys are called in the person's preset is put in at the end.
"""

from collections.abc import Mapping

from yester.engine.lacking import lacks_passphrase
from yester.engine.runs.status import ProfileStatus
from yester.engine.schedule.started import WORDS, Started
from yester.tui.cli.wording import moment
from yester.tui.state.text import Glyphs, Line, Tone, labelled
from yester.tui.state.world import World

Names = Mapping[str, str]
"""Verb of Home → what its key is called."""

_SWITCH: Mapping[Started, str] = {
    "missing": "{switch} lets its runs start by themselves at these times",
    "disabled": "{switch} switches its timer on",
    "outdated": "{switch} lets them start at the times that the profile says",
    "stray": "{switch} lets them start by hand only",
}
"""What the key does about runs that are not started as the profile says."""


def needed(world: World, status: ProfileStatus, width: int, glyphs: Glyphs, keys: Names) -> list[Line]:
    """Return what needs attention, and the key that mends it."""
    lines: list[Line] = []
    if status.health != "ok" and status.text:
        since = f" since {moment(status.since_ns)[:16]}" if status.since_ns and status.failures > 1 else ""
        tone: Tone = "bad" if status.health == "failed" else "warn"
        sign = glyphs.bad if tone == "bad" else glyphs.warn
        lines += labelled(f"{sign} ", f"{status.text}{since}", width, tone=tone)
    elif status.text:
        lines += labelled(f"{glyphs.warn} ", status.text, width, tone="warn")
    if status.hint:
        lines += labelled("  ", status.hint, width)
    for text in status.suspicions:
        lines += labelled(f"{glyphs.warn} ", text, width, tone="warn")
    for each in status.troubles:
        lines += labelled(f"{glyphs.bad} ", f"{each.action}: {each.text}", width, tone="bad")
    for step in _steps(world, status) or (["{open} shows what happened"] if lines else []):
        lines += labelled("  ", step.format_map(keys), width, tone="accent")
    if status.started in WORDS:
        if status.health != "late":
            lines += labelled(f"{glyphs.warn} ", WORDS[status.started], width, tone="warn")
        lines += labelled("  ", _SWITCH[status.started].format_map(keys), width, tone="accent")
    return lines


def first_step(world: World, status: ProfileStatus, keys: Names) -> str:
    """Return the key that does the most about what is wrong with a profile; empty: nothing is."""
    steps = [*_steps(world, status), *([_SWITCH[status.started]] if status.started in WORDS else [])]
    if not steps and not status.is_fine:
        steps = ["{open} shows what happened"]
    return steps[0].format_map(keys) if steps else ""


def _steps(world: World, status: ProfileStatus) -> list[str]:
    """Return the keys that mend what is wrong with a profile's runs."""
    if is_broken(world, status):
        if status.last_snapshot:
            return ["{edit} mends the file, {recover} brings back the copy of the last snapshot"]
        return ["{edit} mends the file, {remove} removes it"]
    if status.health == "ok" or status.running:
        return []
    if status.health == "failed" and lacks_passphrase(status.text):
        return ["{snap} asks for it and tries again, {settings} changes where runs find it"]
    steps = {"failed": "{snap} tries again, {open} shows what happened", "late": "{snap} runs it now"}
    return [steps.get(status.health, "{snap} takes the first snapshot")]


def is_broken(world: World, status: ProfileStatus) -> bool:
    """Whether the file of a profile cannot be read."""
    return bool(status.text) and world.has_profiles and status.profile not in world.profiles
