"""Every key of a profile: the table from which come its reading, its messages, its template and docs/profiles.md."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType
from typing import Any, get_args

from yester.engine.profiles.kinds import (
    FILES,
    FLAG,
    ID,
    MARKS,
    NAMES,
    REPOSITORY,
    SECONDS,
    SIZE,
    SOURCES,
    SPAN,
    TEXT,
    TEXTS,
    Kind,
    choice,
    percent,
    shaped,
    whole,
)
from yester.engine.profiles.profile import (
    ArchiveSpec,
    FilterSpec,
    LimitSpec,
    MaintenanceSpec,
    NotifySpec,
    PeriodUnit,
    Profile,
    RetentionSpec,
    RoleSpec,
    ScheduleSpec,
    SmartSpec,
    When,
)
from yester.engine.profiles.sizes import Span

MAX_LEVEL = 19
"""The highest zstd level that needs no more memory than the others promise."""

MOST_KEPT = 1_000_000
"""More snapshots than any rule could mean."""

FURTHEST_BACK = 36_500
"""More days, weeks or months than smart thinning could mean, and few enough for a calendar."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file and the value it becomes."""

    spec: type
    about: str


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "": Table(Profile, ""),
        "filters": Table(FilterSpec, "What to leave out."),
        "schedule": Table(
            ScheduleSpec, "When runs start by themselves; switched on by `yester schedule enable {name}`."
        ),
        "retention": Table(
            RetentionSpec, "How long snapshots are kept, for `yester forget {name}`. With no rule all are kept."
        ),
        "retention.smart": Table(
            SmartSpec, "Thin out with age, as Back In Time's smart remove. The table being there switches it on."
        ),
        "limits": Table(LimitSpec, "What a run may take of the machine, and when it does not start."),
        "maintenance": Table(MaintenanceSpec, "What else a run does for the repository when it is done."),
        "notify": Table(NotifySpec, "Whom a run tells how it ended."),
        "archive": Table(ArchiveSpec, "How packs go to archives and come back."),
        "archive.roles": Table(
            RoleSpec,
            "Who may do what with archives: names of users, and of groups as @group. A guard against mistakes.",
        ),
    }
)
"""Every table but those of OPEN_TABLES."""

OPEN_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "plugins": "What a plugin is told: [plugins.NAME], with any keys that it knows.",
        "backends": "How a repository is reached: [backends.NAME], with any keys that the backend knows.",
    }
)
"""Tables of tables that take any keys, and what they are for; each is a field of Profile."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file."""

    table: str
    name: str
    kind: Kind
    about: str
    """One sentence: what it does."""
    example: Any = None
    """What the template shows where the default says nothing."""
    field: str = ""
    """Of the spec, where it is not called as the key is."""

    @property
    def attribute(self) -> str:
        """The field of the spec."""
        return self.field or self.name

    @property
    def path(self) -> str:
        """The key with its table, dotted."""
        return f"{self.table}.{self.name}" if self.table else self.name

    @property
    def is_required(self) -> bool:
        """Whether there is no default."""
        field = self._declared()
        return field.default is MISSING and field.default_factory is MISSING

    @property
    def default(self) -> Any:
        """The meant value where the file says nothing; None where it must, or where that is the default."""
        default = self._declared().default
        return None if default is MISSING else default

    @property
    def shown(self) -> Any:
        """The value to show somebody who asks how the key is written: the default, or else the example."""
        return self.example if self.default in (None, "", ()) and self.example is not None else self.default

    def _declared(self) -> Any:
        return next(field for field in fields(TABLES[self.table].spec) if field.name == self.attribute)


def _keys(table: str, *rows: tuple[Any, ...]) -> dict[tuple[str, str], Key]:
    return {(table, row[0]): Key(table, *row) for row in rows}


KEYS: Mapping[tuple[str, str], Key] = MappingProxyType(
    _keys(
        "",
        ("id", ID, "Made once. Together with the host it names this series of snapshots; do not change it."),
        ("sources", SOURCES, "What to take: absolute paths.", (b"/home/me",)),
        ("repository", REPOSITORY, "Where to: a folder or a URL. Empty: YESTER_REPOSITORY or the default repository."),
        ("compression", whole(-7, MAX_LEVEL, "a level"), "zstd level, -7 (fast) to 19 (small)."),
        ("passphrase_file", TEXT, "A file that holds the passphrase.", "/path/to/file"),
        ("passphrase_command", TEXT, "A program that prints the passphrase; run without a shell.", "pass show backup"),
        ("keyring", FLAG, "Look for the passphrase in the keyring."),
        (
            "when_unchanged",
            choice("keep", "skip"),
            'What a run leaves that finds nothing changed: "keep" a snapshot, or "skip" it.',
        ),
        (
            "shrink_warning",
            whole(0, 100),
            "Warn when a source lost more than this percent of its size since the last run; 0: never.",
        ),
        (
            "partial_every",
            SECONDS,
            'Seconds, or a span such as "30min", between the partial snapshots of a long run; 0: none.',
        ),
        ("dedup_against_archive", FLAG, "Count on what is in an archive only; else runs store it again."),
    )
    | _keys(
        "filters",
        (
            "exclude",
            TEXTS,
            "Leave out: patterns as in a .gitignore, against absolute paths; a later one wins.",
            None,
            "excludes",
        ),
        ("exclude_files", FILES, "Files with more such patterns, one a line."),
        ("exclude_larger_than", SIZE, "Leave out files that are larger.", 1 << 30, "larger_than"),
        (
            "exclude_if_present",
            MARKS,
            "Leave out what is in a folder that holds one of these names.",
            None,
            "if_present",
        ),
        ("exclude_caches", FLAG, "Leave out what is in a folder that a CACHEDIR.TAG marks as a cache.", None, "caches"),
        ("one_file_system", FLAG, "Stay on the file system of each source."),
        (
            "default_excludes",
            FLAG,
            "Also leave out what hardly anybody wants back (`yester profile show` lists it).",
            None,
            "defaults",
        ),
    )
    | _keys(
        "schedule",
        ("when", choice(*get_args(When)), "The kind: " + ", ".join(get_args(When)) + "."),
        ("every", whole(1, 10_000), 'How many minutes, hours, or units of "repeatedly".'),
        (
            "unit",
            choice(*get_args(PeriodUnit)),
            'Of "repeatedly", due when the last good run is older: hours, days, weeks or months.',
        ),
        (
            "at",
            shaped("a time as hh:mm", "([01][0-9]|2[0-3]):[0-5][0-9]"),
            "Time of day, for daily, weekly, monthly and yearly.",
        ),
        (
            "hours",
            shaped(
                'hours from 0 to 23 such as "8,12,18", or "*/3"',
                r"|\*/([1-9]|1[0-9]|2[0-3])|([01]?[0-9]|2[0-3])( ?, ?([01]?[0-9]|2[0-3]))*",
            ),
            'Of "custom-hours": which hours of the day, or every so many.',
            "8,12,18",
        ),
        ("weekday", whole(1, 7), "Of weekly: 1 Monday to 7 Sunday."),
        ("day", whole(1, 28), "Of monthly and yearly."),
        ("month", whole(1, 12), "Of yearly."),
        (
            "drive",
            shaped(
                "the UUID of a file system, or PARTUUID=… or LABEL=… where it has none",
                r"|(PARTUUID=)?[0-9A-Za-z][0-9A-Za-z-]{3,63}|LABEL=[0-9A-Za-z#+.:@_-]{1,64}",
            ),
            'Of "drive": the UUID of its file system, as `lsblk -f` shows it; else `PARTUUID=…` or `LABEL=…`.',
            "1b2c3d4e-0000-4000-8000-123456789abc",
        ),
        ("catch_up", FLAG, "Make up for a time that passed while the machine was off."),
    )
    | _keys(
        "retention",
        ("keep_last", whole(0, MOST_KEPT), "Keep the newest so many."),
        ("keep_hourly", whole(0, MOST_KEPT), "Keep the last one of each of so many hours."),
        ("keep_daily", whole(0, MOST_KEPT), "Keep the last one of each of so many days."),
        ("keep_weekly", whole(0, MOST_KEPT), "Keep the last one of each of so many weeks."),
        ("keep_monthly", whole(0, MOST_KEPT), "Keep the last one of each of so many months."),
        ("keep_yearly", whole(0, MOST_KEPT), "Keep the last one of each of so many years."),
        ("keep_within", SPAN, "Keep all that are no older than this before the newest.", Span(days=14)),
        ("keep_tags", NAMES, "Keep all that have one of these tags."),
        ("keep_named", FLAG, "Keep all that somebody named."),
        ("older_than", SPAN, "Remove what is older.", Span(months=120)),
        ("min_free_size", SIZE, "Remove the oldest until so much room is free where the repository is.", 10 << 30),
        ("min_free_inodes", percent(), "Remove the oldest until so many percent of the inodes are free.", 2.0),
    )
    | _keys(
        "retention.smart",
        ("keep_all", whole(0, FURTHEST_BACK), "Keep all of the last so many days."),
        ("per_day", whole(0, FURTHEST_BACK), "Keep one a day for so many days."),
        ("per_week", whole(0, FURTHEST_BACK), "Keep one a week for so many weeks."),
        ("per_month", whole(0, FURTHEST_BACK), "Keep one a month for so many months; after that one a year."),
    )
    | _keys(
        "limits",
        ("upload", SIZE, "Bytes a second that a run may send.", 3 << 20),
        ("download", SIZE, "Bytes a second that a run may fetch.", 10 << 20),
        ("nice", whole(-20, 19), "How readily a run lets other programs compute first: 19 most.", 10),
        (
            "ionice",
            shaped('"idle", or "best-effort:N" with N from 0 to 7', "idle|best-effort:[0-7]"),
            'How readily a run lets other programs read and write first: "idle", or "best-effort:0" to ":7".',
            "idle",
        ),
        ("on_battery", choice("run", "skip"), "Whether to run without mains power."),
        ("metered", choice("run", "skip"), "Whether to run on a network connection that is paid by volume."),
        ("networks", NAMES, "Run only on these connections, by their names in NetworkManager; empty: on any."),
        ("inhibit_suspend", FLAG, "Keep the machine from going to sleep during a run."),
        ("shut_down_after", FLAG, "Switch the machine off after a run that went well."),
    )
    | _keys(
        "maintenance",
        ("forget", FLAG, "Apply [retention] after each run."),
        ("prune", SPAN, "How often to give back the room that forgotten snapshots took.", Span(days=7)),
        ("check", SPAN, "How often to look for damage.", Span(months=1)),
        ("check_percent", whole(1, 100), "How much of the stored data each such check reads, in percent."),
    )
    | _keys(
        "notify",
        ("on", choice("never", "failure", "always"), "When: never, failure or always."),
        (
            "command",
            TEXT,
            "A program to run, without a shell; YESTER_RESULT, YESTER_PROFILE, YESTER_RUN and YESTER_TEXT say what.",
            "/usr/local/bin/tell-me",
        ),
        ("desktop", FLAG, "Show a notification on the desktop (notify-send)."),
    )
    | _keys(
        "archive",
        ("staging_size", SIZE, "How much may lie on this machine at once, on its way to an archive or back."),
        ("staging_folder", TEXT, "Where that lies; empty: in the cache folder.", "/srv/staging"),
    )
    | _keys(
        "archive.roles",
        (
            "archive",
            NAMES,
            "Who may hand packs to an archive; left out: the owner of the profile.",
            ("anna", "@backup"),
        ),
        ("restore", NAMES, "Who may bring them back; left out: the owner.", ("anna", "@backup")),
        ("purge", NAMES, "Who may take the online copy away; left out: nobody.", ("anna",)),
        ("delete", NAMES, "Who may let an archive throw its copy away; left out: the owner.", ("anna",)),
    )
)
"""Table and name → key, in the order of the template."""


def keys_of(table: str) -> list[Key]:
    """Return the keys of a table."""
    return [key for key in KEYS.values() if key.table == table]


def tables_in(table: str) -> list[str]:
    """Return the names of the tables directly in a table; the open ones are the file's."""
    inner = [name.rpartition(".") for name in TABLES if name]
    return [name for outer, _, name in inner if outer == table] + ([] if table else list(OPEN_TABLES))
