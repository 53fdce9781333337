"""What a worker answers when it was asked about entries; pure."""

from typing import Any

import msgspec

from yester.engine.decisions import Decision

ON_ENTRY = "on_entry"
"""The hook's name, in all worlds: the one hook that is no event."""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a plugin said about one entry."""

    skip: bool = False
    empty: bool = False
    read: bool = False
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    mtime_ns: int | None = None
    content: bytes | None = None
    content_path: bytes | None = None
    wishes: tuple[tuple[str, Any], ...] = ()
    """Kind and value of what it wishes of the run (wishing.py)."""

    def decision(self) -> Decision:
        """Return what becomes of the entry."""
        return Decision(
            self.skip,
            self.empty,
            self.read,
            self.mode,
            self.uid,
            self.gid,
            self.mtime_ns,
            self.content,
            self.content_path,
        )


class BatchAnswer(msgspec.Struct, frozen=True):
    """What became of a batch of entries."""

    done: int
    """How many of them were gone through; the rest is to be asked about again."""
    said: tuple[tuple[int, Said], ...] = ()
    """Place in the batch, and what was said."""
    failures: tuple[tuple[int, str], ...] = ()
    """Place, and in words what the plugin raised, for the first few."""
    failed: int = 0
    """How often it raised."""


def read_answer(value: object) -> BatchAnswer:
    """Return what a worker answered. ValueError for what cannot be an answer."""
    return msgspec.convert(value, BatchAnswer)
