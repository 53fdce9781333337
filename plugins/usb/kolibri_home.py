"""A Kolibri's home on this machine: a profile of it, and the way back of its databases.

While a snapshot is taken the plugin `sqlite` puts a copy of each database beside it, as of one moment, and the snapshot
takes the copy in the place of the files in use. So a home that was restored has `db.sqlite3.snapshot`, and no
`db.sqlite3`.
"""

import fnmatch
import glob
import os
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from yester.engine.errors import UsageError, YesterError
from yester.engine.profiles.changing import Change, changed
from yester.engine.profiles.profile import FilterSpec
from yester.engine.profiles.reading import parse_profile
from yester.engine.profiles.writing import new_profile, save_profile
from yester.plugins.sqlite_checking import COMPANIONS, damage_in, is_database
from yester.plugins.usb.kolibri import SIGNS, Layout, excludes_of, layout_of

_ENDING = ".sqlite3"
_COPY = ".snapshot"
"""What the plugin `sqlite` adds to a database's name for the copy."""
_IDENTITIES = "morango_databaseidmodel"
"""The table of Morango, which syncs Kolibris: the device's identity is made from its current row."""


def layout_at(home: Path) -> Layout:
    """Return how a Kolibri's home is laid out; UsageError when that is none."""
    if not any((home / name).exists() for name in SIGNS):
        raise UsageError(
            f"{home} is no home of a Kolibri: there is no {', no '.join(SIGNS)}",
            hint="Give home=, the folder that KOLIBRI_HOME names.",
        )
    try:
        options = (home / "options.ini").read_text("utf-8", "replace")
    except FileNotFoundError:
        options = ""
    except OSError as problem:
        raise UsageError(f"{home}/options.ini cannot be read: {problem.strerror}") from None
    return layout_of(str(home), options)


def databases_of(layout: Layout) -> list[Path]:
    """Return the databases of a home, the default one first."""
    default = [Path(layout.database)] if layout.database else []
    others = sorted(Path(layout.home).glob(f"*{_ENDING}"))
    return [path for path in dict.fromkeys([*default, *others]) if is_database(path)]


def add_profile(folder: Path, home: str, repository: str, name: str) -> str:
    """Add the profile of a Kolibri's volatile data; return what to tell the person. UsageError."""
    # What a link leads to: patterns see the paths that the files really have.
    path = absolute(home or os.environ.get("KOLIBRI_HOME") or "~/.kolibri").resolve()
    layout = layout_at(path)
    spec = FilterSpec(excludes=excludes_of(layout), defaults=False, caches=False)
    fresh = new_profile(
        name,
        [os.fsencode(path)],
        repository=repository and (repository if "://" in repository else str(absolute(repository))),
        filters=spec,
    )
    told = [
        Change(("plugins", "sqlite", "enabled"), True),
        Change(("plugins", "sqlite", "databases"), _patterns(layout)),
        Change(("plugins", "sqlite", "suffix"), _COPY),
    ]
    text = changed(fresh.text, told)
    file = save_profile(folder, replace(parse_profile(name, text, "for Kolibri"), text=text))
    return "\n".join([f"profile {name} added: {file}", *_contents(layout), f"take a snapshot: yester snap {name}"])


def absolute(text: str) -> Path:
    """Return a path that a person gave; UsageError when it is relative: a plugin works elsewhere than the person."""
    path = Path(os.path.normpath(Path(text).expanduser()))
    if not path.is_absolute():
        raise UsageError(f"{text} is no absolute path", hint="Give it from the root on, or from ~.")
    return path


def _patterns(layout: Layout) -> list[str]:
    """Return which databases are copied: also those that a later version adds."""
    inside = f"{glob.escape(layout.home)}/*{_ENDING}"
    is_inside = fnmatch.fnmatchcase(layout.database, inside) and os.path.dirname(layout.database) == layout.home
    return [inside] if is_inside or not layout.database else [inside, glob.escape(layout.database)]


def _contents(layout: Layout) -> list[str]:
    names = [path.name for path in databases_of(layout)]
    lines = [f"databases: {', '.join(names) or 'none yet'}", f"left out: the channels in {', '.join(layout.content)}"]
    if not layout.database:
        lines.append(
            "its default database is PostgreSQL's, which this profile does not have: use the plugin postgresql"
        )
    return lines


def return_databases(home: Path) -> list[str]:
    """Put the copies in a restored home in the place of its databases, and give it a new identity; say what was done.

    What is there is set aside. All are looked at before the first is touched. UsageError: Kolibri runs, or there are
    no copies; YesterError: one is damaged, or cannot be written.
    """
    layout = layout_at(home)
    _refuse_running(home)
    copies = _copies(layout)
    if not copies:
        raise UsageError(
            f"There are no databases to put in place: no *{_COPY} in {home}", hint="Restore a snapshot first."
        )
    for copy in copies:
        damage = damage_in(copy)
        if damage:
            raise YesterError(f"{copy} is damaged: {damage}", hint="Restore an older snapshot.")
    try:
        lines = [_put(copy, copy.with_name(copy.name.removesuffix(_COPY))) for copy in copies]
    except OSError as problem:
        raise YesterError(f"{problem.filename} cannot be written: {problem.strerror}") from None
    return [*lines, _new_identity(Path(layout.database)) if layout.database else "no new identity: it is PostgreSQL's"]


def _copies(layout: Layout) -> Sequence[Path]:
    found = [*Path(layout.home).glob(f"*{_ENDING}{_COPY}"), Path(layout.database + _COPY)]
    return sorted(path for path in dict.fromkeys(found) if is_database(path))


def _refuse_running(home: Path) -> None:
    try:
        process = int((home / "server.pid").read_text().split()[0])
        os.kill(process, 0)
    except PermissionError:
        pass
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError, OverflowError):
        return
    raise UsageError(
        f"Kolibri runs with the home {home}",
        hint=f"Stop it first: kolibri stop. If nothing runs, remove {home}/server.pid.",
    )


def _put(copy: Path, place: Path) -> str:
    """Put one database in place of what is there."""
    aside = _set_aside(place)
    os.replace(copy, place)
    return f"{place}: restored" + (f"; what was there is {aside.name} now" if aside is not None else "")


def _set_aside(place: Path) -> Path | None:
    """Rename a database that is there, and first what SQLite keeps beside it: in the new one it would be poison."""
    if not any(place.with_name(place.name + ending).exists() for ending in ("", *COMPANIONS)):
        return None
    aside = place.with_name(f"{place.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    for ending in ("", *COMPANIONS):
        old = place.with_name(place.name + ending)
        if old.exists():
            os.replace(old, aside.with_name(aside.name + ending))
    return aside


def _new_identity(database: Path) -> str:
    """Give the device a new identity, as Kolibri's own restore does; return what was done.

    Other devices have synced with what the database was later than this copy. With the old identity its counters would
    run through the same numbers again with other data, and sync would take the new for the old.
    """
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    try:
        with closing(sqlite3.connect(database)) as opened, opened:
            columns = {row[1] for row in opened.execute(f"PRAGMA table_info({_IDENTITIES})")}
            if not columns:
                return f"no new identity: {database.name} knows none"
            opened.execute(f"UPDATE {_IDENTITIES} SET current = 0")
            values = {"id": uuid.uuid4().hex, "current": 1, "date_generated": now, "initial_instance_id": ""}
            row = {name: value for name, value in values.items() if name in columns}
            marks = ", ".join("?" * len(row))
            opened.execute(f"INSERT INTO {_IDENTITIES} ({', '.join(row)}) VALUES ({marks})", [*row.values()])
    except sqlite3.Error as problem:
        raise YesterError(
            f"The databases are back, but {database} got no new identity: {problem}",
            hint="Do not let this Kolibri sync before it has one: kolibri manage shell, then "
            "from morango.models import DatabaseIDModel; DatabaseIDModel.objects.create()",
        ) from None
    return "a new identity: other devices sync with it as with a new device"
