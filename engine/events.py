"""What happens in a run, a mount, a restore or a check, as values, and as lines of JSON.

The engine tells every step by one of these types (engine/hooks.py); the same values, encoded one a line,
are the journal of a run and the stream of `--events`. docs/events.md is generated from this module.

A line is an object with `v` (VERSION), `seq` (rising by one within a stream; a gap means that progress was left
out), `time` (UTC, RFC 3339) and `type`, then the fields of the type. Fields at their default are left out. Readers
ignore fields they do not know; a type or a `v` they do not know becomes an Unknown, never an exception.

A path is text for showing in `path`; where the raw bytes are not UTF-8 that text is an approximation, and
`path_b64` holds the bytes themselves in base64.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import replace

VERSION = 1
"""The `v` of every line; raised only when a reader of the old form would be misled."""


class Phase(StrEnum):
    """What a run, a restore, a check or a prune is busy with."""

    OPEN = "open"
    READ = "read"
    STORE = "store"
    COMMIT = "commit"
    PLAN = "plan"
    WRITE = "write"
    ATTRIBUTES = "attributes"
    STRUCTURE = "structure"
    CONTENT = "content"
    WAIT = "wait"
    DELETE = "delete"


class ErrorCode(IntEnum):
    """Why a run failed, in the numbers of Back In Time; 0 where none of those fits."""

    OTHER = 0
    NOT_CONFIGURED = 1
    ALREADY_RUNNING = 2
    TARGET_MISSING = 3
    SNAPSHOT_EXISTS = 4
    FAILED = 5
    WITH_ERRORS = 6


Level = Literal["info", "warning", "error"]
Result = Literal["complete", "errors", "unchanged", "partial", "skipped", "dry-run", "failed", "cancelled"]


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A path, as text for showing and, where that is not exact, as base64 of its bytes."""

    path: str = ""
    """Text for showing. Bytes that are not UTF-8 stand as backslash escapes."""
    path_b64: bytes | None = None
    """The exact bytes, when they are not UTF-8."""

    @property
    def raw(self) -> bytes:
        """The path as the kernel knows it."""
        return self.path.encode() if self.path_b64 is None else self.path_b64


def path_fields(raw: bytes) -> tuple[str, bytes | None]:
    """Return the values of `path` and `path_b64` for a raw path."""
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace"), raw


def shown(raw: bytes) -> Shown:
    """Return a raw path in the form that events carry."""
    return Shown(*path_fields(raw))


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Something that happened. Its type's name on a line is the class's tag."""

    @classmethod
    def type_name(cls) -> str:
        """The name that lines carry, such as `run.begin`."""
        return str(cls.__struct_config__.tag)


class AppStart(Event, frozen=True, tag="app.start"):
    """The terminal program starts."""

    pid: int = 0
    program: str = ""
    """Name and version."""


class AppExit(Event, frozen=True, tag="app.exit"):
    """The terminal program ends."""

    exit_code: int = 0


class MountBefore(Event, frozen=True, tag="mount.before"):
    """A repository is about to be opened, for a run or to serve a mount; a plugin may make it reachable."""

    repository: str = ""
    """Path or URL, without secrets."""
    profile: str = ""
    profile_id: str = ""
    """32 hex digits; empty when no profile is meant."""


class MountAfter(Event, frozen=True, tag="mount.after"):
    """The repository is open."""

    repository: str = ""
    profile: str = ""
    profile_id: str = ""


class Unmount(Event, frozen=True, tag="unmount"):
    """The repository is no longer needed; a plugin may let go of what it made reachable."""

    repository: str = ""
    profile: str = ""
    profile_id: str = ""


class RunBegin(Event, frozen=True, tag="run.begin"):
    """A run begins: the first line of a journal. A hook may stop it here, before anything is read."""

    run: str
    """The run's id: the name of its journal."""
    profile: str
    """Empty when a command is about no profile."""
    profile_id: str
    """Empty when there is none, or when it could not be read."""
    repository: str = ""
    sources: tuple[Shown, ...] = ()
    host: str = ""
    pid: int = 0
    program: str = ""
    dry_run: bool = False
    action: str = "snap"
    """The command: `snap`, `restore`, `check`, `prune` …"""
    control: Shown = Shown()
    """The socket on which the run listens (docs/runs.md); empty when it has none."""


class RunPhase(Event, frozen=True, tag="run.phase"):
    """The run, restore or check turns to its next part. Told to followers, not to plugins."""

    phase: Phase


class RunPause(Event, frozen=True, tag="run.pause"):
    """The work stands still until it is resumed or cancelled. Told to followers, not to plugins."""


class RunResume(Event, frozen=True, tag="run.resume"):
    """The work goes on. Told to followers, not to plugins."""


class RunProgress(Event, frozen=True, tag="run.progress"):
    """How far the run, restore or check has come; at most ten a second, and left out when a follower is slow.

    Of what is being read or written a path of more than 512 bytes is left out.
    """

    files: int = 0
    directories: int = 0
    size: int = 0
    """Bytes of the files looked at so far, unchanged ones included."""
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    stored_size: int = 0
    """Bytes sent to the store so far."""
    total_files: int | None = None
    """How many files there will be, where that is known or learned from the snapshot before."""
    total_size: int | None = None
    path: str = ""
    """What is being read or written now."""
    path_b64: bytes | None = None
    path_done: int = 0
    """Bytes of it that were read or written so far; told of what takes long."""
    path_size: int | None = None
    """How many it will be, counted as `size` counts; null for a folder, a small file, a stream."""
    eta_s: int | None = None
    """Seconds that the rest will take, as far as that can be told (engine/runs/estimate.py)."""


class File(Shown, Event, frozen=True, tag="file", kw_only=True):
    """A new or changed file was taken. Only told to hooks that ask for files (`wants_files`)."""

    change: Literal["new", "changed"]
    size: int = 0


class SnapshotNew(Event, frozen=True, tag="snapshot.new"):
    """A snapshot is in the repository."""

    snapshot: str
    """Its id, 64 hex digits."""
    profile: str = ""
    profile_id: str = ""
    time_ns: int = 0
    """The snapshot's time, ns since 1970."""
    partial: bool = False


class Message(Shown, Event, frozen=True, tag="message", kw_only=True):
    """Words for a person. A file that could not be read is a message of level `error` with its path."""

    level: Level = "info"
    text: str
    source: str = "yester"
    """Who says it: `yester` or the name of a plugin."""
    profile: str = ""
    profile_id: str = ""
    timeout: int = -1
    """Seconds that a notification should stay; -1 as the desktop likes."""
    action: str = ""
    """What can be done about it: an action of the plugin that says it."""


class Error(Event, frozen=True, tag="error"):
    """The run failed, or succeeded with errors (code 6); told before its `run.end`."""

    code: ErrorCode
    text: str
    hint: str = ""
    """What to do next."""
    profile: str = ""
    profile_id: str = ""
    time_ns: int = 0
    """The time of the snapshot that it is about, ns since 1970; 0 when it is about none."""


class PluginTime(msgspec.Struct, frozen=True):
    """How long a plugin was at work in a run."""

    plugin: str
    time_ns: int


class StoreCalls(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked of a store in a run, by one verb."""

    store: str
    call: str
    """`put`, `get`, `get_range`, `list`, `query`, `delete` or `prepare`."""
    count: int
    size: int = 0
    """Bytes that were put or got."""
    time_ns: int = 0
    """Of all calls together: where several are made at once it is more than passed by the clock."""
    retries: int = 0
    """How often one was made again."""
    failures: int = 0
    """How many failed for good. That there is no such object is an answer."""


class RunEnd(Event, frozen=True, tag="run.end"):
    """The run ended: the last line of a journal. A journal without it, whose lock is free, is of a run that died."""

    run: str
    result: Result
    exit_code: int = 0
    profile: str = ""
    profile_id: str = ""
    snapshot: str = ""
    """Id of the new snapshot; empty when there is none."""
    files: int = 0
    directories: int = 0
    size: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    added_size: int = 0
    """Bytes of content that the repository did not hold before, uncompressed."""
    stored_size: int = 0
    duration_ns: int = 0
    suspicions: tuple[str, ...] = ()
    """In words, which sources were gone or had shrunk; said at each run until somebody accepts it."""
    snapshots: int | None = None
    """How many snapshots of this profile and machine there are now, partial ones not counted; none: nobody looked."""
    plugins: tuple[PluginTime, ...] = ()
    """How long each plugin was at work."""
    store: tuple[StoreCalls, ...] = ()
    """What was asked of each store, however often: `time_ns` of calls that were made at once counts for each."""


class RestoreBegin(Event, frozen=True, tag="restore.begin"):
    """Files are about to be restored."""

    snapshot: str
    target: Shown = Shown()
    paths: tuple[Shown, ...] = ()
    """What was asked for; empty for the whole snapshot."""


class RestoreEnd(Event, frozen=True, tag="restore.end"):
    """The restore ended."""

    snapshot: str
    files: int = 0
    size: int = 0
    failed: int = 0
    same: int = 0
    """Entries that were there already, folders among them."""
    set_aside: int = 0
    """Entries that were in the way and have another name now."""
    skipped: int = 0
    """Entries that did not come back, since something else was there and was to stay."""
    duration_ns: int = 0


class CheckBegin(Event, frozen=True, tag="check.begin"):
    """A repository is about to be checked."""

    repository: str = ""
    read_data_percent: int = 0


class CheckEnd(Event, frozen=True, tag="check.end"):
    """The check ended."""

    repository: str = ""
    problems: int = 0
    duration_ns: int = 0


class PruneBegin(Event, frozen=True, tag="prune.begin"):
    """Unneeded packs are about to be deleted."""

    repository: str = ""
    dry_run: bool = False


class PruneEnd(Event, frozen=True, tag="prune.end"):
    """The prune ended."""

    repository: str = ""
    deleted_packs: int = 0
    freed_size: int = 0
    duration_ns: int = 0


class ArchiveBegin(Event, frozen=True, tag="archive.begin"):
    """An archive plugin is about to move objects."""

    archive: str = ""
    action: str = ""
    objects: int = 0


class ArchiveEnd(Event, frozen=True, tag="archive.end"):
    """The archive plugin is done."""

    archive: str = ""
    action: str = ""
    failed: int = 0
    duration_ns: int = 0


AnyEvent = (
    AppStart | AppExit | MountBefore | MountAfter | Unmount
    | RunBegin | RunPhase | RunPause | RunResume | RunProgress | File | SnapshotNew | Message | Error | RunEnd
    | RestoreBegin | RestoreEnd | CheckBegin | CheckEnd | PruneBegin | PruneEnd | ArchiveBegin | ArchiveEnd
)  # fmt: skip

EVENT_TYPES: Mapping[str, type[Event]] = MappingProxyType({kind.type_name(): kind for kind in get_args(AnyEvent)})
"""Every type by the name that lines carry, in the order of a run."""


class Unknown(msgspec.Struct, frozen=True):
    """A line that this version cannot read, and why."""

    type: str
    why: str


class Line(msgspec.Struct, frozen=True):
    """One decoded line of a stream."""

    v: int
    seq: int
    time_ns: int
    event: AnyEvent | Unknown


class _Envelope(msgspec.Struct, frozen=True):
    v: int
    seq: int
    time: datetime
    type: str


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.json.Encoder()
_envelopes = msgspec.json.Decoder(_Envelope)
_events: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyEvent)


def encode(seq: int, time_ns: int, event: Event) -> bytes:
    """Return the event as one line of JSON, newline included. `time_ns` is kept to the microsecond."""
    time = (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat(timespec="microseconds")[:-6]
    return b'{"v":%d,"seq":%d,"time":"%bZ",%b\n' % (VERSION, seq, time.encode(), _encoded(event)[1:])


def _encoded(event: Event) -> bytes:
    try:
        return _encoder.encode(event)
    except UnicodeEncodeError:
        # The place of a repository, or a path in an error's words, that is not UTF-8. Paths proper have path_b64.
        fields = msgspec.structs.asdict(event).items()
        return _encoder.encode(
            replace(event, **{name: clean(value) for name, value in fields if isinstance(value, str)})
        )


def clean(text: str) -> str:
    """Return text that encodes: what stands for bytes that are no UTF-8 becomes an escape."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def decode(line: bytes) -> Line:
    """Return what a line says; a line of a newer version, or a broken one, says so in `event`. Never raises."""
    try:
        envelope = _envelopes.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return Line(0, 0, 0, Unknown("", f"not an event: {problem}"))
    time_ns = (envelope.time - _EPOCH) // timedelta(microseconds=1) * 1000 if envelope.time.tzinfo else 0
    return Line(envelope.v, envelope.seq, time_ns, _event_of(line, envelope))


def _event_of(line: bytes, envelope: _Envelope) -> AnyEvent | Unknown:
    if envelope.v > VERSION:
        return Unknown(envelope.type, f"written by a newer version (v {envelope.v})")
    if envelope.type not in EVENT_TYPES:
        return Unknown(envelope.type, "no event of this version")
    try:
        event: AnyEvent = _events.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return Unknown(envelope.type, str(problem))
    return event
