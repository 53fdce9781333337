"""A file as Kiwi's plugins see it: the fields of its client (contract 3.2), and what may be decided about it."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yester.plugins.deciding.entry import Entry

_KINDS = {"file": "File", "folder": "Dir", "link": "Link", "other": "Other"}
_SECOND_NS = 1_000_000_000

_facts = vars(Entry)["_facts"]
_said = vars(Entry)["_said"]


class KFile(Entry):
    """An entry; `kfile.mode = 0o600` says the same as `kfile.set(mode=0o600)`, and `kfile["mode"]` is `kfile.mode`."""

    __slots__ = ("_tags",)

    def __init__(self, facts: Sequence[Any]) -> None:
        # Not by assignment, which is how plugins say what they want.
        _facts.__set__(self, facts)
        _said.__set__(self, None)

    @property
    def typ(self) -> str:
        """`File`, `Dir`, `Link` or `Other`."""
        return _KINDS[self.kind]

    type = typ

    @property
    def st_size(self) -> int:
        """Bytes."""
        return self.size

    @property
    def mtime(self) -> float:
        """When its content changed last, seconds since 1970."""
        return _seconds(self.mtime_ns)

    st_mtime = mtime

    @property
    def ctime(self) -> float:
        """When anything of it changed last, seconds since 1970."""
        return _seconds(self.ctime_ns)

    st_ctime = ctime

    @property
    def acl(self) -> int:
        """The permission bits."""
        return stat.S_IMODE(self.mode)

    @property
    def sha(self) -> str:
        """The SHA-1 of a file's content, which is read for it; empty for anything else. OSError."""
        return self.sha1()

    @property
    def tags(self) -> list[str]:
        """Tags that the snapshot gets; to be added to."""
        try:
            known: list[str] = _tags.__get__(self, KFile)
        except AttributeError:
            known = []
            _tags.__set__(self, known)
        return known

    def exclude_subtree(self) -> None:
        """Take a folder itself, but nothing that is below it. ValueError for anything else."""
        self.skip_content()

    exclude = exclude_subtree

    def force_read(self) -> None:
        """Read a file although nothing says that it changed."""
        self.read()

    force = force_read

    def replace_content(self, content: "bytes | str | os.PathLike[str]") -> None:
        """Put these bytes, or the content of the file at this path, into the snapshot instead. ValueError."""
        if isinstance(content, bytes | bytearray | memoryview):
            self.replace(bytes(content))
        else:
            self.replace_with(content)

    def label(self, name: str) -> None:
        """Give the snapshot a name."""
        self.name_snapshot(name)

    def said(self) -> "dict[str, Any] | None":
        """Return what was said about it, tags among it; None for nothing."""
        if _has_tags(self):
            tags = list(_tags.__get__(self, KFile))
            _tags.__set__(self, [])
            for tag in tags:
                self.tag(tag)
        return super().said()

    def __getitem__(self, key: str) -> Any:
        if key.startswith("_") or not hasattr(self, key):
            raise KeyError(key)
        return getattr(self, key)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_facts", "_said", "_tags"):
            object.__setattr__(self, name, value)
        elif name in _ASSIGNED:
            _ASSIGNED[name](self, value)
        else:
            raise AttributeError(f"{name} of a file cannot be set: {', '.join(sorted(_ASSIGNED))} can")

    __setitem__ = __setattr__


_tags = vars(KFile)["_tags"]


def _seconds(time_ns: int) -> float:
    """Return a time as os.stat has it, to the last bit, so that the two can be compared."""
    seconds, fraction_ns = divmod(time_ns, _SECOND_NS)
    return seconds + 1e-9 * fraction_ns


def _has_tags(kfile: KFile) -> bool:
    try:
        return bool(_tags.__get__(kfile, KFile))
    except AttributeError:
        return False


def _whether(method: Callable[[KFile], None]) -> Callable[[KFile, Any], None]:
    def assign(kfile: KFile, value: Any) -> None:
        if value:
            method(kfile)

    return assign


def _set_mtime(kfile: KFile, value: Any) -> None:
    kfile.set(mtime_ns=round(value * _SECOND_NS))


_ASSIGNED: Mapping[str, Callable[[KFile, Any], None]] = {
    "skip": _whether(KFile.skip),
    "exclude": _whether(KFile.exclude_subtree),
    "exclude_subtree": _whether(KFile.exclude_subtree),
    "force": _whether(KFile.force_read),
    "force_read": _whether(KFile.force_read),
    "content": KFile.replace_content,
    "replace_content": KFile.replace_content,
    "tags": lambda kfile, value: _tags.__set__(kfile, list(value)),
    "label": KFile.label,
    "note": KFile.note,
    "mode": lambda kfile, value: kfile.set(mode=value),
    "acl": lambda kfile, value: kfile.set(mode=value),
    "uid": lambda kfile, value: kfile.set(uid=value),
    "gid": lambda kfile, value: kfile.set(gid=value),
    "mtime": _set_mtime,
    "st_mtime": _set_mtime,
    "mtime_ns": lambda kfile, value: kfile.set(mtime_ns=value),
}
"""What may be assigned, and what that says."""
