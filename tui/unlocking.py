"""A passphrase that is missing: whoever needs one waits until a person has typed it, and who waits too is not asked."""

import asyncio
from typing import TYPE_CHECKING

from yester.tui.client import Refused

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram


class Unlocking:
    """Asks for passphrases, one at a time."""

    def __init__(self, program: "TerminalProgram") -> None:
        self._program = program
        self._asking = asyncio.Lock()
        self._opened = 0

    @property
    def is_asking(self) -> bool:
        """Whether a person is asked now."""
        return self._asking.locked()

    async def unlock(self, where: dict[str, str], why: str) -> bool:
        """Ask until a passphrase opens the repository, or somebody before has opened one; False: the person gave up.

        `where`: the parameters of `repositories.unlock`. `why`: what was said when it was missing.
        """
        before = self._opened
        async with self._asking:
            return self._opened != before or await self._unlocked(where, why)

    async def _unlocked(self, where: dict[str, str], why: str) -> bool:
        from yester.tui.dialogs.passphrase import Passphrase

        problem, whose = "", where.get("profile") or where.get("repository", "")
        while True:
            typed = await self._program.push_screen_wait(Passphrase(whose, why, problem))
            if not typed:
                return False
            self._program.engine.give_secret(typed)
            try:
                async for _ in self._program.engine.ask("repositories.unlock", dict, **where):
                    continue
            except Refused as refused:
                problem = refused.failure.message
            else:
                self._opened += 1
                return True
