"""What a write-only client can still read: the metadata that it wrote itself, as long as its cache is there.

It keeps the sub-keys of its own metadata packs, snapshots and labels in its cache folder, never those of contents. With
them it compares a folder with what it last saw of it, as any client does; without them it stores everything anew.
Whoever gets at that cache learns names and attributes of what this machine backed up, as from the file cache beside it,
and no content.
"""

import os
from pathlib import Path
from threading import Lock

from yester.engine.places import ensured, unwritable

_ROW = 64
_DIGEST = 32


class OwnObjects:
    """Sub-keys by digest, in a file that grows. Threads may share it; so may processes."""

    def __init__(self, path: Path) -> None:
        """Read what is there: nothing, when there is no file."""
        self._path = path
        self._lock = Lock()
        self._keys: dict[bytes, bytes] = {}
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            data = b""
        for at in range(0, len(data) - len(data) % _ROW, _ROW):
            self._keys[data[at : at + _DIGEST]] = data[at + _DIGEST : at + _ROW]

    def key(self, digest: bytes) -> bytes | None:
        """Return the sub-key of an object that this client wrote; None for any other."""
        return self._keys.get(digest)

    def keep(self, digest: bytes, key: bytes) -> None:
        """Remember the sub-key of an object; YesterError when the cache cannot be written."""
        with self._lock:
            self._keys[digest] = key
            try:
                ensured(self._path.parent)
                file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    os.write(file, digest + key)
                finally:
                    os.close(file)
            except OSError as error:
                raise unwritable(self._path, error) from None
