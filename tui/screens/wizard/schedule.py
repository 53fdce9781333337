"""Fourth page: when runs start by themselves, and the next five times."""

from datetime import UTC, datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from yester.engine.schedule.zone import LOCAL
from yester.tui.screens.wizard.page import WizardPage, labelled
from yester.tui.state.text import Column, Row, Span, line
from yester.tui.state.wizard.draft import SCHEDULES, Draft, Page, scheduled
from yester.tui.state.wizard.foreseeing import time_lines
from yester.tui.state.wizard.wizard import Wizard, is_locked
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


def local(now_ns: int) -> datetime:
    """Return a moment on this machine's clock."""
    return datetime.fromtimestamp(now_ns // 10**9, UTC).astimezone(LOCAL)


class SchedulePage(WizardPage):
    """Kinds to choose from, a time of day, and what comes of it."""

    NAME: ClassVar[Page] = "schedule"
    FIRST: ClassVar[str] = "Rows"

    def __init__(self) -> None:
        super().__init__(id="page-schedule")

    def compose(self) -> ComposeResult:
        """The choice and the times."""
        with Vertical(classes="beside"):
            with Vertical(classes="form"):
                yield Rows((Column("TAKE A SNAPSHOT"),), id="when")
                yield labelled("At", Input("12:00", id="at", compact=True, classes="short"))
            yield Panel(id="times", classes="panel")

    def on_mount(self) -> None:
        """Stand on what most want."""
        rows = self.query_one(Rows)
        rows.show(len(SCHEDULES), self._row)
        rows.cursor = 1

    def _row(self, at: int) -> Row:
        is_it = at == self.query_one(Rows).cursor
        words = SCHEDULES[at][1].removesuffix(" at").removesuffix(",")
        return Row((Span(f"{self.glyphs.running if is_it else ' '} {words}", "accent" if is_it else "plain"),))

    def gathered(self, draft: Draft) -> Draft:
        """Return the draft with what was chosen."""
        return scheduled(draft, SCHEDULES[self.query_one(Rows).cursor][0], self.text("at"))

    def shown(self, state: Wizard) -> None:
        """Show the next times."""
        self.query_one("#at").parent.display = state.draft.schedule.when in ("daily", "weekly")  # type: ignore[union-attr]
        lacks = is_locked(state) and state.draft.kept == "nowhere" and state.draft.schedule.when != "off"
        words = f"{self.glyphs.warn} The passphrase is kept nowhere: no run can start by itself"
        warning = [line(Span(words, "warn"))] * lacks
        self.query_one("#times", Panel).show([*time_lines(state.draft.schedule, local(self.wizard.now_ns)), *warning])
        self.query_one(Rows).refresh()
