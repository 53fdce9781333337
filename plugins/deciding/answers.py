"""What a worker answers when it was asked about entries; pure."""

from typing import Annotated, Any

import msgspec

from yester.engine.decisions import Decision

ON_ENTRY = "on_entry"
"""The hook's name, in all worlds: the one hook that is no event."""


_Place = Annotated[int, msgspec.Meta(ge=0)]
_Mode = Annotated[int, msgspec.Meta(ge=0, le=0o7777)]
_Id = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 2)]
_Time = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a plugin said about one entry."""

    skip: bool = False
    empty: bool = False
    read: bool = False
    mode: _Mode | None = None
    uid: _Id | None = None
    gid: _Id | None = None
    mtime_ns: _Time | None = None
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

    done: _Place
    """How many of them were gone through; the rest is to be asked about again."""
    said: tuple[tuple[_Place, Said], ...] = ()
    """Place in the batch, and what was said."""
    failures: tuple[tuple[_Place, str], ...] = ()
    """Place, and in words what the plugin raised, for the first few."""
    failed: _Place = 0
    """How often it raised."""


def read_answer(value: object, asked: int) -> BatchAnswer:
    """Return what a worker answered to so many entries. ValueError for what cannot be an answer."""
    answer = msgspec.convert(value, BatchAnswer)
    if any(place >= asked for place, _ in (*answer.said, *answer.failures)):
        raise ValueError("it is about an entry that was not asked about")
    for _, said in answer.said:
        path = said.content_path
        if path is not None and (not path.startswith(b"/") or b"\0" in path):
            raise ValueError(f"{path!r} is no absolute path")
    return answer
