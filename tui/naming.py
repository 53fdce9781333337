"""What the command palette finds by name besides commands: snapshots and files of the profile that one is at.

Textual ends a search with each key that is pressed, and with it what it asks the engine. Nothing is asked before
something is typed: a repository may be far away.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.command import Hit, Hits, Provider
from textual.markup import escape

from yester.engine.errors import YesterError
from yester.tui.cli.wording import moment, one_line
from yester.tui.client import all_of
from yester.tui.state.search import Found
from yester.tui.state.snapshots import Snapshot

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram

SHORTEST = 2
"""Characters of a name: nearly everything holds one."""
MOST = 20
"""Snapshots, and files, that are shown."""
_SNAPSHOTS, _FILES, _PROBLEM = 0.02, 0.01, 0.001
"""Where they stand: commands come first, and score more."""


class Names(Provider):
    """Finds snapshots by time, id, name, note or tag, and files of all snapshots by a part of their path."""

    _listed: tuple[str, tuple[Snapshot, ...]] | None = None
    """A profile, and its snapshots: asked for once while the palette is open."""

    async def search(self, query: str) -> Hits:
        """Yield what has it in its name; where that cannot be told, why."""
        program = cast("TerminalProgram", self.app)
        profile = program.profile
        if not profile or len(query) < SHORTEST:
            return
        await asyncio.sleep(program.rest_s)
        try:
            for hit in self._of_snapshots(program, await self._snapshots(program, profile), query):
                yield hit
            asked = {"profile": profile, "pattern": query, "limit": MOST}
            for found in await all_of(program.engine.ask("files.find", Found, **asked)):
                yield _of_file(program, found)
        except YesterError as problem:
            said = Text(f"Snapshots and files of {profile} cannot be looked through")
            yield Hit(_PROBLEM, said, partial(program.show_profile, profile), help=escape(problem.what))

    async def _snapshots(self, program: "TerminalProgram", profile: str) -> tuple[Snapshot, ...]:
        if self._listed is None or self._listed[0] != profile:
            self._listed = profile, await all_of(program.engine.ask("snapshots.list", Snapshot, profile=profile))
        return self._listed[1]

    def _of_snapshots(self, program: "TerminalProgram", snapshots: tuple[Snapshot, ...], query: str) -> Iterator[Hit]:
        texts = ((each, _words(each)) for each in snapshots)
        wanted = [(each, words) for each, words in texts if query.casefold() in words.casefold()]
        for each, words in wanted[:MOST]:
            look = partial(program.look_at, each.profile, each.snapshot, b"", "folder")
            yield Hit(
                _SNAPSHOTS, Text(f"Snapshot {words}"), look, help=escape(f"Look into it: it is of {each.profile}")
            )


def _words(snapshot: Snapshot) -> str:
    tags = [f"#{tag}" for tag in snapshot.tags]
    said = [moment(snapshot.time_ns)[:16], snapshot.snapshot[:8], snapshot.name or "", *tags, snapshot.note]
    return one_line("  ".join(filter(None, said)))


def _of_file(program: "TerminalProgram", found: Found) -> Hit:
    is_gone = "deleted; " if found.deleted else ""
    about = f"All its versions: {is_gone}last seen {moment(found.last.time_ns)[:16]}"
    return Hit(_FILES, Text(found.path), partial(show_versions, program, found.raw), help=escape(about))


def show_versions(program: "TerminalProgram", path: bytes) -> None:
    """Show all versions of a path."""
    from yester.tui.screens.versions import Versions

    program.push_screen(Versions(path))
