"""Opening what is under the cursor in the person's pager or editor: a copy, private, read-only, gone afterwards."""

import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from yester.engine.errors import YesterError
from yester.tui.cli.wording import printable, size
from yester.tui.client import all_of
from yester.tui.outside import YESTER, Viewer, viewer
from yester.tui.screens.place import Place
from yester.tui.state.browse import as_shown
from yester.tui.state.preview import Beginning

LARGEST = 256 << 20
"""Bytes of a file that is opened: more is brought back, or looked at in a mount."""
PIECE = 256 << 10
"""Bytes that are asked for at once."""
_SLOW = 8 << 20
"""A file of more takes long enough to say so."""


def open_file(place: Place, snapshot: str, path: bytes, kind: Viewer) -> None:
    """Open a file of a snapshot."""

    async def work() -> None:
        words = viewer(kind)
        with private(path.rpartition(b"/")[2]) as file:
            await fetched(place, snapshot, path, file)
            _shown(place, words, file)

    place.work_on(work, "outside")


def open_journal(place: Place, run: str, kind: Viewer) -> None:
    """Open all that happened in a run."""

    async def work() -> None:
        words = viewer(kind)
        place.program.ran(f"yester log {run}")
        ended = await place.program.outside.in_background([*YESTER, "log", run], most=LARGEST)
        with private(f"{run}.log".encode()) as file:
            with _made(file) as copy:
                copy.write(ended.said)
            _shown(place, words, file)

    place.work_on(work, "outside")


def edit_profile(place: Place, profile: str) -> None:
    """Edit the file of a profile, as `yester profile edit` does: it counts once it is in order."""

    async def work() -> None:
        place.program.ran(shlex.join(["yester", "profile", "edit", profile]))
        place.program.outside.in_terminal([*YESTER, "profile", "edit", "--", profile], stays=True)
        place.program.feed.refresh()

    place.work_on(work, "outside")


def _shown(place: Place, words: list[str], file: Path) -> None:
    file.chmod(0o400)
    place.program.ran(shlex.join([*words, printable(os.fsencode(file.name))]))
    place.program.outside.in_terminal([*words, os.fsencode(file)])


@contextmanager
def private(name: bytes) -> Iterator[Path]:
    """Have a place for a copy of what is called so, in a folder that nobody else sees, and that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="yester-") as folder:
        yield Path(folder) / os.fsdecode(name or b"file")


async def fetched(place: Place, snapshot: str, path: bytes, file: Path) -> None:
    """Copy a file of a snapshot, or of now, by the piece. Refused: it cannot be read. YesterError: it is too large."""
    asked = {"profile": place.program.profile, "snapshot": snapshot, "entry": as_shown(path), "count": PIECE}
    start, total = 0, 1
    with _made(file) as copy:
        while start < total:
            [piece] = await all_of(place.engine.ask("files.read", Beginning, **asked, start=start))
            if not start and piece.size > LARGEST:
                raise YesterError(
                    f"{printable(path)} has {size(piece.size)}: too much to be opened", hint="r brings it back."
                )
            if not start and piece.size > _SLOW:
                place.program.say(f"Fetching {size(piece.size)}…")
            copy.write(piece.bytes)
            start, total = start + len(piece.bytes), piece.size if piece.bytes else 0


def _made(file: Path) -> BinaryIO:
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
