"""Making what the wizard was told: the plan, and carrying it out, command by command."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from yester.engine.errors import YesterError
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.recovery import RecoveryKey
from yester.tui.state.wizard import steps
from yester.tui.state.wizard import wizard as wizards

if TYPE_CHECKING:
    from yester.tui.screens.wizard.wizard import WizardScreen


class Making:
    """The last page at work."""

    def __init__(self, screen: "WizardScreen") -> None:
        self._screen = screen

    def plan(self) -> None:
        """Show what would be done, and let the engine look at it."""
        folder = self._screen.state.suggested.passphrase_folder if self._screen.state.suggested is not None else ""
        fresh = steps.steps(self._screen.state.draft, self._screen.state.found, folder)
        self._screen.change(replace(self._screen.state, steps=steps.taken_over(fresh, self._screen.state.steps)))
        if not self._screen.state.is_done:
            params = steps.profile_params(self._screen.state.draft, self._screen.state.found, folder)
            self._screen.work_on(partial(self._foresee, params), "foresee")

    async def _foresee(self, params: Mapping[str, object]) -> None:
        request = self._screen.ask("profiles.foresee", dict, **params)
        try:
            await all_of(request)
        except Refused as refused:
            self._screen.change(replace(self._screen.state, text="", text_problem=in_words(refused)))
            return
        self._screen.change(
            replace(self._screen.state, text=steps.answer_of(request.done).get("text", ""), text_problem="")
        )

    async def carry_out(self) -> None:
        """Run the commands, one after another, until one fails."""
        self._screen.change(replace(self._screen.state, is_working=True, problem=""))
        try:
            while (at := steps.next_step(self._screen.state.steps)) is not None:
                if not await self._step(at):
                    return
        finally:
            self._screen.change(replace(self._screen.state, is_working=False))
            self._screen.query_one("#next").focus()

    async def _step(self, at: int) -> bool:
        step = self._screen.state.steps[at]
        self._mark(at, "runs")
        if step.method == "repositories.create" and step.params.get("encrypted"):
            self._screen.program.engine.give_secret(self._screen.state.draft.passphrase)
        request = self._screen.ask(step.method, dict, **step.params)
        try:
            items = await all_of(request)
        except YesterError as problem:
            self._mark(at, "failed", problem.what, problem.hint or "Enter tries it again.")
            return self._screen.state.steps[at].is_over
        self._mark(at, "done")
        if step.method == "repositories.create":
            self._screen.change(wizards.made(self._screen.state))
        key = steps.answer_of(request.done).get("recovery_key", "")
        if key:
            await self._screen.app.push_screen_wait(RecoveryKey(key, self._screen.state.draft.name))
        run = next((str(item["run"]) for item in items if "run" in item), "")
        if run:
            self._screen.change(replace(self._screen.state, run=run))
        return True

    def _mark(self, at: int, to: steps.State, problem: str = "", hint: str = "") -> None:
        self._screen.change(
            replace(self._screen.state, steps=steps.marked(self._screen.state.steps, at, to, problem, hint))
        )


def in_words(problem: YesterError) -> str:
    """Return a complaint in a line."""
    return f"{problem.what}. {problem.hint}" if problem.hint else problem.what
