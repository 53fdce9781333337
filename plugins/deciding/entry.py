"""An entry as a plugin sees it before it is taken, and what a plugin may say about it; in workers."""

import hashlib
import os
import stat
from collections.abc import Sequence
from typing import Any

MAX_CONTENT_SIZE = 1 << 20
"""Bytes of content that may be given as such; more goes by path."""
_MOST_TEXT = 8000
_MOST_WISHES = 100
"""Of one entry: all that is said of a batch goes into one message."""
_MAX_ID = 2**32 - 2
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


class Entry:
    """A file, a folder or whatever else is about to be taken. Of no use once the hook has returned.

    What is said about it holds for this run. Of two plugins that say something about one entry the later counts, and
    each sees the entry as the file system has it.
    """

    __slots__ = ("_facts", "_said")

    def __init__(self, facts: Sequence[Any]) -> None:
        self._facts = facts
        self._said: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        """The absolute path, as functions of `os` take it."""
        return os.fsdecode(self._facts[0])

    @property
    def raw(self) -> bytes:
        """The absolute path as the kernel knows it."""
        raw: bytes = self._facts[0]
        return raw

    @property
    def name(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.path)

    @property
    def kind(self) -> str:
        """`file`, `folder`, `link` or `other`."""
        return _KINDS.get(stat.S_IFMT(self._facts[1]), "other")

    @property
    def mode(self) -> int:
        """Type and permission bits, as in st_mode."""
        mode: int = self._facts[1]
        return mode

    @property
    def size(self) -> int:
        """Bytes."""
        size: int = self._facts[2]
        return size

    @property
    def mtime_ns(self) -> int:
        """When its content changed last, ns since 1970."""
        mtime_ns: int = self._facts[3]
        return mtime_ns

    @property
    def ctime_ns(self) -> int:
        """When anything of it changed last, ns since 1970."""
        ctime_ns: int = self._facts[4]
        return ctime_ns

    @property
    def uid(self) -> int:
        """The owner's number."""
        uid: int = self._facts[5]
        return uid

    @property
    def gid(self) -> int:
        """The group's number."""
        gid: int = self._facts[6]
        return gid

    def sha1(self) -> str:
        """Read a file and return the SHA-1 of its content, 40 hex digits; empty for anything else. OSError."""
        if self.kind != "file":
            return ""
        with open(self.raw, "rb") as file:
            return hashlib.file_digest(file, "sha1").hexdigest()

    def skip(self) -> None:
        """Leave it out, a folder with all that is below it."""
        self._say("skip", True)

    def skip_content(self) -> None:
        """Take a folder itself, but nothing that is below it. ValueError for anything else."""
        if self.kind != "folder":
            raise ValueError(f"{self.path} is no folder")
        self._say("empty", True)

    def read(self) -> None:
        """Read a file although nothing says that it changed."""
        self._say("read", True)

    def replace(self, content: bytes) -> None:
        """Put other content into the snapshot, up to 1 MiB; nothing of the file's own is read. ValueError."""
        self._check_file()
        if not isinstance(content, bytes | bytearray | memoryview):
            raise TypeError(f"content is bytes, not {type(content).__name__}")
        if len(content) > MAX_CONTENT_SIZE:
            raise ValueError(f"more than {MAX_CONTENT_SIZE:,} bytes: write them to a file, and call replace_with")
        self._say("content", bytes(content))
        self._take_back("content_path")

    def replace_with(self, path: "str | bytes | os.PathLike[str]") -> None:
        """Put the content of another file into the snapshot, which must be there until the run ends. ValueError."""
        self._check_file()
        raw = os.fsencode(path)
        if not os.path.isabs(raw) or b"\0" in raw:
            raise ValueError(f"{os.fsdecode(raw)!r} is no absolute path")
        self._say("content_path", raw)
        self._take_back("content")

    def set(
        self, *, mode: int | None = None, uid: int | None = None, gid: int | None = None, mtime_ns: int | None = None
    ) -> None:
        """Put other attributes into the snapshot; of `mode` the permission bits count. ValueError."""
        if mode is not None:
            self._say("mode", stat.S_IMODE(_number("mode", mode, 0, 0o177777)))
        if uid is not None:
            self._say("uid", _number("uid", uid, 0, _MAX_ID))
        if gid is not None:
            self._say("gid", _number("gid", gid, 0, _MAX_ID))
        if mtime_ns is not None:
            self._say("mtime_ns", _number("mtime_ns", mtime_ns, -(2**63) + 1, 2**63 - 1))

    def tag(self, tag: str) -> None:
        """Give the snapshot a tag."""
        self._wish("tag", tag)

    def name_snapshot(self, name: str) -> None:
        """Give the snapshot a name."""
        self._wish("name", name)

    def note(self, text: str) -> None:
        """Put a note on the snapshot."""
        self._wish("note", text)

    def pin(self, pinned: bool = True) -> None:
        """Let no rule forget the snapshot."""
        self._wish("pin", pinned)

    def abort(self, reason: str = "") -> None:
        """End the run without a snapshot."""
        self._wish("abort", str(reason))

    def said(self) -> "dict[str, Any] | None":
        """Return what was said about it; None for nothing."""
        return self._said

    def _say(self, key: str, value: Any) -> None:
        if self._said is None:
            self._said = {}
        self._said[key] = value

    def _take_back(self, key: str) -> None:
        if self._said is not None:
            self._said.pop(key, None)

    def _wish(self, kind: str, value: Any) -> None:
        if not isinstance(value, str | bool):
            raise TypeError(f"{kind} takes text, not {value!r}")
        if isinstance(value, str):
            value = sendable(value)
            if len(value) > _MOST_TEXT:
                raise ValueError(f"{kind} takes a text of up to {_MOST_TEXT:,} characters")
        wishes = (self._said or {}).get("wishes", [])
        if len(wishes) == _MOST_WISHES:
            raise ValueError(f"more than {_MOST_WISHES} things are said of the snapshot")
        self._say("wishes", [*wishes, (kind, value)])

    def _check_file(self) -> None:
        if self.kind != "file":
            raise ValueError(f"{self.path} is no file, and has no content")


def sendable(text: str) -> str:
    """Return text that can be sent: what stands for bytes that are no UTF-8 becomes an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def _number(name: str, value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} is a number from {least} to {most}, not {value!r}")
    return value
