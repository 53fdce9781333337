"""Completing a path while it is typed: → takes over what stands there dimmed."""

from typing import TYPE_CHECKING

from textual.suggester import Suggester

if TYPE_CHECKING:
    from yester.tui.screens.wizard.page import WizardPage


class Folders(Suggester):
    """Asks the engine for folders; the file system may be slow, and its own process has the time."""

    def __init__(self, page: "WizardPage") -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._page = page

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder whose path begins so."""
        found = await self._page.wizard.folders(value)
        return next((each for each in found if each.startswith(value) and each != value), None)
