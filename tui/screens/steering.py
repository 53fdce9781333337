"""What can be done with a run that is meant: let it stand still, stop it, see all that is known of it."""

from yester.engine.runs.records import RunRecord
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.state import running
from yester.tui.state.live import LiveRun
from yester.tui.state.text import Span, line


class Steering(Place):
    """A place in which one run is meant."""

    def record(self) -> RunRecord | None:
        """The run that is meant."""
        raise NotImplementedError

    def live(self) -> LiveRun | None:
        """What its lines tell, while it is followed."""
        record = self.record()
        return self.world.live.get(record.run) if record is not None else None

    def lasts(self, run: RunRecord) -> bool:
        """Whether a run is at work, as far as anybody knows."""
        live = self.world.live.get(run.run)
        return not (live.record if live is not None else run).is_over and not (live is not None and live.is_lost)

    def why_not(self, action: str) -> str:
        """A run that is over can neither be stopped nor paused."""
        if action not in ("pause", "cancel"):
            return super().why_not(action)
        record = self.record()
        if record is None:
            return "No run is meant"
        return "" if self.lasts(record) else "That run is over"

    def action_report(self) -> None:
        """Show all that is known of it."""
        record, live = self.record(), self.live()
        if record is not None:
            known = live.record if live is not None else record
            self.app.push_screen(Page("Report", running.report(known, self.glyphs)))

    def action_pause(self) -> None:
        """Let it stand still, or go on."""
        record, live = self.record(), self.live()
        if record is not None:
            is_paused = (live.record if live is not None else record).state == "paused"
            verb, said = ("resume", "It goes on") if is_paused else ("pause", "It stands still; p lets it go on")
            self.change(f"runs.{verb}", said, run=record.run)

    def action_cancel(self) -> None:
        """Stop it, once the person says so."""
        record = self.record()
        if record is None:
            return
        what = f"{record.action} of {record.profile}" if record.profile else record.action
        lines = [
            line(Span(f"Stop the {what}?", "strong")),
            line("What it has stored is used by the next run."),
            line(Span(f"$ yester cancel {record.run[-4:]}", "dim")),
        ]

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.change("runs.cancel", "It stops, in good order", run=record.run)

        self.app.push_screen(Confirm(lines, "Stop it"), answered)
