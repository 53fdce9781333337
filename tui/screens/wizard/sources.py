"""First page: what to take, what to leave out, and how much that is by now."""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label

from yester.tui.screens.wizard.completing import Folders
from yester.tui.screens.wizard.page import WizardPage, labelled
from yester.tui.state.wizard import sums
from yester.tui.state.wizard.draft import Draft, Page
from yester.tui.state.wizard.wizard import Wizard
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.tick import Tick

_NARROW = 7
_OFFERED = 3
"""Folders besides one's home that are offered."""


class SourcesPage(WizardPage):
    """Folders to mark, another one to type, patterns, and the sums beside them."""

    NAME: ClassVar[Page] = "sources"

    def __init__(self) -> None:
        super().__init__(id="page-sources")
        self._folders: list[bytes] = []

    def compose(self) -> ComposeResult:
        """The form, and the sums."""
        with Vertical(classes="beside"):
            with Vertical(classes="form"):
                yield labelled("Name", Input(id="name", compact=True))
                yield Vertical(id="folders")
                other = Input(id="other", compact=True, placeholder="another folder; Enter adds it")
                other.suggester = Folders(self)
                yield labelled("And", other)
                yield labelled("Leave out", Input(id="excludes", compact=True, placeholder="*.iso, Downloads/"))
                yield labelled("", Tick("caches and trash", True, id="defaults"))
                yield labelled("", Tick("what other drives have below these folders", id="one"))
                yield labelled(
                    "", Label("files larger than "), Input(id="larger", compact=True, placeholder="2G", classes="short")
                )
            yield Panel(id="sums", classes="panel")

    def gathered(self, draft: Draft) -> Draft:
        """Return the draft with what was marked and typed; before there is anything to mark, empty means nothing."""
        is_there = bool(self._folders)
        marked = [raw for raw, box in zip(self._folders, self._boxes(), strict=True) if box.value]
        return replace(
            draft,
            name=self.text("name") if is_there else self.text("name") or draft.name,
            sources=tuple(marked) if is_there else draft.sources,
            excludes=self.text("excludes"),
            larger_than=self.text("larger"),
            default_excludes=self.query_one("#defaults", Tick).value,
            one_file_system=self.query_one("#one", Tick).value,
        )

    def _boxes(self) -> list[Tick]:
        return list(self.query_one("#folders").query(Tick).results(Tick))

    async def offer(self, folders: Iterable[bytes], marked: Iterable[bytes]) -> None:
        """Let these folders be marked."""
        chosen = set(marked)
        fresh = [each for each in dict.fromkeys(folders) if each not in self._folders]
        self._folders += fresh
        boxes = [Tick(raw.decode("utf-8", "surrogateescape"), raw in chosen) for raw in fresh]
        await self.query_one("#folders").mount_all(boxes)

    def shown(self, state: Wizard) -> None:
        """Show the name, and the sums."""
        self.follow("name", state.draft.name)
        panel = self.query_one("#sums", Panel)
        room = max(_NARROW, panel.size.height or _NARROW)
        is_asked = bool(state.draft.sources)
        panel.show(sums.lines(state.sums, state.sums_problem, self.glyphs, room, is_asked=is_asked))

    def entered(self, field: Input) -> bool:
        """Add the folder that was typed."""
        if field.id != "other" or not field.value.strip():
            return False
        path = os.fsencode(os.path.abspath(os.path.expanduser(field.value.strip())))
        field.value = ""
        self.wizard.work_on(partial(self._add, path), "add folder")
        return True

    async def _add(self, path: bytes) -> None:
        await self.offer([path], [path])
        for raw, box in zip(self._folders, self._boxes(), strict=True):
            if raw == path:
                box.value = True
        self.wizard.gather()


def offered(state: Wizard) -> list[bytes]:
    """Return the folders that a person may want, those that are chosen first."""
    told = state.suggested
    if told is None:
        return list(state.draft.sources)
    return [*state.draft.sources, told.home.raw, *(each.raw for each in told.folders[:_OFFERED])]
