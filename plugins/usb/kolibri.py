"""What of a Kolibri's home is volatile, that is, can be got nowhere else: all but channels and what is made anew. Pure.

The folder is Kolibri's KOLIBRI_HOME. Channels lie in `content`, or where options.ini says. The databases lie side by
side at the top: `db.sqlite3` (facilities, users, lessons, logs of learning, the device's identity) and others, which
differ from version to version (sync queue, notifications, network locations, sessions, tasks).
"""

import configparser
import posixpath
import re
from dataclasses import dataclass

from yester.engine.errors import UsageError

DEFAULT_DATABASE = "db.sqlite3"
SIGNS = (DEFAULT_DATABASE, "options.ini", "plugins.json", "content")
"""At least one of these is in a Kolibri's home."""
_MADE_ANEW = ("process_cache", "static", "webpack", "server.pid", "server.lock", "*.lock", "*.sock")
"""Of what is at the top: what Kolibri makes at its next start."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a Kolibri keeps what."""

    home: str
    content: tuple[str, ...]
    """Absolute paths of channels."""
    database: str
    """Path of the default database; empty when that is no SQLite file."""


def layout_of(home: str, options: str) -> Layout:
    """Return where a Kolibri keeps what, by the text of its options.ini. UsageError when that cannot be understood."""
    said = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        said.read_string(options)
    except configparser.Error as problem:
        words = " ".join(str(problem).split())
        raise UsageError(f"{home}/options.ini cannot be understood: {words}", hint="Correct it first.") from None

    def option(section: str, name: str) -> str:
        return (said.get(section, name, fallback="") or "").strip().strip("\"'")

    folders = [option("Paths", "CONTENT_DIR") or "content", *option("Paths", "CONTENT_FALLBACK_DIRS").split(";")]
    is_file = option("Database", "DATABASE_ENGINE") in ("", "sqlite")
    database = option("Database", "DATABASE_NAME") or DEFAULT_DATABASE
    return Layout(
        home,
        tuple(posixpath.normpath(posixpath.join(home, folder.strip())) for folder in folders if folder.strip()),
        posixpath.join(home, database) if is_file else "",
    )


def excludes_of(layout: Layout) -> tuple[str, ...]:
    """Return the patterns that leave of a home what is volatile."""
    inside = [folder for folder in layout.content if folder.startswith(layout.home + "/")]
    return (
        *(f"{pattern_of(folder)}/" for folder in inside),
        *(f"{pattern_of(layout.home)}/{name}" for name in _MADE_ANEW),
    )


def pattern_of(path: str) -> str:
    """Return the pattern that takes just this path."""
    return re.sub(r"([\[\]*?!\\])", r"\\\1", path)
