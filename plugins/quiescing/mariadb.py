"""MariaDB on this machine: its programs, and a copy of its data folder while nobody may write.

FLUSH TABLES WITH READ LOCK ends what writes and lets no other begin; it does not end what the storage engine does in
the background. So the folder is copied until a whole pass finds nothing changed (copying.py): then the copy is as the
folder was at one moment, and a server that is started on it recovers from its log as after a power cut.
"""

import shutil
from collections.abc import Mapping, Sequence
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


def locked_copy(session: Session, data: Path, copy: Path, patience_s: float) -> None:
    """Make `copy` as the data folder is at one moment; writers wait until it is done. Failed, OSError."""
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
