"""What Back In Time notes of a snapshot beside its files: owners and modes (`fileinfo.bz2`), and `info`.

Its copies need not bear the source's owners (who is not root cannot give files away) and always let their owner write
to folders, so the true ones stand in `fileinfo.bz2`: a line a path, with the decimal mode, user, group and path. They
are those of what a path leads to: for a symlink, its target's.
"""

import bz2
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yester.engine.entries import Owner

_ROOT = (0o040755, b"root", b"root")
"""Of `/`, where an old version noted none."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Mode and owner that the source had."""

    mode: int
    owner: Owner


@dataclass(slots=True)
class Names:
    """The ids that names had on the machine of the snapshot, and whose it was: what `info` says."""

    users: dict[bytes, int] = field(default_factory=dict)
    groups: dict[bytes, int] = field(default_factory=dict)
    machine: str = ""
    user: str = ""


def read_info(text: str) -> Names:
    """Return what an `info` file says; lines that say something else are passed over."""
    pairs = dict(line.partition("=")[::2] for line in text.split("\n") if "=" in line)
    return Names(
        dict(_numbered(pairs, "user", "uid")),
        dict(_numbered(pairs, "group", "gid")),
        pairs.get("snapshot_machine", ""),
        pairs.get("snapshot_user", ""),
    )


def _numbered(pairs: dict[str, str], kind: str, id: str) -> Iterator[tuple[bytes, int]]:
    size = pairs.get(f"{kind}.size", "0")
    for number in range(1, int(size) + 1 if size.isascii() and size.isdigit() and len(size) < 7 else 1):
        value, name = pairs.get(f"{kind}.{number}.{id}", ""), pairs.get(f"{kind}.{number}.name", "")
        if value.isascii() and value.isdigit() and len(value) < 11 and name not in ("", "-"):
            yield name.encode("utf-8", "surrogateescape"), int(value)


class FileInfo:
    """Modes and owners by path. Equal ones are kept once: a million paths have a few dozen."""

    def __init__(self, lines: Iterable[bytes], names: Names) -> None:
        """Lines that say nothing of a path are passed over. OSError, EOFError: the file is cut short or damaged."""
        self._names = names
        self._kinds: list[tuple[int, bytes, bytes]] = [_ROOT]
        self._rows = {_ROOT: 0}
        self._paths: dict[bytes, int] = {b"/": 0}
        self._found: dict[tuple[int, int, int], Noted] = {}
        for line in lines:
            self._add(line.strip(b"\n"))

    def _add(self, line: bytes) -> None:
        start = line.find(b"/")
        mode, _, owners = line[:start].strip().partition(b" ")
        split = self._split(owners)
        if start < 0 or split is None or not mode.isdigit() or len(mode) > 10:
            return
        kind = (int(mode), *split)
        row = self._rows.get(kind)
        if row is None:
            row = self._rows[kind] = len(self._kinds)
            self._kinds.append(kind)
        self._paths[line[start:]] = row

    def _split(self, owners: bytes) -> tuple[bytes, bytes] | None:
        """Return user and group. Names may hold blanks, as those of a domain do: then both must be known ones."""
        words = owners.split(b" ")
        if len(words) == 2:
            return words[0], words[1]
        cuts = ((b" ".join(words[:at]), b" ".join(words[at:])) for at in range(1, len(words)))
        known = (cut for cut in cuts if cut[0] in self._names.users and cut[1] in self._names.groups)
        return next(known, None)

    def __len__(self) -> int:
        return len(self._paths)

    def noted(self, path: bytes, mode: int, uid: int, gid: int) -> Noted | None:
        """Return what the source had at `path`; None when nobody noted it, or something else was there.

        `mode`, `uid` and `gid` are the copy's: its type must agree, its ids stand for names without one.
        """
        row = self._paths.get(path)
        if row is None or stat.S_IFMT(self._kinds[row][0]) != stat.S_IFMT(mode):
            return None
        key = (row, uid, gid)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._noted(*self._kinds[row], uid, gid)
        return found

    def _noted(self, mode: int, user: bytes, group: bytes, uid: int, gid: int) -> Noted:
        names = self._names
        ids = names.users.get(user, uid), names.groups.get(group, gid)
        return Noted(mode & 0o177777, Owner(*ids, b"" if user == b"-" else user, b"" if group == b"-" else group))


def load_names(folder: Path) -> Names:
    """Read `info` of a snapshot's folder; empty when it is missing or cannot be read."""
    place = folder / "info"
    try:
        return read_info(place.read_text("utf-8", "surrogateescape") if place.is_file() else "")
    except OSError:
        return Names()


def load_fileinfo(folder: Path, names: Names) -> FileInfo | None:
    """Read `fileinfo.bz2` of a snapshot's folder; None when it is missing, cut short or damaged."""
    place = folder / "fileinfo.bz2"
    try:
        if not place.is_file():
            return None
        with bz2.open(place) as lines:
            return FileInfo(lines, names)
    except (OSError, EOFError):
        return None
