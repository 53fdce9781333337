"""PostgreSQL on this machine: its programs, its server, and a base backup that can be opened by itself.

A base backup is what the low-level interface of PostgreSQL makes: between pg_backup_start and pg_backup_stop the files
of the data folder are copied as they are, torn pages and all; afterwards come the label that the stop gives, and the
write-ahead log from the start to the stop, which mends what was torn. A server that is started on the copy reads it to
the end of the backup, and has all that was committed by then. A replication slot that goes with the session keeps the
log there meanwhile.
"""

import base64
import os
import pwd
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yester.plugins.quiescing.copying import FolderCopy
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.programs import as_user, run
from yester.plugins.quiescing.sessions import Session

_DEBIAN = Path("/usr/lib/postgresql")
_NEW_NAMES = 150000
"""From this version on the functions are called pg_backup_start and pg_backup_stop."""
_EMPTY = frozenset(
    {"pg_wal", "pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"}
)
"""Folders whose content means nothing to another server."""
_LEFT_OUT = frozenset({"postmaster.pid", "postmaster.opts", "backup_label", "tablespace_map", "backup_label.old"})
_CONTROL = "global/pg_control"
_LOG = "pg_wal"

_START_AGAIN = '"$0" status -D "$1" >/dev/null || exec "$0" start -s -w -t 240 -D "$1" -l "$2" -o "$3"'
"""Does nothing where it runs already."""


def program(name: str, folder: str, data: str) -> str:
    """Return the path of a program of PostgreSQL: of the folder that was given, the data's version, or the newest."""
    if folder:
        path = Path(folder) / name
        if not path.exists():
            raise Failed(f"there is no {path} (programs)")
        return str(path)
    version = Path(data) / "PG_VERSION"
    if data and version.exists():
        fitting = _DEBIAN / version.read_text().strip() / "bin" / name
        if fitting.exists():
            return str(fitting)
    found = shutil.which(name)
    newest = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: path.parent.parent.name.zfill(4))
    if found is None and not newest:
        raise Failed(f"there is no program {name} here; where PostgreSQL's are, programs can say")
    return found or str(newest[-1])


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is stopped and started by pg_ctl."""

    data: Path
    pg_ctl: str
    user: str
    log: str

    @classmethod
    def of(cls, data: Path, pg_ctl: str, user: str, log: str) -> "Server":
        """Return the server of a data folder; root works as the folder's owner. Failed: there is no such folder."""
        if not (data / "PG_VERSION").exists():
            raise Failed(f"{data} is no data folder of PostgreSQL (data)")
        if not user and os.geteuid() == 0:
            user = pwd.getpwuid(data.stat().st_uid).pw_name
        return cls(data, pg_ctl, user, log or os.devnull)

    def runs(self) -> bool:
        """Whether it runs."""
        return run(as_user(self.user, [self.pg_ctl, "status", "-D", str(self.data)]), timeout_s=60).code == 0

    def start(self) -> list[str]:
        """Return what starts it, with the options that it was started with; does nothing where it runs."""
        words = ["sh", "-c", _START_AGAIN, self.pg_ctl, str(self.data), self.log, self._options()]
        return as_user(self.user, words)

    def stop(self, timeout_s: float) -> None:
        """End it: sessions are broken off, nothing that was committed is lost. Failed."""
        words = [self.pg_ctl, "stop", "-s", "-w", "-m", "fast", "-t", str(int(timeout_s)), "-D", str(self.data)]
        run(as_user(self.user, words), timeout_s=timeout_s + 10).well()

    def _options(self) -> str:
        """Return what its command line said, but for the data folder, which pg_ctl names."""
        words = shlex.split((self.data / "postmaster.opts").read_text())[1:]
        given = [word for word, before in zip(words, ["", *words], strict=False) if "-D" not in (word, before)]
        return shlex.join(given)


def elsewhere(data: Path) -> list[Path]:
    """Return the folders outside of a data folder that belong to it: its write-ahead log, and tablespaces."""
    links = [data / _LOG, *sorted((data / "pg_tblspc").iterdir())]
    return [link.resolve() for link in links if link.is_symlink()]


def base_backup(session: Session, data: Path, copy: Path) -> None:
    """Make `copy` a base backup of a server's data folder. Failed, OSError; the server goes on as before."""
    _refuse_tablespaces(data)
    version = int(session.ask("SHOW server_version_num")[0])
    slot = f"yester_{os.getpid()}"
    session.ask(f"SELECT 1 FROM pg_create_physical_replication_slot('{slot}', true, true)")
    start, stop = _CALLS[version >= _NEW_NAMES]
    [first] = session.ask(f"SELECT pg_walfile_name({start})")
    FolderCopy(data, copy, _is_left_out).update()
    _make_folder(copy / _LOG, (data / _LOG).stat())
    _copy_control(data, copy)
    [row] = session.ask(
        "SELECT pg_walfile_name(lsn) || ' ' || translate(encode(convert_to(labelfile, 'UTF8'), 'base64'), E'\\n', '') "
        f"|| ' ' || translate(encode(convert_to(spcmapfile, 'UTF8'), 'base64'), E'\\n', '') FROM {stop}"
    )
    last, label, _ = row.split(" ")
    like = (data / "PG_VERSION").stat()
    _write(copy / "backup_label", base64.b64decode(label), like)
    _copy_log(data / _LOG, copy / _LOG, first, last, like)


_CALLS = {
    True: ("pg_backup_start('yester', true)", "pg_backup_stop(false)"),
    False: ("pg_start_backup('yester', true, false)", "pg_stop_backup(false, false)"),
}


def _refuse_tablespaces(data: Path) -> None:
    if any((data / "pg_tblspc").iterdir()):
        raise Failed(f"{data} has tablespaces elsewhere, which this way cannot take; take a dump, or stop the server")


def _is_left_out(path: str, is_folder: bool) -> bool:
    folder, _, name = path.rpartition("/")
    is_log_elsewhere = path == _LOG and not is_folder  # a link; the copy has the log in itself
    return (
        is_log_elsewhere
        or folder.partition("/")[0] in _EMPTY
        or (not folder and name in _LEFT_OUT)
        or name.startswith(("pgsql_tmp", "pg_internal.init"))
    )


def _copy_control(data: Path, copy: Path) -> None:
    """Copy the control file whole: the server writes it anew at any time."""
    like, content = (data / _CONTROL).stat(), b""
    while (again := (data / _CONTROL).read_bytes()) != content:
        content = again
    _write(copy / _CONTROL, content, like)


def _copy_log(source: Path, target: Path, first: str, last: str, like: os.stat_result) -> None:
    """Copy the segments of the log that the backup needs, and what is known of earlier timelines."""
    _make_folder(target / "archive_status", like)
    names = sorted(path.name for path in source.iterdir())
    needed = [name for name in names if len(name) == len(first) and first <= name <= last]
    if not needed or needed[0] != first or needed[-1] != last:
        raise Failed(f"the log from {first} to {last} is no longer all there")
    for old in target.iterdir():
        if old.is_file():
            old.unlink()
    for name in [*needed, *(name for name in names if name.endswith(".history"))]:
        _write(target / name, (source / name).read_bytes(), like)


def _make_folder(path: Path, like: os.stat_result) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(path, like.st_uid, like.st_gid)


def _write(path: Path, content: bytes, like: os.stat_result) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, like.st_uid, like.st_gid)


def psql_words(psql: str) -> Sequence[str]:
    """Return the command of a session that tells nothing but what is asked for."""
    return [psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "--no-password"]
