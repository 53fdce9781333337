"""Streams: files of a snapshot whose content lies on no disk, but comes out of a pipe while the snapshot is taken.

A stream has a path in the snapshot, beside the profile's folders or alone. Its times are those of the run that first
found this content: the same dump again makes no new row, so that a run can see that nothing changed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from yester.engine.capture.roots import Root
from yester.engine.errors import UsageError

_MAX_NAME_SIZE = 255


class StreamSource(Protocol):
    """A stream that was begun. One thread uses it."""

    def read(self, window: memoryview, idle: Callable[[], None]) -> int:
        """Fill a part of `window` and return how much; 0 at the end. YesterError when it breaks off.

        While there is nothing to read `idle` is called, ten times a second or so; it may raise to end the run.
        """
        ...

    def finish(self, idle: Callable[[], None]) -> None:
        """After the end was read: YesterError when what came is not all, and there shall be no snapshot of it."""
        ...

    def close(self) -> None:
        """Let go of it, and of whatever it runs; called once, however the run ends."""
        ...


@dataclass(frozen=True, slots=True)
class Stream:
    """One such file."""

    path: bytes
    """Where it is in the snapshot, absolute."""
    begin: Callable[[Callable[[str], None]], StreamSource]
    """Begins it, given what takes words for the person. YesterError when it cannot.

    A run that has to store again what a prune took from under it begins it once more.
    """


def stream_path(name: bytes) -> bytes:
    """Return the path that a stream of this name or relative path has in the snapshot; UsageError for an odd one."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if not parts or name.endswith(b"/") or b".." in parts or b"\0" in name or max(map(len, parts)) > _MAX_NAME_SIZE:
        shown = name.decode("utf-8", "backslashreplace")
        raise UsageError(
            f"{shown!r} cannot name a file", hint="Give a name such as dump.sql, or a path such as /db/dump.sql."
        )
    return b"/" + b"/".join(parts)


def plan_streams(top: Root, streams: Iterable[Stream]) -> None:
    """Add the streams to the tree of sources, with folders of their own where no source leads.

    UsageError for one that lies in a source, or where something else is.
    """
    for stream in streams:
        node = top
        *above, last = stream.path[1:].split(b"/")
        for part in above:
            _check(node, stream)
            node = node.children.setdefault(part, Root(made=True))
        _check(node, stream)
        if last in node.children:
            raise _taken(stream)
        node.children[last] = Root(stream=stream)


def _check(node: Root, stream: Stream) -> None:
    if node.whole or node.stream is not None:
        raise _taken(stream)


def _taken(stream: Stream) -> UsageError:
    shown = stream.path.decode("utf-8", "backslashreplace")
    return UsageError(f"The stream {shown} lies in a source, or where one is", hint="Give it a path of its own.")
