"""A part of a file as a file, for backends of 0.8 that send parts."""

import io
import os
from typing import Any


class FileChunkIO(io.FileIO):
    """Reads `bytes` bytes of a file from `offset`, and thinks that is all."""

    def __init__(
        self, name: Any, mode: str = "r", closefd: bool = True, offset: int = 0, bytes: int | None = None, **_: Any
    ) -> None:
        super().__init__(name, "r", closefd=closefd)
        self._begin = offset
        rest = max(0, os.fstat(self.fileno()).st_size - offset)
        self._size = rest if bytes is None else min(bytes, rest)
        self.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the part."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell() if whence == os.SEEK_CUR else 0, os.SEEK_END: self._size}
        return super().seek(self._begin + max(0, base[whence] + offset)) - self._begin

    def tell(self) -> int:
        """Return the place in the part."""
        return super().tell() - self._begin

    def read(self, size: int | None = -1) -> bytes:
        """Read to the end of the part at most."""
        left = max(0, self._size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left)) or b""

    def readall(self) -> bytes:
        """Read the rest of the part."""
        return self.read()

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
