"""Fifth page: how long snapshots stay, tried on those that a year would bring."""

from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label

from yester.engine.profiles.profile import RetentionSpec, SmartSpec
from yester.engine.retention.plan import removes_nothing
from yester.engine.schedule.zone import LOCAL
from yester.tui.screens.wizard.page import WizardPage
from yester.tui.screens.wizard.schedule import local
from yester.tui.state.text import Column, Row, Span
from yester.tui.state.wizard.draft import KEEPING, RECENT, Draft, Page
from yester.tui.state.wizard.foreseeing import kept_lines, made_up
from yester.tui.state.wizard.wizard import Wizard
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows
from yester.tui.widgets.tick import Tick

_COUNTS = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
_LABELS = ("last", "hours", "days", "weeks", "months", "years")
_MOST = 100_000


class KeepPage(WizardPage):
    """Choices, their numbers, and the snapshots that would be there after a year."""

    NAME: ClassVar[Page] = "keep"
    FIRST: ClassVar[str] = "Rows"

    def __init__(self) -> None:
        super().__init__(id="page-keep")
        self._choice = -1

    def compose(self) -> ComposeResult:
        """The choice, the numbers, what would be kept."""
        with Vertical(classes="beside"):
            with Vertical(classes="form"):
                yield Rows((Column("KEEP"),), id="keeping")
                with Horizontal(classes="field counts"):
                    for name, label in zip(_COUNTS, _LABELS, strict=True):
                        yield Label(label)
                        yield Input(id=f"keep-{name}", compact=True, type="integer", max_length=4)
                yield Tick("all of the last two days besides", True, id="recent")
                yield Tick("thin out after each run, give back room weekly", True, id="forgets")
                yield Tick("look for damage each month", True, id="checks")
            yield Panel(id="kept-panel", classes="panel")

    def on_mount(self) -> None:
        """Stand on what most want."""
        rows = self.query_one(Rows)
        rows.show(len(KEEPING), self._row)
        rows.cursor = 1
        self._take_over()

    def _row(self, at: int) -> Row:
        is_it = at == self.query_one(Rows).cursor
        return Row((Span(f"{self.glyphs.running if is_it else ' '} {KEEPING[at][1]}", "accent" if is_it else "plain"),))

    def _take_over(self) -> None:
        """Let the numbers be those of the choice."""
        self._choice = self.query_one(Rows).cursor
        spec = KEEPING[self._choice][2]
        for name in _COUNTS:
            self.fill(f"keep-{name}", str(getattr(spec, f"keep_{name}") or ""))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Let the numbers be those of the choice; the screen hears of it as well."""
        if self._choice != event.row:
            self._take_over()

    def gathered(self, draft: Draft) -> Draft:
        """Return the draft with what was chosen."""
        typed = {f"keep_{name}": self.text(f"keep-{name}") for name in _COUNTS}
        counts: dict[str, Any] = {name: min(_MOST, int(text)) for name, text in typed.items() if text.isdecimal()}
        smart = SmartSpec() if KEEPING[self.query_one(Rows).cursor][0] == "smart" else None
        spec = replace(RetentionSpec(smart=smart), **counts)
        # Alone the rule would let go of all that is older; smart thinning has it.
        if self.query_one("#recent", Tick).value and smart is None and not removes_nothing(spec):
            spec = replace(spec, keep_within=RECENT)
        return replace(
            draft,
            retention=spec,
            forgets=self.query_one("#forgets", Tick).value,
            checks=self.query_one("#checks", Tick).value,
        )

    def shown(self, state: Wizard) -> None:
        """Show what would be kept."""
        now_ns, panel = self.wizard.now_ns, self.query_one("#kept-panel", Panel)
        spec = state.draft.retention
        taken = made_up(state.draft.schedule, local(now_ns))
        panel.fit(lambda width: kept_lines(taken, spec, now_ns, self.glyphs, width, LOCAL))
        self.query_one("#forgets").disabled = removes_nothing(spec)
        self.query_one("#recent").disabled = removes_nothing(spec) or spec.smart is not None
        self.query_one(Rows).refresh()
