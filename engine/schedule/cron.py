"""The lines of a schedule in a crontab (crontab(5)), between marks of ours; every other byte stays as it is.

cron knows no times that were missed: where they are to be made up for, a second line asks at the start of the machine
whether a run is due.
"""

import re

from yester.engine.profiles.profile import Profile
from yester.engine.schedule.escaping import cron_command
from yester.engine.schedule.launch import Launch, fingerprint
from yester.engine.schedule.pattern import Pattern, pattern_of
from yester.engine.schedule.words import in_words

_MISSABLE = ("hours", "custom-hours", "daily", "weekly", "monthly", "yearly")


def cron_block(profile: Profile, launch: Launch) -> bytes:
    """Return the lines of a profile, marks included; nothing when cron has no part in its schedule.

    UsageError when it could never fire, or no line can hold its command.
    """
    lines = _lines(profile, launch)
    if not lines:
        return b""
    bare = b"\n".join(_lines(profile, launch.anywhere))
    made_from = fingerprint({"crontab": bare.decode("utf-8", "surrogateescape")})
    why = f"# {in_words(profile.schedule)}; made from {made_from}: change the profile, then `yester schedule enable`"
    begin, end = _marks(profile.name)
    return b"\n".join([begin, why.encode(), *lines, end]) + b"\n"


def _lines(profile: Profile, launch: Launch) -> list[bytes]:
    spec = profile.schedule
    pattern = pattern_of(spec)
    lines = []
    if pattern is not None:
        lines.append(_line(_fields(pattern), profile, launch, if_due=spec.when == "repeatedly"))
    if spec.when == "boot" or (spec.catch_up and spec.when in _MISSABLE):
        lines.append(_line(b"@reboot", profile, launch, if_due=spec.when != "boot"))
    return lines


def with_block(crontab: bytes, profile: str, block: bytes) -> bytes:
    """Return a crontab in which a profile has just this block: where its old one stood, or at the end."""
    found = _found(crontab, profile)
    if found is not None:
        return crontab[: found.start()] + block + crontab[found.end() :]
    # A last line without its end would run into ours.
    gap = b"\n" if block and crontab and not crontab.endswith(b"\n") else b""
    return crontab + gap + block


def block_in(crontab: bytes, profile: str) -> bytes:
    """Return a profile's lines as they stand in a crontab; empty when there are none."""
    found = _found(crontab, profile)
    return found[0] if found is not None else b""


def _found(crontab: bytes, profile: str) -> re.Match[bytes] | None:
    begin, end = map(re.escape, _marks(profile))
    return re.search(rb"^%s\n(?:(?!# >>> yester ).*\n)*?%s(?:\n|\Z)" % (begin, end), crontab, re.MULTILINE)


def _marks(profile: str) -> tuple[bytes, bytes]:
    name = profile.encode("utf-8", "surrogateescape")
    return b"# >>> yester " + name, b"# <<< yester " + name


def _line(when: bytes, profile: Profile, launch: Launch, *, if_due: bool) -> bytes:
    # What a run says is mailed by cron; only what went wrong is worth a mail.
    command = cron_command(launch.snap(profile.name, if_due=if_due), launch.environment)
    return when + b" " + command + b" >/dev/null"


def _fields(pattern: Pattern) -> bytes:
    """Return minute, hour, day of the month, month and day of the week; 0 is Sunday, as for every cron."""
    fields = (
        _listed(pattern.minutes, 60),
        _listed(pattern.hours, 24),
        str(pattern.day or "*"),
        str(pattern.month or "*"),
        "*" if pattern.weekday is None else str(pattern.weekday % 7),
    )
    return " ".join(fields).encode()


def _listed(values: tuple[int, ...], every: int) -> str:
    return "*" if len(values) == every else ",".join(map(str, values))
