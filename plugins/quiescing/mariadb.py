"""MariaDB on this machine: its programs, and a copy of its data folder while nobody may write.

FLUSH TABLES WITH READ LOCK ends what writes and lets no other begin; it does not end what the storage engine does in
the background. So the folder is copied until a whole pass finds nothing changed (copying.py): then the copy is as the
folder was at one moment, and a server that is started on it recovers from its log as after a power cut.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from yester.plugins.quiescing.copying import FolderCopy
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.sessions import Session

_NAMES: Mapping[str, Sequence[str]] = {"mariadb": ("mariadb", "mysql"), "mariadb-dump": ("mariadb-dump", "mysqldump")}
"""Each program, and what it is called elsewhere."""
_LEFT_OUT = ("ibtmp", "#sql")
"""Temporary tables, which a server makes anew."""
_PATIENCE_S = 120.0
"""How long the storage engine may go on to write once nobody else does."""


def program(name: str) -> str:
    """Return the path of a program. Failed: it is not here."""
    for each in _NAMES[name]:
        if found := shutil.which(each):
            return found
    raise Failed(f"there is no program {name} here")


def connecting(options: Mapping[str, Any]) -> list[str]:
    """Return the words that say how to connect; a password comes from a file, and is never seen here. Failed."""
    file = options["defaults_file"]
    if file and not Path(file).exists():
        raise Failed(f"{file} is not there (defaults_file)")
    words = [f"--defaults-extra-file={file}"] if file else []  # must be the first
    for name in ("host", "port", "socket", "user"):
        if options[name]:
            words.append(f"--{name}={options[name]}")
    return words


_PLACES = ("innodb_data_home_dir", "innodb_log_group_home_dir", "innodb_undo_directory", "aria_log_dir_path")
"""Settings of the server that name folders; all are in the data folder unless somebody put them elsewhere."""


def elsewhere(data: Path) -> list[Path]:
    """Return what belongs to a data folder and lies outside of it: behind links, and tables with a DATA DIRECTORY."""
    return [*dict.fromkeys(path for path in _outside(data) if not path.is_relative_to(data.resolve()))]


def _outside(data: Path) -> Iterator[Path]:
    for path in sorted([*data.iterdir(), *data.glob("*/*")]):
        if path.is_symlink():
            yield path.resolve()
        elif path.suffix == ".isl":
            yield Path(path.read_text().strip())


def _refuse_elsewhere(session: Session, data: Path) -> None:
    """Failed when a copy of the data folder would not be all."""
    rows = [row for name in _PLACES for row in session.ask(f"SHOW GLOBAL VARIABLES LIKE '{name}'")]
    named = [value for _, _, value in (row.partition("\t") for row in rows) if value]
    places = [Path(os.path.join(data, name)).resolve() for name in named]
    outside = [*elsewhere(data), *(place for place in places if not place.is_relative_to(data.resolve()))]
    if outside:
        raise Failed(
            f"{data} has data elsewhere ({outside[0]}), which this way cannot take; take a dump, or stop the server"
        )


def locked_copy(session: Session, data: Path, copy: Path, patience_s: float) -> None:
    """Make `copy` as the data folder is at one moment; writers wait until it is done. Failed, OSError."""
    _refuse_elsewhere(session, data)
    before = FolderCopy(data, copy, _is_left_out)
    before.update()  # most of it, while nobody waits
    session.ask(f"SET SESSION lock_wait_timeout={int(patience_s)}")
    session.ask("FLUSH TABLES WITH READ LOCK")
    try:
        before.settle(_PATIENCE_S)
    finally:
        session.ask("UNLOCK TABLES")


def _is_left_out(path: str, is_folder: bool) -> bool:
    return path.rpartition("/")[2].startswith(_LEFT_OUT) or path.endswith((".pid", ".sock"))
