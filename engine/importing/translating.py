"""A profile of Back In Time's as one of ours, and what became of each of its keys.

Defaults are its own: a key that is not written means there what it means here. What has no equivalent is said, never
dropped silently: keys of which something is lost come with words of what to do.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from yester.engine.errors import UsageError
from yester.engine.importing.config_file import ForeignConfig, ForeignProfile
from yester.engine.importing.rsync_patterns import translate
from yester.engine.profiles.contradictions import keeps_everything
from yester.engine.profiles.profile import (
    FilterSpec,
    LimitSpec,
    MaintenanceSpec,
    NotifySpec,
    PeriodUnit,
    Profile,
    RetentionSpec,
    ScheduleSpec,
    SmartSpec,
    When,
)
from yester.engine.profiles.sizes import LONGEST_YEARS, Span
from yester.engine.schedule.pattern import check_schedule

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_PRUNE_EVERY = Span(days=7)
_MOST = 36_500
"""The highest number of [retention.smart]."""

DEFAULT_EXCLUDES = (
    *(".gvfs", ".cache/*", ".thumbnails*", ".local/share/[Tt]rash*", "*.backup*", "*~", ".dropbox*", "/proc/*"),
    *("/sys/*", "/dev/*", "/run/*", "/etc/mtab", "/var/cache/apt/archives/*.deb", "lost+found/*", "/tmp/*"),
    *("/var/tmp/*", "/var/backups/*", ".Private", "/swapfile", "SingletonLock", "SingletonCookie", "lock"),
)
"""What a profile leaves out that has no list of its own."""

Verdict = Literal["taken", "ignored", "lost"]


@dataclass(frozen=True, slots=True)
class KeySaid:
    """What became of one key; `words` say what it is now, or why it is not."""

    key: str
    value: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Translation:
    """A profile of ours, without its text, and the report on each key of the other."""

    profile: Profile
    said: tuple[KeySaid, ...]
    notes: tuple[str, ...]
    """What the person should know or do."""


def translate_profile(
    foreign: ForeignProfile, *, name: str, id: bytes, repository: str, own_folders: tuple[str, ...]
) -> Translation:
    """Return what a profile of Back In Time's is here. UsageError when nothing of it can be a source.

    `own_folders` are patterns for what Back In Time leaves out besides: its own data.
    """
    notes: list[str] = []
    profile = Profile(
        name=name,
        id=id,
        sources=_sources(foreign, notes),
        repository=repository,
        filters=_filters(foreign, own_folders, notes),
        schedule=_schedule(foreign, notes),
        retention=(retention := _retention(foreign, notes)),
        limits=_limits(foreign),
        maintenance=MaintenanceSpec(forget=not keeps_everything(retention), prune=_PRUNE_EVERY),
        notify=NotifySpec(on="failure" if foreign.flag("snapshots.notify.enabled", True) else "never"),
        when_unchanged=("keep" if foreign.flag("snapshots.take_snapshot_regardless_of_changes", False) else "skip"),
    )
    if profile.schedule.when != "off":
        notes.append(f"Runs do not start by themselves yet: yester schedule enable '{name}'")
    if profile.maintenance.forget:
        notes.append("Each run applies the retention, and room is given back once a week ([maintenance])")
    notes += _MODES_SAID.get(foreign.text("snapshots.mode", "local"), ())
    said = tuple(_said(foreign, key, value) for key, value in sorted(foreign.keys.items()))
    return Translation(profile, said, tuple(notes))


# Sources and filters


def _sources(foreign: ForeignProfile, notes: list[str]) -> tuple[bytes, ...]:
    found = []
    for _, value in foreign.listed("snapshots.include"):
        if value.startswith("/"):
            found.append(posixpath.normpath("/" + value.lstrip("/")).encode("utf-8", "surrogateescape"))
        else:
            notes.append(f"The source {value!r} is no absolute path, and was left out")
    if not found:
        raise UsageError(
            f"The profile {foreign.name} of Back In Time includes no folder", hint="Choose other profiles: --profile N."
        )
    return tuple(dict.fromkeys(found))


def _filters(foreign: ForeignProfile, own_folders: tuple[str, ...], notes: list[str]) -> FilterSpec:
    target = foreign.text("snapshots.path")
    own = (*([target.rstrip("/")] if target.startswith("/") and target.strip("/") else []), *own_folders)
    listed = [value for _, value in foreign.listed("snapshots.exclude")]
    if "snapshots.exclude.size" not in foreign.keys:
        listed = list(DEFAULT_EXCLUDES)
        notes.append("It has no list of excludes: Back In Time's default ones were taken")
    patterns, refused = translate([*own, *listed])
    notes += [f"The exclude {pattern!r} was left out: {why}" for pattern, why in refused]
    by_size = foreign.flag("snapshots.exclude.bysize.enabled", False)
    return FilterSpec(
        excludes=tuple(patterns),
        larger_than=foreign.whole("snapshots.exclude.bysize.value", 500) * _MIB if by_size else None,
        caches=False,
        one_file_system=foreign.flag("snapshots.one_file_system", False),
        defaults=False,
    )


# When

_KINDS: dict[int, tuple[When, int]] = {
    0: ("off", 1),
    1: ("boot", 1),
    2: ("minutes", 5),
    4: ("minutes", 10),
    7: ("minutes", 30),
    10: ("hours", 1),
    12: ("hours", 2),
    14: ("hours", 4),
    16: ("hours", 6),
    18: ("hours", 12),
    19: ("custom-hours", 1),
    20: ("daily", 1),
    25: ("repeatedly", 1),
    27: ("drive", 1),
    30: ("weekly", 1),
    40: ("monthly", 1),
    80: ("yearly", 1),
}
"""`schedule.mode` → the kind, and its `every`."""

_TIMED = ("daily", "weekly", "monthly", "yearly")
_UNITS: dict[int, PeriodUnit] = {10: "hours", 20: "days", 30: "weeks", 40: "months"}


def _schedule(foreign: ForeignProfile, notes: list[str]) -> ScheduleSpec:
    mode = foreign.whole("schedule.mode", 0)
    when, every = _KINDS.get(mode, ("off", 1))
    spec = ScheduleSpec(when=when, every=every)
    if mode not in _KINDS:
        notes.append(f"The schedule {mode} is unknown: set [schedule] by hand")
    if when in _TIMED:
        hour, minute = divmod(foreign.whole("schedule.time", 0), 100)
        spec = replace(spec, at=f"{hour:02}:{minute:02}")
    match when:
        case "custom-hours":
            spec = replace(spec, hours=_hours(foreign.text("schedule.custom_time", "8,12,18,23")))
        case "weekly":
            spec = replace(spec, weekday=foreign.whole("schedule.weekday", 7) or 7)
        case "monthly":
            spec = replace(spec, day=foreign.whole("schedule.day", 1))
        case "repeatedly":
            unit = _UNITS.get(foreign.whole("schedule.repeatedly.unit", 20), "days")
            spec = replace(spec, every=foreign.whole("schedule.repeatedly.period", 1), unit=unit)
        case "drive":
            spec = replace(spec, drive=foreign.text("snapshots.path.uuid"))
            notes.append("Runs start each time the drive connects, without a shortest time between them")
    try:
        check_schedule(spec)
    except UsageError as problem:
        notes.append(f"Its schedule was left out: {problem.what}")
        return ScheduleSpec()
    return spec


def _hours(text: str) -> str:
    """Return cron's hours as ours: a list, in which `8-12` stands for all hours between."""
    parts: list[str] = []
    for part in text.replace(" ", "").split(","):
        ends = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})", part)
        parts += map(str, range(int(ends[1]), int(ends[2]) + 1)) if ends else [part]
    return ",".join(parts)


# How long


_SMART = {"keep_all": 2, "keep_one_per_day": 7, "keep_one_per_week": 4, "keep_one_per_month": 24}


def _retention(foreign: ForeignProfile, notes: list[str]) -> RetentionSpec:
    smart = None
    if foreign.flag("snapshots.smart_remove", False):
        days, per_day, per_week, per_month = (
            min(max(foreign.whole(f"snapshots.smart_remove.{key}", default), 0), _MOST)
            for key, default in _SMART.items()
        )
        smart = SmartSpec(days, per_day, per_week, per_month)
        if not any((days, per_day, per_week, per_month)):
            notes.append("Its smart remove keeps nothing, and was left out")
            smart = None
    return RetentionSpec(
        keep_named=foreign.flag("snapshots.dont_remove_named_snapshots", True),
        older_than=_older_than(foreign),
        smart=smart,
        min_free_size=_min_free_size(foreign),
        min_free_inodes=_min_free_inodes(foreign),
    )


def _older_than(foreign: ForeignProfile) -> Span | None:
    value = foreign.whole("snapshots.remove_old_snapshots.value", 10)
    if not foreign.flag("snapshots.remove_old_snapshots.enabled", True) or value <= 0:
        return None
    value = min(value, LONGEST_YEARS)
    match foreign.whole("snapshots.remove_old_snapshots.unit", 80):
        case 20:
            return Span(days=value)
        case 30:
            # There they count from Monday; at worst what is kept is six days older.
            return Span(days=7 * value + 6)
        case 80:
            return Span(months=12 * value)
        case _:
            return None


def _min_free_size(foreign: ForeignProfile) -> int | None:
    if not foreign.flag("snapshots.min_free_space.enabled", True):
        return None
    unit = _MIB if foreign.whole("snapshots.min_free_space.unit", 20) == 10 else _GIB
    return max(foreign.whole("snapshots.min_free_space.value", 1), 0) * unit or None


def _min_free_inodes(foreign: ForeignProfile) -> float | None:
    if not foreign.flag("snapshots.min_free_inodes.enabled", True):
        return None
    return float(min(max(foreign.whole("snapshots.min_free_inodes.value", 2), 0), 99)) or None


def _limits(foreign: ForeignProfile) -> LimitSpec:
    slow = foreign.flag("snapshots.bwlimit.enabled", False)
    return LimitSpec(
        upload=max(foreign.whole("snapshots.bwlimit.value", 3000), 1) * _KIB if slow else None,
        nice=19 if foreign.flag("snapshots.cron.nice", True) else None,
        ionice="best-effort:7" if foreign.flag("snapshots.cron.ionice", True) else None,
        on_battery="skip" if foreign.flag("snapshots.no_on_battery", False) else "run",
    )


# What became of each key

_MODES_SAID = {
    "ssh": (
        "Its snapshots are on another machine. To import them, mount that folder (sshfs) and give it: "
        "yester import backintime --snapshots-from FOLDER",
    ),
    "local_encfs": (
        "Its snapshots are encrypted with EncFS. To import them, mount them (encfs) and give the folder: "
        "yester import backintime --snapshots-from FOLDER",
    ),
    "ssh_encfs": (
        "Its snapshots are on another machine and encrypted with EncFS. To import them, mount both layers (sshfs, then "
        "encfs) and give the folder: yester import backintime --snapshots-from FOLDER",
    ),
}

_KEYS: tuple[tuple[str, Verdict, str], ...] = (
    (r"snapshots\.include\..*", "taken", "sources"),
    (r"snapshots\.exclude\.bysize\..*", "taken", "exclude_larger_than"),
    (r"snapshots\.exclude\..*", "taken", "exclude"),
    (r"snapshots\.one_file_system", "taken", "one_file_system"),
    (r"snapshots\.take_snapshot_regardless_of_changes", "taken", "when_unchanged"),
    (r"schedule\.debug", "ignored", "every run has a journal: yester log"),
    (r"schedule\..*", "taken", "[schedule]"),
    (r"snapshots\.(remove_old_snapshots|min_free_space|min_free_inodes)\..*", "taken", "[retention]"),
    (r"snapshots\.dont_remove_named_snapshots", "taken", "[retention] keep_named"),
    (r"snapshots\.smart_remove\.run_remote_in_background", "ignored", "nothing is removed on another machine"),
    (r"snapshots\.smart_remove(\..*)?", "taken", "[retention.smart]"),
    (r"snapshots\.(bwlimit\..*|cron\.(nice|ionice)|no_on_battery)", "taken", "[limits]"),
    (r"snapshots\.user_backup\.ionice", "ignored", "[limits] are for every run"),
    (r"snapshots\.notify\.enabled", "taken", "[notify]"),
    (r"snapshots\.path", "taken", "where its snapshots are; left out of new ones"),
    (r"snapshots\.path\.(host|user|profile)", "taken", "where its snapshots are"),
    (r"snapshots\.path\.uuid", "taken", "[schedule] drive"),
    (r"snapshots\.mode", "taken", "where its snapshots are"),
    (r"snapshots\.preserve_(acl|xattr)", "ignored", "ACLs and extended attributes are always kept"),
    (r"snapshots\.use_checksum", "ignored", "sizes, times and inodes are compared; contents by yester verify"),
    (r"snapshots\.continue_on_errors", "ignored", "a snapshot with errors is always kept, and says so"),
    (r"snapshots\.backup_on_restore\.enabled", "ignored", "yester restore keeps both, unless told otherwise"),
    (r"snapshots\.(log_level|cron\.redirect_std(out|err))", "ignored", "every run has a journal: yester log"),
    (r"snapshots\.(local|ssh)\.nocache", "ignored", "yester reads each file once"),
    (r"snapshots\.([a-z_]+\.)?password\..*", "ignored", "the repository has a passphrase of its own"),
    (r"snapshots\.(ssh|local_encfs|encfs|local_gocryptfs|ssh_gocryptfs)\..*", "ignored", "where its snapshots are"),
    (r"snapshots\.tag", "taken", "what plugins of Back In Time call its snapshots"),
    (r"snapshots\.keep_only_one_snapshot\..*", "ignored", "it means nothing here"),
    (r"snapshots\.warn_free_space\..*", "ignored", "yester has no such warning"),
    (r"user_callback\.no_logging", "ignored", "it is about a plugin"),
)
_WHOLE = re.compile(
    r"snapshots\.((include|exclude)\.size|exclude\.bysize\.value|bwlimit\.value|smart_remove\.keep_\w+"
    r"|(remove_old_snapshots|min_free_space|min_free_inodes)\.(value|unit))|schedule\.(mode|time|day|weekday)"
)
"""Keys whose value is a whole number."""
_LOST = {
    "snapshots.copy_links": "links are kept as links; add what they point to as a source",
    "snapshots.copy_unsafe_links": "links are kept as links; add what they point to as a source",
    "snapshots.rsync_options.enabled": "rsync is not used: say by hand what its options were for",
}
_GENERAL = (
    (r"config\.version|profiles(\.version)?", "how to read the file"),
    (r"global\.use_flock", "runs of several profiles may go on at once"),
    (r"global\.(language|hash_collision)", "it means nothing here"),
    (r"(qt|qt4|gnome|kde4?|internal)\..*", "it is about its windows"),
)


def _said(foreign: ForeignProfile, key: str, value: str) -> KeySaid:
    if key in _LOST:
        return KeySaid(key, value, *(("lost", _LOST[key]) if foreign.flag(key, False) else ("ignored", "it is off")))
    if key == "snapshots.rsync_options.value":
        return KeySaid(key, value, "ignored", "see snapshots.rsync_options.enabled")
    if _WHOLE.fullmatch(key) and not value.strip().isdecimal():
        return KeySaid(key, value, "ignored", "it is no number that means anything; the default counts")
    for pattern, verdict, words in _KEYS:
        if re.fullmatch(pattern, key):
            return KeySaid(key, value, verdict, words)
    return KeySaid(key, value, "ignored", "unknown to yester")


def general_said(config: ForeignConfig) -> Iterator[KeySaid]:
    """Yield what became of the keys that are about no profile."""
    for key, value in sorted(config.general.items()):
        found = (words for pattern, words in _GENERAL if re.fullmatch(pattern, key))
        yield KeySaid(key, value, "ignored", next(found, "unknown to yester"))


def name_for(foreign: str, taken: frozenset[str] | set[str]) -> str:
    """Return a name for a profile that is like the foreign one, allowed here, and not taken."""
    plain = re.sub(r"[^\w.+ -]", "-", foreign).strip()[:60].rstrip()
    plain = plain if re.match(r"\w", plain) else f"profile {plain}".strip()
    names = (plain, *(f"{plain}-{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)
