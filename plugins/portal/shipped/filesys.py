"""The archive `filesys`: a folder, such as a disk, a share, or a tape that LTFS shows as one.

A file's copy is called by Portal's rule (naming.py), so that one who finds it knows what it is. What is there already
is looked at and not written again. An archive's folder may move, as mount points do: a copy that is not where it was
put is looked for in the folder.
"""

import os
from pathlib import Path
from typing import Any, ClassVar

from yester.engine.archive.port import FileSet
from yester.plugins.portal.interface import ArchivePlugin, Option, construct_filename
from yester.plugins.portal.shipped.copying import Unlike, copy_checked, is_like
from yester.plugins.portal.shipped.results import Failed, Result, Results

_LTFS_VOLUME = "user.ltfs.volumeName"


class FileSys(ArchivePlugin):
    """Keep copies in a folder: a disk, a share, or tapes that LTFS shows as one."""

    plugin_guid = "7c1b0a52-5a0e-4f0e-9d86-2f0c8a3b6b1d"
    name = "Folder"
    option_spec: ClassVar[dict[str, Option]] = {
        "folder": Option("path", "", "Where copies go; it must be there."),
        "only_mounted": Option("boolean", False, "Only while something is mounted at the folder, or above it."),
        "volume": Option("string", "", "What the disk or tape is called; empty: as LTFS says."),
    }

    def is_ready(self) -> bool:
        """Whether the folder is there and can be written to. Says why not by raising."""
        return os.path.isdir(self._folder())

    def get_policies(self) -> list[dict[str, Any]]:
        """One, for all."""
        return [{"uuid": "filesys", "name": "Folder", "bulk_support": False}]

    def archive(self, file_sets: list[FileSet], policy_uuid: str, job_id: str) -> Result:
        """Copy each into the folder, from any path that has it whole."""
        folder = self._folder()
        results = Results().each(file_sets, lambda file_set: self._taken(folder, file_set))
        volume = self._volume(folder)
        return results.returned(volumes=[volume]) if volume else results.returned()

    def restore(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Copy each to the first of its paths."""
        return Results().each(file_sets, self._brought_back).returned()

    def delete(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Remove the copies; one that is gone is removed."""
        return Results().each(file_sets, self._removed).returned()

    def verify(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Read the copies."""
        return Results().each(file_sets, self._looked_at).returned()

    def _folder(self) -> Path:
        """Return the folder. OSError when it cannot be used, in words for the person."""
        folder = self.options["folder"]
        if not folder:
            raise Failed("It has no folder; to say which: yester plugin options filesys --set folder=/path")
        if not os.path.isdir(folder):
            raise Failed(f"There is no folder {folder}: connect its disk, load its tape, or mount its share")
        if self.options["only_mounted"] and not _is_mounted(Path(folder)):
            raise Failed(f"Nothing is mounted at {folder}, or above it")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Failed(f"{folder} cannot be written to")
        return Path(folder)

    def _taken(self, folder: Path, file_set: FileSet) -> FileSet:
        why = "it names no path"
        for path in file_set.files:
            target = Path(construct_filename(path, file_set, str(folder)))
            try:
                if not _is_there(target, file_set.sha1):
                    copy_checked(Path(path), target, file_set.sha1)
                return file_set._replace(external_ids=[str(target)])
            except (Unlike, FileNotFoundError) as problem:
                why = str(problem)
        raise Failed(why)

    def _brought_back(self, file_set: FileSet) -> FileSet:
        target = Path(file_set.files[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_checked(self._copy_of(file_set), target, file_set.sha1)
        return file_set

    def _removed(self, file_set: FileSet) -> FileSet:
        for path in self._places_of(file_set):
            path.unlink(missing_ok=True)
        return file_set

    def _looked_at(self, file_set: FileSet) -> FileSet:
        path = self._copy_of(file_set)
        if not is_like(path, file_set.sha1):
            raise Failed(f"{path} is damaged")
        return file_set

    def _copy_of(self, file_set: FileSet) -> Path:
        """Return where the copy is. Failed."""
        places = self._places_of(file_set)
        found = next((path for path in places if path.exists()), None)
        if found is None:
            where = " nor ".join(map(str, dict.fromkeys(places))) or "anywhere"
            raise Failed(f"There is no copy at {where}: is the right disk or tape there?")
        return found

    def _places_of(self, file_set: FileSet) -> list[Path]:
        """Return where the copy was put, and where it would be if the folder has moved; Failed for a foreign name."""
        named = [Path(each) for each in file_set.external_ids] or [
            Path(construct_filename(each, file_set, self.options["folder"] or "/")) for each in file_set.files[:1]
        ]
        mark = f"_{file_set.item_id}_{file_set.sha1}"
        for path in named:
            if mark not in path.name:
                raise Failed(f"{path} is no name that this archive gives")
        folder = self.options["folder"]
        return [*named, *(Path(folder, path.name) for path in named if folder)]

    def _volume(self, folder: Path) -> str:
        if self.options["volume"]:
            return str(self.options["volume"])
        try:
            return os.getxattr(folder, _LTFS_VOLUME).decode("utf-8", "replace")
        except OSError:  # it is no LTFS
            return ""


def _is_there(target: Path, sha1: str) -> bool:
    """Whether a copy is there; one that is damaged is written again."""
    return target.exists() and is_like(target, sha1)


def _is_mounted(folder: Path) -> bool:
    return any(os.path.ismount(each) for each in (folder, *folder.parents) if str(each) != "/")


FileSys()
