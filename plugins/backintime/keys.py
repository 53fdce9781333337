"""A profile of yester's in Back In Time's keys, for plugins that look at the settings; pure.

The way back is engine/importing/translating.py.
"""

from collections.abc import Iterator, Mapping

from yester.engine.profiles.numbers import Numbered
from yester.engine.profiles.profile import FilterSpec, LimitSpec, Profile, RetentionSpec, ScheduleSpec

_MODES = {
    "boot": 1,
    "custom-hours": 19,
    "daily": 20,
    "repeatedly": 25,
    "drive": 27,
    "weekly": 30,
    "monthly": 40,
    "yearly": 80,
}
_EVERY = {
    ("minutes", 5): 2,
    ("minutes", 10): 4,
    ("minutes", 30): 7,
    ("hours", 1): 10,
    ("hours", 2): 12,
    ("hours", 4): 14,
    ("hours", 6): 16,
    ("hours", 12): 18,
}
_UNITS = {"hours": 10, "days": 20, "weeks": 30, "months": 40}
_MIB = 1 << 20
_KIB = 1 << 10


def flag(value: bool) -> str:
    """Return a yes or no as it is written there."""
    return "true" if value else "false"


def profile_keys(profile: Profile, numbered: Numbered, target: str, host: str, user: str) -> dict[str, str]:
    """Return the keys of one profile, without `profileN.`; `target` is the folder below which snapshots are seen."""
    return {
        "name": profile.name,
        "snapshots.mode": "local",
        "snapshots.path": target,
        "snapshots.path.host": host,
        "snapshots.path.user": user,
        "snapshots.path.profile": str(numbered.number),
        "snapshots.tag": numbered.tag,
        **_listed("snapshots.include", [_text(source) for source in profile.sources], type="0"),
        **_listed("snapshots.exclude", profile.filters.excludes),
        **_filters(profile.filters),
        **_schedule(profile.schedule),
        **_retention(profile.retention),
        **_limits(profile.limits),
        "snapshots.take_snapshot_regardless_of_changes": flag(profile.when_unchanged == "keep"),
        "snapshots.notify.enabled": "true",
        "snapshots.continue_on_errors": "true",
        "snapshots.preserve_acl": "true",
        "snapshots.preserve_xattr": "true",
    }


def config_keys(profiles: Mapping[int, Mapping[str, str]]) -> dict[str, str]:
    """Return the keys of a whole configuration."""
    keys = {"config.version": "6", "profiles.version": "1", "profiles": ":".join(map(str, sorted(profiles)))}
    for number, said in sorted(profiles.items()):
        keys |= {f"profile{number}.{key}": value for key, value in said.items()}
    return keys


def info_keys(numbered: Numbered, host: str, user: str, sid: str) -> dict[str, str]:
    """Return what `info` says of a snapshot."""
    return {
        "snapshot_version": "3",
        "snapshot_date": sid.rpartition("-")[0],
        "snapshot_machine": host,
        "snapshot_user": user,
        "snapshot_profile_id": str(numbered.number),
        "snapshot_tag": numbered.tag,
    }


def named(kind: str, id: str, names: Mapping[int, str]) -> dict[str, str]:
    """Return the users or groups that `info` knows by name."""
    keys = {f"{kind}.size": str(len(names))}
    for place, (number, name) in enumerate(sorted(names.items()), 1):
        keys |= {f"{kind}.{place}.{id}": str(number), f"{kind}.{place}.name": name}
    return keys


def as_file(keys: Mapping[str, str]) -> bytes:
    """Return keys as a file of Back In Time's; a line feed in a value would begin another line."""
    lines = (f"{key}={' '.join(value.splitlines())}\n" for key, value in sorted(keys.items()))
    return "".join(lines).encode("utf-8", "surrogateescape")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _listed(key: str, values: "list[str] | tuple[str, ...]", **more: str) -> dict[str, str]:
    keys = {f"{key}.size": str(len(values))}
    for number, value in enumerate(values, 1):
        keys[f"{key}.{number}.value"] = value
        keys |= {f"{key}.{number}.{name}": said for name, said in more.items()}
    return keys


def _filters(filters: FilterSpec) -> dict[str, str]:
    size = filters.larger_than
    return {
        "snapshots.exclude.bysize.enabled": flag(size is not None),
        "snapshots.exclude.bysize.value": str((size or 500 * _MIB) // _MIB),
        "snapshots.one_file_system": flag(filters.one_file_system),
    }


def _schedule(schedule: ScheduleSpec) -> dict[str, str]:
    mode = _EVERY.get((schedule.when, schedule.every), _MODES.get(schedule.when, 0))
    keys = {"schedule.mode": str(mode), "schedule.time": str(int(schedule.at.replace(":", "")))}
    return keys | dict(_particulars(schedule))


def _particulars(schedule: ScheduleSpec) -> Iterator[tuple[str, str]]:
    match schedule.when:
        case "custom-hours":
            yield "schedule.custom_time", schedule.hours
        case "weekly":
            yield "schedule.weekday", str(schedule.weekday)
        case "monthly":
            yield "schedule.day", str(schedule.day)
        case "repeatedly":
            yield "schedule.repeatedly.period", str(schedule.every)
            yield "schedule.repeatedly.unit", str(_UNITS[schedule.unit])
        case "drive":
            yield "snapshots.path.uuid", schedule.drive


def _retention(retention: RetentionSpec) -> dict[str, str]:
    older, smart, size = retention.older_than, retention.smart, retention.min_free_size
    keys = {
        "snapshots.remove_old_snapshots.enabled": flag(older is not None),
        "snapshots.smart_remove": flag(smart is not None),
        "snapshots.min_free_space.enabled": flag(size is not None),
        "snapshots.min_free_inodes.enabled": flag(retention.min_free_inodes is not None),
        "snapshots.dont_remove_named_snapshots": flag(retention.keep_named),
    }
    if older is not None:
        value, unit = (older.months // 12, 80) if older.months else (older.days, 20)
        keys |= {"snapshots.remove_old_snapshots.value": str(value), "snapshots.remove_old_snapshots.unit": str(unit)}
    if smart is not None:
        kept = {
            "keep_all": smart.keep_all,
            "keep_one_per_day": smart.per_day,
            "keep_one_per_week": smart.per_week,
            "keep_one_per_month": smart.per_month,
        }
        keys |= {f"snapshots.smart_remove.{key}": str(value) for key, value in kept.items()}
    if size is not None:
        keys |= {"snapshots.min_free_space.value": str(size // _MIB), "snapshots.min_free_space.unit": "10"}
    if retention.min_free_inodes is not None:
        keys["snapshots.min_free_inodes.value"] = str(int(retention.min_free_inodes))
    return keys


def _limits(limits: LimitSpec) -> dict[str, str]:
    return {
        "snapshots.bwlimit.enabled": flag(limits.upload is not None),
        "snapshots.bwlimit.value": str((limits.upload or 3000 * _KIB) // _KIB),
        "snapshots.cron.nice": flag(limits.nice is not None),
        "snapshots.cron.ionice": flag(limits.ionice is not None),
        "snapshots.no_on_battery": flag(limits.on_battery == "skip"),
    }
