"""The systemd units of a schedule: their names and texts (systemd.timer(5), systemd.service(5)).

A timer starts a service of the same name. "When a drive connects" has no timer: the service is wanted by the unit that
systemd makes for the file system's device, in the person's manager as in the system's, so no rule of udev's is needed.
"""

from yester.engine.profiles.profile import LimitSpec, Profile, ScheduleSpec
from yester.engine.schedule.escaping import device_unit, environment_line, exec_line, plain_line, unit_stem
from yester.engine.schedule.launch import Launch, fingerprint
from yester.engine.schedule.pattern import WEEKDAYS, Pattern, pattern_of
from yester.engine.schedule.words import in_words

_MARK = "# Written by `yester schedule enable`, made from {made_from}: change the profile, not this file."

_AFTER_START = "2min"
"""How long after the start of the machine a run at boot waits, so that it does not slow down what people wait for."""

_SPREAD = "5min"
"""Runs of "repeatedly" fall within so much of the full hour: several profiles do not start all at once."""


def on_calendar(pattern: Pattern) -> str:
    """Return a pattern as OnCalendar= takes it (systemd.time(7))."""
    weekday = f"{WEEKDAYS[pattern.weekday - 1][:3]} " if pattern.weekday is not None else ""
    month = f"{pattern.month:02}" if pattern.month is not None else "*"
    day = f"{pattern.day:02}" if pattern.day is not None else "*"
    return f"{weekday}*-{month}-{day} {_listed(pattern.hours, 24)}:{_listed(pattern.minutes, 60)}:00"


def _listed(values: tuple[int, ...], every: int) -> str:
    return "*" if len(values) == every else ",".join(f"{value:02}" for value in values)


def unit_texts(profile: Profile, launch: Launch) -> dict[str, str]:
    """Return file name → text of a profile's units; none when its schedule is off. UsageError: it could never fire."""
    mark = _MARK.format(made_from=fingerprint(_sections(profile, launch.anywhere)))
    return {name: f"{mark}\n\n{text}" for name, text in _sections(profile, launch).items()}


def _sections(profile: Profile, launch: Launch) -> dict[str, str]:
    spec = profile.schedule
    pattern = pattern_of(spec)
    if spec.when == "off":
        return {}
    stem = unit_stem(profile.name)
    texts = {f"{stem}.service": _service(profile, launch)}
    if spec.when != "drive":
        texts[f"{stem}.timer"] = _timer(profile, pattern)
    return texts


def unit_names(profile: str) -> tuple[str, str]:
    """Return the names that a profile's timer and its service have."""
    stem = unit_stem(profile)
    return f"{stem}.timer", f"{stem}.service"


def starts_at_once(spec: ScheduleSpec) -> bool:
    """Whether the timer may be started when it is enabled: one for the start of the machine would fire there."""
    return spec.when not in ("boot", "drive")


def _service(profile: Profile, launch: Launch) -> str:
    spec = profile.schedule
    on_drive = spec.when == "drive"
    device = device_unit(spec.drive)
    return unit_text(
        (
            "Unit",
            [
                ("Description", f"yester: snapshot of {plain_line(profile.name)}"),
                ("After", device if on_drive else ""),
            ],
        ),
        (
            "Service",
            [
                ("Type", "oneshot"),
                *(("Environment", environment_line(*variable)) for variable in launch.environment),
                ("ExecStartPre", exec_line(launch.wait_for_drive(spec.drive)) if on_drive else ""),
                ("ExecStart", exec_line(launch.snap(profile.name, if_due=spec.when == "repeatedly"))),
                # A database that was started again, and a program that was to go on, are not the run's to end.
                ("KillMode", "process"),
                *_priorities(profile.limits),
            ],
        ),
        ("Install", [("WantedBy", device)] if on_drive else []),
    )


def _priorities(limits: LimitSpec) -> list[tuple[str, str]]:
    keys = [("Nice", str(limits.nice))] if limits.nice is not None else []
    if limits.ionice is not None:
        name, _, level = limits.ionice.partition(":")
        keys += [("IOSchedulingClass", name), ("IOSchedulingPriority", level)]
    return keys


def _timer(profile: Profile, pattern: Pattern | None) -> str:
    spec = profile.schedule
    calendar = on_calendar(pattern) if pattern is not None else ""
    catch_up = spec.catch_up and spec.when not in ("boot", "minutes")
    return unit_text(
        ("Unit", [("Description", f"yester: snapshot of {plain_line(profile.name)}, {in_words(spec)}")]),
        (
            "Timer",
            [
                ("OnCalendar", calendar),
                ("OnBootSec", "" if calendar else _AFTER_START),
                ("Persistent", "true" if catch_up or spec.when == "repeatedly" else ""),
                ("RandomizedDelaySec", _SPREAD if spec.when == "repeatedly" else ""),
            ],
        ),
        ("Install", [("WantedBy", "timers.target")]),
    )


def unit_text(*sections: tuple[str, list[tuple[str, str]]]) -> str:
    """Return the text of a unit; keys without a value and sections without keys are left out."""
    blocks = [
        "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in keys if value)]) for name, keys in sections if keys
    ]
    return "\n\n".join(blocks) + "\n"
