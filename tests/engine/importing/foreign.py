"""Real trees of Back In Time's, made as it makes them: rsync with hard links to the snapshot before, and its notes."""

import bz2
import grp
import os
import pwd
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Foreign:
    """The snapshots of one profile of one source, and beside them what the source was at each."""

    target: Path
    source: Path
    number: str = "1"
    host: str = field(default_factory=lambda: os.uname().nodename)
    user: str = field(default_factory=lambda: pwd.getpwuid(os.getuid()).pw_name)
    sids: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.target / "backintime" / self.host / self.user / self.number

    def backup(self, sid: str) -> Path:
        return self.folder / sid / "backup"

    def as_was(self, sid: str) -> Path:
        """What the source was, for comparing."""
        return self.target / "as-was" / self.number / sid

    def take(self, sid: str, *, name: str = "", failed: bool = False, notes: bool = True) -> None:
        """Take a snapshot."""
        inner = self.backup(sid).joinpath(*self.source.parts[1:])
        inner.mkdir(parents=True)
        before = [f"--link-dest={self.backup(self.sids[-1]).joinpath(*self.source.parts[1:])}"] if self.sids else []
        # Not -o and -g: who is not root cannot give files away, so owners stand in the notes only.
        options = ["-rlptDH", "--chmod=Du+wx", *before]
        subprocess.run(["rsync", *options, f"{self.source}/", f"{inner}/"], check=True)
        self._set_times(inner)
        self.as_was(sid).mkdir(parents=True)
        subprocess.run(["cp", "-a", f"{self.source}/.", self.as_was(sid)], check=True)
        self.sids.append(sid)
        folder = self.folder / sid
        (folder / "info").write_text(self._info())
        if notes:
            (folder / "fileinfo.bz2").write_bytes(bz2.compress(self._fileinfo()))
        if name:
            (folder / "name").write_text(name)
        if failed:
            (folder / "failed").touch()
        last = self.folder / "last_snapshot"
        last.unlink(missing_ok=True)
        last.symlink_to(sid)

    def _set_times(self, copy: Path) -> None:
        """Some builds of rsync leave the times of folders and links as they come."""
        for folder, folders, files in os.walk(os.fsencode(self.source), topdown=False):
            inner = os.path.join(os.fsencode(copy), os.path.relpath(folder, os.fsencode(self.source)))
            for name in (*folders, *files, b"."):
                status = os.lstat(os.path.join(folder, name))
                os.utime(os.path.join(inner, name), ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)

    def _info(self) -> str:
        users = [(entry.pw_uid, entry.pw_name) for entry in pwd.getpwall()]
        groups = [(entry.gr_gid, entry.gr_name) for entry in grp.getgrall()]
        lines = ["snapshot_version=3", f"snapshot_machine={self.host}", f"snapshot_user={self.user}"]
        for kind, id, pairs in (("user", "uid", users), ("group", "gid", groups)):
            lines.append(f"{kind}.size={len(pairs)}")
            for number, (value, name) in enumerate(pairs, 1):
                lines += [f"{kind}.{number}.{id}={value}", f"{kind}.{number}.name={name}"]
        return "\n".join([*lines, 'filesystem_mounts={"/": {}}'])

    def _fileinfo(self) -> bytes:
        paths = [*reversed(self.source.parents), self.source]
        lines = [self._line(os.fsencode(path)) for path in paths]
        for folder, folders, files in os.walk(os.fsencode(self.source)):
            lines += [self._line(os.path.join(folder, name)) for name in sorted(folders + files)]
        return b"".join(lines)

    def _line(self, path: bytes) -> bytes:
        if not os.path.exists(path) or b"\n" in path:
            return b""
        status = os.stat(path)  # of a link, of what it leads to
        return b"%d %s %s %s\n" % (status.st_mode, _user(status.st_uid), _group(status.st_gid), path)


def _user(uid: int) -> bytes:
    try:
        return pwd.getpwuid(uid).pw_name.encode()
    except KeyError:
        return b"-"


def _group(gid: int) -> bytes:
    try:
        return grp.getgrgid(gid).gr_name.encode()
    except KeyError:
        return b"-"


def config_of(*foreign: Foreign, version: int | None = 6, **keys: str) -> str:
    """Return a configuration in which these are profiles."""
    lines = [f"config.version={version}"] if version else []
    lines += ["global.use_flock=false", f"profiles={':'.join(each.number for each in foreign)}"]
    for each in foreign:
        prefix = f"profile{each.number}."
        said = {"name": f"Profile {each.number}", "snapshots.path": str(each.target), "snapshots.mode": "local"}
        said |= {"snapshots.path.host": each.host, "snapshots.path.user": each.user}
        if version == 4:
            said |= {"snapshots.include_folders": f"{each.source}|10", "snapshots.exclude_patterns": "*~:.cache*"}
        else:
            said |= {"snapshots.include.size": "1", "snapshots.include.1.value": str(each.source)}
            said |= {"snapshots.exclude.size": "1", "snapshots.exclude.1.value": "*~"}
        said |= {key.replace("__", "."): value for key, value in keys.items()}
        lines += [f"{prefix}{key}={value}" for key, value in said.items()]
    return "\n".join(lines) + "\n"
