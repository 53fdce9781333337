"""A profile as a value: what each of its tables says, with the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from yester.engine.profiles.sizes import Span

if TYPE_CHECKING:
    from pathlib import Path

When = Literal[
    "off",
    "boot",
    "minutes",
    "hours",
    "custom-hours",
    "daily",
    "weekly",
    "monthly",
    "yearly",
    "repeatedly",
    "drive",
]
PeriodUnit = Literal["hours", "days", "weeks", "months"]
RunOrSkip = Literal["run", "skip"]


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """What to leave out. Patterns are gitignore patterns against absolute paths (engine/capture/filters.py)."""

    excludes: tuple[str, ...] = ()
    exclude_files: "tuple[Path, ...]" = ()
    """Files with further patterns, one a line."""
    larger_than: int | None = None
    """Leave out files of more bytes than this."""
    if_present: tuple[str, ...] = ()
    """Leave out what is in a folder that holds an entry of one of these names."""
    caches: bool = True
    """Leave out what is in a folder that a valid CACHEDIR.TAG marks."""
    one_file_system: bool = False
    defaults: bool = True
    """The default excludes come before the person's own patterns."""


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """When runs start by themselves. What a kind does not use is ignored."""

    when: When = "off"
    every: int = 1
    """Minutes, hours, or the period of "repeatedly"."""
    unit: PeriodUnit = "days"
    """Of "repeatedly", which is due when the last good run is older than the period."""
    at: str = "00:00"
    """hh:mm by the local clock."""
    hours: str = ""
    """Of "custom-hours": `8,12,18` or `*/3`."""
    weekday: int = 7
    """1 Monday to 7 Sunday."""
    day: int = 1
    """1 to 28."""
    month: int = 1
    drive: str = ""
    """Of "drive": the UUID of its file system, or `PARTUUID=…` or `LABEL=…` (fstab(5))."""
    catch_up: bool = True
    """A time that passed while the machine was off is made up for."""


@dataclass(frozen=True, slots=True)
class SmartSpec:
    """Thinning out with age, by the rules of Back In Time's smart remove."""

    keep_all: int = 2
    """Days."""
    per_day: int = 7
    per_week: int = 4
    per_month: int = 24


@dataclass(frozen=True, slots=True)
class RetentionSpec:
    """How long snapshots are kept. Where nothing is set, all are."""

    keep_last: int = 0
    keep_hourly: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_yearly: int = 0
    keep_within: Span | None = None
    keep_tags: tuple[str, ...] = ()
    keep_named: bool = True
    older_than: Span | None = None
    """Remove what is older than this."""
    smart: SmartSpec | None = None
    min_free_size: int | None = None
    """Remove the oldest until so many bytes are free."""
    min_free_inodes: float | None = None
    """Remove the oldest until so many percent of the inodes are free."""


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """What a run may take of the machine, and when it does not start at all."""

    upload: int | None = None
    """Bytes a second."""
    download: int | None = None
    nice: int | None = None
    ionice: str | None = None
    """`idle` or `best-effort:N` with N from 0 to 7."""
    on_battery: RunOrSkip = "run"
    metered: RunOrSkip = "run"
    networks: tuple[str, ...] = ()
    """Names of the connections on which a run may start; empty: any."""
    inhibit_suspend: bool = True
    shut_down_after: bool = False


@dataclass(frozen=True, slots=True)
class MaintenanceSpec:
    """What else a run does for the repository when it is done."""

    forget: bool = False
    """Apply the retention after each run."""
    prune: Span | None = None
    """How often."""
    check: Span | None = None
    """How often."""
    check_percent: int = 5
    """How much of the stored data a check reads."""


@dataclass(frozen=True, slots=True)
class NotifySpec:
    """Whom a run tells how it ended."""

    on: Literal["never", "failure", "always"] = "never"
    command: str = ""
    """Run without a shell; what happened stands in its environment (YESTER_…)."""
    desktop: bool = True


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """Who has which role with archives: users, and groups as `@group`. None: the owner of the profile."""

    archive: tuple[str, ...] | None = None
    restore: tuple[str, ...] | None = None
    purge: tuple[str, ...] = ()
    delete: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ArchiveSpec:
    """What archives are given and take here."""

    staging_size: int = 20 << 30
    """Bytes of copies that lie on this machine at once, on their way to an archive or back."""
    staging_folder: str = ""
    """Where; empty for the cache folder."""
    roles: RoleSpec = field(default_factory=RoleSpec)


@dataclass(frozen=True, slots=True)
class Profile:
    """One thing to take snapshots of."""

    name: str
    id: bytes
    """16 random bytes, made when the profile is added; a series is this and the host."""
    sources: tuple[bytes, ...]
    """Absolute paths."""
    repository: str = ""
    """Path or URL; empty for the default repository."""
    filters: FilterSpec = field(default_factory=FilterSpec)
    compression: int = 3
    """zstd level."""
    passphrase_file: str = ""
    passphrase_command: str = ""
    keyring: bool = False
    text: str = ""
    """The file as it is, comments included; a copy goes into every snapshot."""
    when_unchanged: Literal["keep", "skip"] = "keep"
    """Whether a run that finds nothing changed leaves a snapshot."""
    shrink_warning: int = 50
    """Percent of its size that a source may lose between two runs without a warning; 0: never warn."""
    partial_every: int = 1800
    """Seconds between the partial snapshots of a long run; 0: none."""
    dedup_against_archive: bool = False
    """Whether runs count on what only an archive has any more; else they store it again."""
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    retention: RetentionSpec = field(default_factory=RetentionSpec)
    limits: LimitSpec = field(default_factory=LimitSpec)
    maintenance: MaintenanceSpec = field(default_factory=MaintenanceSpec)
    notify: NotifySpec = field(default_factory=NotifySpec)
    archive: ArchiveSpec = field(default_factory=ArchiveSpec)
    plugins: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False)
    """Each plugin's options, as its own specification reads them."""
    backends: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False)
    """Each backend's options, as its own specification reads them."""
