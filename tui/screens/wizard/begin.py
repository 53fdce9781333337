"""Last page: the commands that make it all, the file, and then how far they are."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from yester.tui.screens.wizard.page import WizardPage
from yester.tui.state import running
from yester.tui.state.text import Line, Span, line
from yester.tui.state.wizard import steps
from yester.tui.state.wizard.draft import Page
from yester.tui.state.wizard.wizard import Wizard
from yester.tui.widgets.panel import Panel


class BeginPage(WizardPage):
    """Commands on one side, the file on the other."""

    NAME: ClassVar[Page] = "begin"
    FIRST: ClassVar[str] = "#next"

    def __init__(self) -> None:
        super().__init__(id="page-begin")

    def compose(self) -> ComposeResult:
        """The commands, the run, the file."""
        yield Panel(id="run")
        with Vertical(classes="beside"):
            yield Panel(id="steps", classes="form")
            yield Panel(id="text", classes="panel")

    def shown(self, state: Wizard) -> None:
        """Show how far it is."""
        self.query_one("#run", Panel).fit(lambda width: self._run(state, width))
        self.query_one("#steps", Panel).show(steps.lines(state.steps, self.glyphs))
        text = [line(Span(f"{state.draft.name}.toml", "dim")), *steps.said(state.text)]
        problem = [line(Span(f"{self.glyphs.bad} {state.text_problem}", "bad"))]
        self.query_one("#text", Panel).show(problem if state.text_problem else text if state.text else [])

    def _run(self, state: Wizard, width: int) -> list[Line]:
        """Return how the first run stands."""
        live = self.wizard.world.live.get(state.run)
        record = next((run for run in self.wizard.world.runs or () if run.run == state.run), None)
        if state.run and (live is not None or record is not None):
            known = live.record if live is not None else record
            assert known is not None
            said = running.panel(known, live, self.wizard.now_ns, width, self.glyphs)
            goes_on = "" if known.is_over else "; the run goes on by itself"
            return [*said, line(Span(f"Enter goes to Home{goes_on}", "accent")), line("")]
        if state.is_done:
            return [line(Span("The first snapshot is on its way", "accent")), line("")]
        if state.is_working:
            return []
        return [line("These commands make it, one after another; Enter begins."), line("")]
