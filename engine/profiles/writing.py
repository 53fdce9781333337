"""Writing profiles: the file that `profile add` makes, with every key and a comment at each."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from stat import S_ISDIR, S_ISREG
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.profiles.keys import OPEN_TABLES, TABLES, Key, keys_of
from yester.engine.profiles.profile import FilterSpec, Profile
from yester.engine.profiles.reading import checked_profile_name, profile_path
from yester.engine.profiles.reporting import spec_of
from yester.engine.profiles.toml_text import bare_key, toml_text


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


def save_profile(folder: Path, profile: Profile) -> Path:
    """Write a new profile and return its path; UsageError when one of that name is there, or none can be written."""
    path = profile_path(folder, profile.name)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, profile.text, os.link)
    except FileExistsError:
        raise _taken(profile.name) from None
    except OSError as problem:
        raise unwritable(path, problem) from None
    return path


def refuse_taken_name(folder: Path, name: str) -> None:
    """UsageError when a profile of that name is there."""
    if os.path.lexists(profile_path(folder, name)):
        raise _taken(name)


def _taken(name: str) -> UsageError:
    return UsageError(
        f"Profile {name} is already there",
        hint=f"Change it: yester profile edit {quote(name)}; or remove it first: yester profile remove {quote(name)}",
    )


def write_whole(path: Path, text: str, give_name: Callable[[Path, Path], None], mode: int = 0o600) -> None:
    """Write a file that is whole whenever there is one; `give_name` moves or links it to its name. OSError."""
    fresh = path.with_name(f".{path.name}-{os.urandom(8).hex()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        give_name(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def unwritable(path: Path, problem: OSError) -> UsageError:
    """Return the error to raise when a profile cannot be written."""
    return UsageError(
        f"The profile {path} cannot be written: {problem.strerror}", hint="XDG_CONFIG_HOME moves profiles elsewhere."
    )


def render(profile: Profile) -> str:
    """Return the TOML text of a profile, every key with a comment; keys at their default are commented out."""
    lines = [f"# The profile {quote(profile.name)}: take a snapshot with `yester snap {quote(profile.name)}`.", ""]
    for table in TABLES:
        lines += _table_lines(profile, table)
    lines += [line for table in OPEN_TABLES for line in _open_lines(profile, table)]
    return "\n".join(lines) + "\n"


def _table_lines(profile: Profile, table: str) -> Iterator[str]:
    spec = spec_of(profile, table)
    if table:
        yield f"# {TABLES[table].about.format(name=quote(profile.name))}"
        yield f"# [{table}]" if spec is None else f"[{table}]"
    for key in keys_of(table):
        if not table:
            yield from _paragraph(key, getattr(spec, key.attribute))
        else:
            value = None if spec is None else getattr(spec, key.attribute)
            yield _comment(key)
            yield _line(key, value)
    if table:
        yield ""


def _paragraph(key: Key, value: Any) -> Iterator[str]:
    yield _comment(key)
    yield _line(key, value)
    yield ""


def _comment(key: Key) -> str:
    """Return what the key does; where it has no default, that what stands below is an example."""
    is_example = key.shown != key.default and not key.is_required
    return f"# {key.about}" + (" For example:" if is_example else "")


def _line(key: Key, value: Any) -> str:
    """Return the key with its value; commented out, and with an example where there is nothing to show, at its default.

    `None` is a value that nobody gave.
    """
    if value is not None and (key.is_required or value != key.default):
        return f"{key.name} = {toml_text(key.kind.raw(value))}"
    return f"# {key.name} = " + toml_text(key.kind.raw(key.shown)).replace("\n", "\n# ")


def _open_lines(profile: Profile, table: str) -> Iterator[str]:
    yield f"# {OPEN_TABLES[table]}"
    tables: Mapping[str, Mapping[str, object]] = getattr(profile, table)
    if not tables:
        yield f"# [{table}.NAME]"
    for name, options in tables.items():
        yield f"[{table}.{bare_key(name)}]"
        yield from (f"{bare_key(option)} = {toml_text(value)}" for option, value in options.items())
