"""What `yester snap` takes from standard input, or from a command's output, in the place of the profile's folders."""

import os
import sys
from pathlib import PurePath
from typing import TYPE_CHECKING

from yester.engine.errors import UsageError

if TYPE_CHECKING:
    from yester.engine.capture.streams import Stream

_EXAMPLE = "yester snap db --stdin-name dump.sql --from-command -- pg_dump --clean db"


def asked_streams(stdin_name: str | None, is_command: bool, words: tuple[str, ...]) -> "tuple[Stream, ...]":
    """Return the one stream that the command line asks for, none when it asks for folders. UsageError for nonsense."""
    from yester.engine.capture.pipes import from_command, from_descriptor
    from yester.engine.capture.streams import Stream, stream_path

    if is_command:
        if not words:
            raise UsageError("--from-command wants a command", hint=f"Write it at the end: {_EXAMPLE}")
        name = PurePath(words[0]).name if stdin_name is None else stdin_name
        return (Stream(stream_path(os.fsencode(name)), from_command(words)),)
    if words:
        raise UsageError(f"{words[0]!r} is one word too many", hint=f"A command comes after --from-command: {_EXAMPLE}")
    if stdin_name is None:
        return ()
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "Standard input is no pipe and no file",
            hint=f"Send something: pg_dump db | yester snap db --stdin-name {stdin_name}",
        )
    return (Stream(stream_path(os.fsencode(stdin_name)), from_descriptor(sys.stdin.fileno())),)
