"""Running a command of a person's own for the row under the cursor: asked for, shown, and run."""

from yester.tui.cli.wording import one_line
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.page import Page
from yester.tui.outside import Ended
from yester.tui.screens.place import Place
from yester.tui.state.own_commands import OwnCommand, line_of, missing, shown_line, variables
from yester.tui.state.text import Line, Span, line

LINES = 2000
"""Lines of what a command in the background said that are shown: the last ones."""


def run_own(place: Place, command: OwnCommand) -> None:
    """Ask, where it wants that, and run it."""
    values = place.under_cursor()
    lacks = missing(command.run, values)
    if lacks:
        place.program.say(f"There is no {' and no '.join(lacks)} under the cursor", f"$ {command.run}")
        return

    def answered(is_yes: bool | None) -> None:
        if is_yes:
            _run(place, command, values)

    if command.asks:
        lines = [
            line(Span(f"Run {command.title}?" if command.words else "Run your command?", "strong")),
            line(Span(f"$ {shown_line(command.run, values)}", "accent")),
        ]
        place.app.push_screen(Confirm(lines, "Run it"), answered)
    else:
        answered(True)


def _run(place: Place, command: OwnCommand, values: dict[str, bytes]) -> None:
    words, more = ["/bin/sh", "-c", line_of(command.run)], variables(command.run, values)
    shown = shown_line(command.run, values)

    async def work() -> None:
        place.program.ran(shown)
        if command.where == "terminal":
            place.program.outside.in_terminal(words, more, stays=True)
        else:
            place.program.say(f"Running: {command.title}")
            place.app.push_screen(Page(f"$ {shown}", said(await place.program.outside.in_background(words, more))))

    place.work_on(work, f"own {shown}")


def said(ended: Ended) -> list[Line]:
    """Return what a command said, and how it ended where that was not well."""
    lines = [line(one_line(each)) for each in ended.said.decode("utf-8", "backslashreplace").splitlines()[-LINES:]]
    if ended.code:
        how = f"it ended with exit code {ended.code}" if ended.code > 0 else f"it was ended by signal {-ended.code}"
        return [*lines, line(Span(how, "bad"))]
    return lines or [line(Span("it said nothing", "dim"))]
