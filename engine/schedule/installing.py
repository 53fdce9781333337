"""Installing a profile's schedule into whatever starts things on this machine, and removing just that again.

systemd where it runs; else the person's crontab, and for drives a rule of udev's. A profile is installed in one place
at a time.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Literal

from yester.engine.errors import UsageError, YesterError
from yester.engine.profiles.profile import Profile
from yester.engine.schedule.cron import block_in, cron_block
from yester.engine.schedule.crontab import change_crontab, read_crontab
from yester.engine.schedule.drive import drive_rule, drive_script, rule_name, script_name
from yester.engine.schedule.files import check_ours, content_of, put, take_away
from yester.engine.schedule.launch import fingerprint_in
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.pattern import check_schedule
from yester.engine.schedule.programs import ask
from yester.engine.schedule.systemd import starts_at_once, unit_names, unit_texts

How = Literal["systemd", "cron", "udev"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written for a profile: whole files, or lines of the crontab."""

    profile: Profile
    how: How
    texts: tuple[tuple[str, str], ...]
    """Where to (a path, or `crontab`) and what."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What is installed of a profile's schedule."""

    how: How
    places: tuple[str, ...]
    matches: bool
    """Whether it is what the profile says now."""
    enabled: bool
    """Whether the system would start it."""


def plan_schedule(profile: Profile, machine: Machine, how: Literal["systemd", "cron"] | None = None) -> Plan:
    """Return what the profile's schedule takes here; `how` overrides what the machine runs.

    UsageError when it has none, when it could never fire, or when what it starts cannot be written down.
    """
    spec = profile.schedule
    check_schedule(spec)
    if spec.when == "off":
        raise UsageError(
            f"The profile {profile.name} has no schedule",
            hint=f'Say when under [schedule], such as when = "daily": yester profile edit {quote(profile.name)}',
        )
    if how == "systemd" or (how is None and machine.systemd):
        units = unit_texts(profile, machine.launch)
        return Plan(profile, "systemd", tuple((str(machine.units.folder / name), text) for name, text in units.items()))
    if spec.when == "drive":
        return Plan(profile, "udev", tuple((str(path), text) for path, text in _udev_files(profile, machine).items()))
    block = cron_block(profile, machine.launch).decode("utf-8", "surrogateescape")
    return Plan(profile, "cron", (("crontab", block),))


def _udev_files(profile: Profile, machine: Machine) -> dict[Path, str]:
    script = machine.scripts / script_name(profile.name)
    return {
        script: drive_script(profile, machine.launch),
        machine.rules / rule_name(profile.name): drive_rule(profile, machine.user, str(script)),
    }


def check_plan(plan: Plan, machine: Machine) -> list[str]:
    """Let the system look at what would be written; return notes on what could not be looked at.

    UsageError in the system's words when it does not like it.
    """
    if plan.how == "cron":
        return []
    if plan.how == "systemd":
        note = machine.units.check({Path(place).name: text for place, text in plan.texts})
        return [note] if note else []
    for place, text in plan.texts:
        check_ours(Path(place))
        if place.endswith(".rules"):
            _check_rule(text)
    return []


def _check_rule(text: str) -> None:
    """Let udev look at a rule, where its version can: UsageError in its words when it does not like it."""
    with tempfile.NamedTemporaryFile("w", prefix="yester-", suffix=".rules") as rule:
        rule.write(text)
        rule.flush()
        said = ask(["udevadm", "verify", rule.name])
    # Older ones know no such word, and say nothing of the file then.
    if said is not None and said.code != 0 and os.fsencode(rule.name) in said.out + said.err:
        raise UsageError(f"udev does not take the rule: {said.words}", hint="Correct the drive of the profile.")


def carry_out(plan: Plan, machine: Machine) -> list[str]:
    """Install what was planned, in place of what is installed; return what the person should know or do besides.

    YesterError when the system refuses.
    """
    notes = _CARRIERS[plan.how](plan, machine)
    for how, remove in _REMOVERS.items():
        if how != plan.how:
            remove(plan.profile.name, machine)
    return notes


def _to_systemd(plan: Plan, machine: Machine) -> list[str]:
    texts = {Path(place).name: text for place, text in plan.texts}
    timers = [name for name in texts if name.endswith(".timer") and starts_at_once(plan.profile.schedule)]
    machine.units.install(texts, timers)
    machine.units.remove(name for name in unit_names(plan.profile.name) if name not in texts)
    if machine.units.lingers(machine.user):
        return []
    return [f"Runs start while you are logged in only; for always: loginctl enable-linger {machine.user}"]


def _to_crontab(plan: Plan, machine: Machine) -> list[str]:
    ((_, block),) = plan.texts
    change_crontab(plan.profile.name, block.encode("utf-8", "surrogateescape"))
    return []


def _to_udev(plan: Plan, machine: Machine) -> list[str]:
    (script, script_text), (rule, rule_text) = plan.texts
    put(Path(script), script_text.encode("utf-8", "surrogateescape"), mode=0o700)
    try:
        put(Path(rule), rule_text.encode())
    except YesterError:
        kept = machine.scripts / Path(rule).name
        put(kept, rule_text.encode())
        return [f"Only root may add the rule. As root: cp '{kept}' '{rule}' && udevadm control --reload"]
    ask(["udevadm", "control", "--reload"])
    return []


_CARRIERS: Mapping[How, Callable[[Plan, Machine], list[str]]] = {
    "systemd": _to_systemd,
    "cron": _to_crontab,
    "udev": _to_udev,
}


def remove_schedule(profile: str, machine: Machine) -> list[str]:
    """Remove whatever of the profile's schedule is installed; return the places it was taken from.

    Works when the profile itself is gone. UsageError when a file of another's has the name, YesterError when
    something cannot be removed.
    """
    return [place for remove in _REMOVERS.values() for place in remove(profile, machine)]


def _from_systemd(profile: str, machine: Machine) -> list[str]:
    return [str(path) for path in machine.units.remove(unit_names(profile))]


def _from_crontab(profile: str, machine: Machine) -> list[str]:
    if not block_in(_crontab(), profile):
        return []
    change_crontab(profile, b"")
    return ["crontab"]


def _from_udev(profile: str, machine: Machine) -> list[str]:
    paths = (
        machine.scripts / script_name(profile),
        machine.scripts / rule_name(profile),
        machine.rules / rule_name(profile),
    )
    return [str(path) for path in paths if take_away(path)]


_REMOVERS: Mapping[How, Callable[[str, Machine], list[str]]] = {
    "systemd": _from_systemd,
    "cron": _from_crontab,
    "udev": _from_udev,
}


def _crontab() -> bytes:
    """Return the crontab; empty where there is no cron, which then holds nothing of ours."""
    try:
        return read_crontab()
    except YesterError:
        return b""


def installed(profile: Profile, machine: Machine, crontab: bytes | None = None) -> Installed | None:
    """Return what is installed of a profile's schedule; None when nothing is. `crontab`: where it is known already."""
    for how, texts in _present(profile.name, machine, _crontab() if crontab is None else crontab).items():
        if texts:
            enabled = how != "systemd" or machine.units.is_enabled(profile.name)
            return Installed(how, tuple(texts), _matches(profile, machine, how, texts), enabled)
    return None


def _present(profile: str, machine: Machine, crontab: bytes) -> dict[How, dict[str, bytes]]:
    units = machine.units.installed(profile)
    lines = block_in(crontab, profile)
    rule, script = machine.rules / rule_name(profile), machine.scripts / script_name(profile)
    contents = {str(path): content_of(path) for path in (script, rule)}
    files = {place: content for place, content in contents.items() if content is not None}
    return {
        "systemd": {str(machine.units.folder / name): text for name, text in units.items()},
        "cron": {"crontab": lines} if lines else {},
        "udev": files if str(rule) in files else {},
    }


def _matches(profile: Profile, machine: Machine, how: How, texts: Mapping[str, bytes]) -> bool:
    try:
        plan = plan_schedule(profile, machine, "systemd" if how == "systemd" else "cron")
    except UsageError:
        return False
    wanted = {place: fingerprint_in(os.fsencode(text)) for place, text in plan.texts}
    there = {place: fingerprint_in(text) for place, text in texts.items()}
    return wanted == there
