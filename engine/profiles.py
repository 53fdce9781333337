"""Profiles: what to take, where to put it, what to leave out; a TOML file each in the configuration folder.

A file is read by tomllib (syntax, with its line) and then typed by msgspec (keys and types, with the nearest
valid name); it is written once, by `profile add`, with a comment at every key. Paths are bytes; one that is not
UTF-8 stands in the file as `{ path_b64 = "…" }`.
"""

import base64
import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import msgspec

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean

MAX_LEVEL = 19
"""The highest zstd level that needs no more memory than the others promise."""

_NAME = re.compile(r"\w[\w.+ -]{0,63}")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?)(?:i?B)?", re.IGNORECASE)
_SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """What to leave out. Patterns are gitignore patterns against absolute paths (engine/capture/filters.py)."""

    excludes: tuple[str, ...] = ()
    exclude_files: tuple[Path, ...] = ()
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


class _RawPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path_b64: bytes


_Path = str | _RawPath


class _Filters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exclude: tuple[str, ...] = ()
    exclude_files: tuple[_Path, ...] = ()
    exclude_larger_than: str | int | None = None
    exclude_if_present: tuple[_Path, ...] = ()
    exclude_caches: bool = True
    one_file_system: bool = False
    default_excludes: bool = True


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    sources: tuple[_Path, ...]
    repository: str = ""
    compression: int = 3
    passphrase_file: str = ""
    passphrase_command: str = ""
    keyring: bool = False
    filters: _Filters = _Filters()


_MEND = "Mend the file, or move it away and add the profile again; then try it: yester profile check {name}"

_TABLES: dict[str, tuple[str, ...]] = {"": _File.__struct_fields__, "filters": _Filters.__struct_fields__}
"""Every valid key, by the table that it stands in."""


def checked_profile_name(name: str) -> str:
    """Return `name` when it may name a profile, a file and a folder of the mount; UsageError else."""
    if _NAME.fullmatch(name) is None or name.endswith(" "):
        raise UsageError(
            f"{name!r} cannot name a profile",
            hint="Use up to 64 letters, digits, blanks and . _ + -, beginning with a letter or a digit.",
        )
    return name


def parse_size(text: str) -> int:
    """Return a size such as `500M`, `1.5 GiB` or `4096` in bytes; the units are powers of 1024. UsageError else."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no size", hint="Write a number of bytes or, for example, 500K, 20M or 1.5G.")
    try:
        return int(float(match[1]) * (1 << _SHIFTS[match[2].upper()]))
    except OverflowError:
        raise UsageError("A size of so many digits is beyond any file", hint="Leave it out.") from None


def new_profile(
    name: str,
    sources: Iterable[bytes],
    *,
    repository: str = "",
    filters: FilterSpec | None = None,
    compression: int = 3,
) -> Profile:
    """Return a profile with a fresh id, and its text; each source is made absolute and must exist (UsageError)."""
    profile = Profile(
        name=checked_profile_name(name),
        id=os.urandom(16),
        sources=tuple(dict.fromkeys(_checked_source(source) for source in sources)),
        repository=repository,
        filters=filters or FilterSpec(),
        compression=compression,
    )
    return replace(profile, text=render(profile))


def _checked_source(source: bytes) -> bytes:
    """Return the absolute path of a folder or file; links in it stay, since a snapshot keeps link and target."""
    path = os.path.abspath(source)
    what = os.fsdecode(source)
    try:
        mode = os.stat(path).st_mode
    except OSError as problem:
        raise UsageError(f"{what} cannot be a source: {problem.strerror}", hint="Give a folder that exists.") from None
    if not S_ISDIR(mode) and not S_ISREG(mode):
        raise UsageError(
            f"{what} cannot be a source: it is neither a folder nor a file", hint="Give the folder it is in."
        )
    return path


# Reading


def profile_path(folder: Path, name: str) -> Path:
    """Return where the profile of that name is kept."""
    return folder / f"{name}.toml"


def profile_names(folder: Path) -> list[str]:
    """Return the names of all profiles in the folder, sorted; none when there is no folder."""
    try:
        found = [entry.removesuffix(".toml") for entry in os.listdir(folder) if entry.endswith(".toml")]
    except FileNotFoundError:
        return []
    return sorted(name for name in found if _NAME.fullmatch(name))


def load_profile(folder: Path, name: str) -> Profile:
    """Read a profile. UsageError when there is none (with the nearest names) or when it cannot be understood."""
    path = profile_path(folder, checked_profile_name(name))
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        names = profile_names(folder)
        hint = did_you_mean(name, names) if names else f"Add it: yester profile add {name} FOLDER"
        raise UsageError(f"There is no profile {name}", hint=hint or "See yester profile list.") from None
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise UsageError(f"Profile {name}: {path} cannot be read: {why}", hint=_MEND.format(name=name)) from None
    return parse_profile(name, text, str(path))


def parse_profile(name: str, text: str, place: str) -> Profile:
    """Return the profile that a TOML text describes; `place` names the text in errors (UsageError)."""
    try:
        said = tomllib.loads(text)
        if _holds_nul(said):
            raise msgspec.ValidationError("\\u0000 stands in it, which no path, pattern or command can hold")
        stated = msgspec.convert(said, _File)
        return _profile_of(name, text, stated)
    except tomllib.TOMLDecodeError as problem:
        what = f"Profile {name}: {place} is not valid TOML: {problem}"
        raise UsageError(what, hint=_MEND.format(name=name)) from None
    except msgspec.ValidationError as problem:
        raise _explained(name, text, place, str(problem)) from None


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_holds_nul, value))
        case dict():
            return any(map(_holds_nul, value.values()))
        case _:
            return False


def _profile_of(name: str, text: str, stated: _File) -> Profile:
    filters = stated.filters
    limit = filters.exclude_larger_than
    return Profile(
        name=name,
        id=_id_of(stated.id),
        sources=_absolute(stated.sources),
        repository=stated.repository,
        filters=FilterSpec(
            excludes=filters.exclude,
            exclude_files=tuple(Path(os.fsdecode(_bytes_of(path))).expanduser() for path in filters.exclude_files),
            larger_than=_size_of(limit) if isinstance(limit, str) else limit,
            if_present=tuple(os.fsdecode(_bytes_of(path)) for path in filters.exclude_if_present),
            caches=filters.exclude_caches,
            one_file_system=filters.one_file_system,
            defaults=filters.default_excludes,
        ),
        compression=_level_of(stated.compression),
        passphrase_file=stated.passphrase_file,
        passphrase_command=stated.passphrase_command,
        keyring=stated.keyring,
        text=text,
    )


def _bytes_of(path: _Path) -> bytes:
    return os.fsencode(path) if isinstance(path, str) else path.path_b64


def _id_of(text: str) -> bytes:
    if re.fullmatch(r"[0-9a-f]{32}", text) is None:
        raise msgspec.ValidationError("Expected 32 hex digits - at `$.id`")
    return bytes.fromhex(text)


def _absolute(paths: Sequence[_Path]) -> tuple[bytes, ...]:
    sources = tuple(os.path.normpath(os.path.expanduser(_bytes_of(path))) for path in paths)
    if not sources or not all(os.path.isabs(source) for source in sources):
        raise msgspec.ValidationError("Expected at least one absolute path and no relative one - at `$.sources`")
    return sources


def _size_of(text: str) -> int:
    try:
        return parse_size(text)
    except UsageError as problem:
        raise msgspec.ValidationError(f"{problem.what} - at `$.filters.exclude_larger_than`") from None


def _level_of(level: int) -> int:
    if not -7 <= level <= MAX_LEVEL:
        raise msgspec.ValidationError(f"Expected a level from -7 to {MAX_LEVEL} - at `$.compression`")
    return level


_PROBLEM = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)
_LACKING = re.compile(r"Object missing required field `(?P<key>.*)`")


def _explained(name: str, text: str, place: str, problem: str) -> UsageError:
    """Return msgspec's message with file and line, and for an unknown key the nearest valid one."""
    match = _PROBLEM.fullmatch(problem)
    what, where = (match["what"], match["where"] or "") if match else (problem, "")
    if unknown := _UNKNOWN.fullmatch(what):
        at = _place_of(text, place, where, unknown["key"])
        return UsageError(
            f"Profile {name}: {at}: there is no key {unknown['key']}" + (f" in [{where}]" if where else ""),
            hint=did_you_mean(unknown["key"], _TABLES.get(where, ())),
        )
    if lacking := _LACKING.fullmatch(what):
        return UsageError(
            f"Profile {name}: {place}: the key {lacking['key']} is missing", hint="See yester profile add --help."
        )
    if not where:
        return UsageError(f"Profile {name}: {place}: {what}", hint=_MEND.format(name=name))
    table, _, key = where.rpartition(".")
    key = key.partition("[")[0]
    what = what.replace("`str | object`", "a path")
    said = f"Profile {name}: {_place_of(text, place, table, key)}: {key}: {what[:1].lower()}{what[1:]}"
    return UsageError(said, hint=_MEND.format(name=name))


def _place_of(text: str, place: str, table: str, key: str) -> str:
    """Return `place` with the line of a key in a table, when the key stands there in the plain way."""
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            current = header[1].strip()
        elif current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return f"{place}, line {number}"
    return place


# Writing


def save_profile(folder: Path, profile: Profile) -> Path:
    """Write a new profile and return its path; UsageError when one of that name is there, or none can be written."""
    path = profile_path(folder, profile.name)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = open(path, "x", encoding="utf-8")  # noqa: SIM115  whoever failed to open it must not delete it
    except FileExistsError:
        raise UsageError(
            f"Profile {profile.name} is already there",
            hint=f"Change {path}, or remove it first: yester profile remove {profile.name}",
        ) from None
    except OSError as problem:
        raise _unwritable(path, problem) from None
    try:
        with file:
            file.write(profile.text)
    except OSError as problem:
        path.unlink()
        raise _unwritable(path, problem) from None
    return path


def _unwritable(path: Path, problem: OSError) -> UsageError:
    return UsageError(
        f"The profile {path} cannot be written: {problem.strerror}", hint="XDG_CONFIG_HOME moves profiles elsewhere."
    )


def render(profile: Profile) -> str:
    """Return the TOML text of a profile, every key with a comment; keys at their default are commented out."""
    filters = profile.filters
    return _TEMPLATE.format(
        name=profile.name,
        id=profile.id.hex(),
        sources=_array([_path(source) for source in profile.sources]),
        repository=_line("repository", _text(profile.repository), not profile.repository),
        compression=_line("compression", str(profile.compression), profile.compression == 3),
        exclude=_line("exclude", _array([_text(pattern) for pattern in filters.excludes]), not filters.excludes),
        exclude_files=_line(
            "exclude_files",
            _array([_path(os.fsencode(path)) for path in filters.exclude_files]),
            not filters.exclude_files,
        ),
        exclude_larger_than=_line(
            "exclude_larger_than", str(filters.larger_than or '"1G"'), filters.larger_than is None
        ),
        exclude_if_present=_line(
            "exclude_if_present",
            _array([_path(os.fsencode(mark)) for mark in filters.if_present]),
            not filters.if_present,
        ),
        exclude_caches=_line("exclude_caches", str(filters.caches).lower(), filters.caches),
        one_file_system=_line("one_file_system", str(filters.one_file_system).lower(), not filters.one_file_system),
        default_excludes=_line("default_excludes", str(filters.defaults).lower(), filters.defaults),
    )


_TEMPLATE = """\
# The profile {name}: take a snapshot with `yester snap {name}`.

# Made once. Together with the host it names this series of snapshots; do not change it.
id = "{id}"

# What to take: absolute paths.
sources = {sources}

# Where to: a folder or a URL. Without it, YESTER_REPOSITORY or the default repository.
{repository}

# zstd level, -7 (fast) to 19 (small).
{compression}

# Where the passphrase comes from when nobody is there to type it.
# passphrase_file = "/path/to/file"
# passphrase_command = "pass show backup"
# keyring = false

[filters]
# What to leave out: patterns as in a .gitignore, against absolute paths; a later one wins.
{exclude}
# Files with more such patterns, one a line.
{exclude_files}
# Leave out files that are larger.
{exclude_larger_than}
# Leave out what is in a folder that holds one of these names.
{exclude_if_present}
# Leave out what is in a folder that a CACHEDIR.TAG marks as a cache.
{exclude_caches}
# Stay on the file system of each source.
{one_file_system}
# Also leave out what hardly anybody wants back (`yester profile show` lists it).
{default_excludes}
"""


def _line(key: str, value: str, is_default: bool) -> str:
    return f"# {key} = {value}" if is_default else f"{key} = {value}"


def _array(items: Sequence[str]) -> str:
    return "[]" if not items else "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _text(value: str) -> str:
    """Return a TOML basic string; JSON's escapes are a part of TOML's, but for DEL."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _path(raw: bytes) -> str:
    try:
        return _text(raw.decode())
    except UnicodeDecodeError:
        return f'{{ path_b64 = "{base64.b64encode(raw).decode()}" }}'
