"""A file on this machine, and what its status was when it was last looked at."""

import os
import shutil
import stat
from collections.abc import Sequence
from typing import IO, Any

_CHUNK = 128 * 1024
_KINDS = {
    stat.S_IFREG: "reg",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "sym",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "sock",
    stat.S_IFBLK: "blk",
    stat.S_IFCHR: "chr",
}


class Path:
    """`base` with the parts of `index` below it. Names are bytes, text is encoded as the system does it."""

    def __init__(self, base: "bytes | str", index: "Sequence[bytes | str]" = ()) -> None:
        self.base = os.fsencode(base)
        self.index = tuple(map(os.fsencode, index))
        self.name = os.path.join(self.base or b".", *self.index)
        self.stat: os.stat_result | None = None
        self.type: str | None = None
        self.mode = 0
        self.setdata()

    @property
    def uc_name(self) -> str:
        """The name as text."""
        return os.fsdecode(self.name)

    def __repr__(self) -> str:
        return f"Path({self.name!r})"

    def __fspath__(self) -> bytes:
        return self.name

    # What it is

    def setdata(self) -> None:
        """Look at the file anew; that it is not there is no failure."""
        try:
            self.stat = os.lstat(self.name)
        except (FileNotFoundError, NotADirectoryError):
            self.stat, self.type, self.mode = None, None, 0
        else:
            self.type = _KINDS.get(stat.S_IFMT(self.stat.st_mode), "unknown")
            self.mode = stat.S_IMODE(self.stat.st_mode)

    def exists(self) -> bool:
        """Whether it was there."""
        return self.type is not None

    def isreg(self) -> bool:
        """Whether it was a regular file."""
        return self.type == "reg"

    def isdir(self) -> bool:
        """Whether it was a folder."""
        return self.type == "dir"

    def issym(self) -> bool:
        """Whether it was a symbolic link."""
        return self.type == "sym"

    def getsize(self) -> int:
        """Return how many bytes it had; 0 when it was not there."""
        return self.stat.st_size if self.stat else 0

    def getmtime(self) -> int:
        """Return when it was changed, in seconds."""
        return int(self.stat.st_mtime) if self.stat else 0

    # Names

    def append(self, ext: "bytes | str") -> "Path":
        """Return what is below it by that name."""
        return self.__class__(self.base, (*self.index, ext))

    def new_index(self, index: "Sequence[bytes | str]") -> "Path":
        """Return what is below the same base by these names."""
        return self.__class__(self.base, index)

    def get_filename(self) -> bytes:
        """Return the last part of the name."""
        return os.path.basename(self.name.rstrip(b"/"))

    def get_canonical(self) -> bytes:
        """Return the name without `.`, `..` and doubled slashes in it."""
        return os.path.normpath(self.name).replace(b"//", b"/", 1)

    def get_parent_dir(self) -> "Path":
        """Return the folder that it is in."""
        if self.index:
            return self.__class__(self.base, self.index[:-1])
        return self.__class__(os.path.dirname(self.base.rstrip(b"/")) or b".")

    def get_temp_in_same_dir(self) -> "Path":
        """Return a name beside it that nobody has."""
        while True:
            path = self.get_parent_dir().append(f"duplicity_temp.{os.urandom(8).hex()}")
            if not path.exists():
                return path

    # What can be done

    def open(self, mode: str = "rb") -> IO[Any]:
        """Open the file."""
        return open(self.name, mode)

    def listdir(self) -> list[bytes]:
        """Return the names in the folder."""
        return os.listdir(self.name)

    def mkdir(self) -> None:
        """Make the folder."""
        os.mkdir(self.name)
        self.setdata()

    def touch(self) -> None:
        """Make an empty file of it, or set its time."""
        with open(self.name, "ab"):
            os.utime(self.name)
        self.setdata()

    def delete(self) -> None:
        """Remove the file, or the empty folder."""
        if self.isdir():
            os.rmdir(self.name)
        else:
            os.unlink(self.name)
        self.setdata()

    def deltree(self) -> None:
        """Remove it with all below it."""
        if os.path.isdir(self.name) and not os.path.islink(self.name):
            shutil.rmtree(self.name)
        else:
            os.unlink(self.name)
        self.setdata()

    def rename(self, new_path: Any) -> None:
        """Give it another name."""
        os.rename(self.name, getattr(new_path, "name", new_path))
        self.setdata()
        if isinstance(new_path, Path):
            new_path.setdata()

    def chmod(self, mode: int) -> None:
        """Set its permissions."""
        os.chmod(self.name, mode)
        self.setdata()

    def writefileobj(self, fin: IO[bytes]) -> None:
        """Write all that an open file holds, and close both."""
        with fin, open(self.name, "wb") as own:
            shutil.copyfileobj(fin, own, _CHUNK)
        self.setdata()

    def copy(self, other: "Path") -> None:
        """Make the other one a copy of it."""
        if self.isdir():
            os.mkdir(other.name)
        elif self.issym():
            os.symlink(os.readlink(self.name), other.name)
        else:
            other.writefileobj(self.open())
        other.setdata()

    def compare_data(self, other: "Path") -> bool:
        """Whether both hold the same bytes."""
        with self.open() as mine, other.open() as theirs:
            while True:
                first, second = mine.read(_CHUNK), theirs.read(_CHUNK)
                if first != second:
                    return False
                if not first:
                    return True
