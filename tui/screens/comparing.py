"""How a file differs between a snapshot and another, or now: on a page, or in a program of the person's own.

That program gets private copies, read-only and gone afterwards; in the place of the file as it is now, the file itself,
so that what is merged there stays.
"""

import os
import shlex
from contextlib import ExitStack
from pathlib import Path

from yester.tui.cli.wording import printable
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.page import Page
from yester.tui.screens.opening import fetched, private
from yester.tui.screens.place import Place
from yester.tui.settings import compared_by
from yester.tui.state.browse import NOW, as_shown
from yester.tui.state.preview import Beginning, Preview


def compare(place: Place, path: bytes, before: str, after: str, *, on_page: bool = True) -> None:
    """Show how a file differs; without a program of the person's own on a page, or how to have one is said."""

    async def work() -> None:
        asked = {"profile": place.program.profile, "entry": as_shown(path), "before": before, "after": after}
        [found] = await all_of(place.engine.ask("files.compare", Preview, **asked))
        place.app.push_screen(Page("How it differs", found.lines))

    if place.program.settings.diff:
        place.work_on(lambda: _outside(place, path, before, after), "outside")
    elif on_page:
        place.work_on(work, "compare")
    else:
        place.program.say("No program of yours is named", 'For example diff = "vimdiff" in tui.toml.')


async def _outside(place: Place, path: bytes, before: str, after: str) -> None:
    with ExitStack() as copies:
        files = [await _file(place, path, snapshot, copies) for snapshot in (before, after)]
        words = compared_by(place.program.settings.diff, *map(os.fsdecode, files))
        name = printable(path.rpartition(b"/")[2])
        place.program.ran(shlex.join([words[0], f"{before[:8]}:{name}", f"{after[:8]}:{name}"]))
        # diff says how they differ, ends with 1 and is gone; a program that fails says why
        place.program.outside.in_terminal([os.fsencode(word) for word in words], stays_unless_well=True)


async def _file(place: Place, path: bytes, snapshot: str, copies: ExitStack) -> Path:
    """Return the file, or a copy that lasts as long as `copies`; an empty one where there is none."""
    if snapshot == NOW and await _is_there(place, path):
        return Path(os.fsdecode(path))
    copy = copies.enter_context(private(path.rpartition(b"/")[2]))
    if snapshot == NOW:
        copy.touch()
    else:
        await fetched(place, snapshot, path, copy)
    copy.chmod(0o400)
    return copy


async def _is_there(place: Place, path: bytes) -> bool:
    try:
        await all_of(place.engine.ask("files.read", Beginning, snapshot=NOW, entry=as_shown(path), count=1))
    except Refused:
        return False
    return True
