"""What is said when a person is asked for the passphrase of a repository; pure."""

from yester.engine.lacking import is_kept_badly
from yester.tui.state.text import Line, Span, line


def lines(of: str, why: str, problem: str) -> list[Line]:
    """Return the question; `why` nothing opened it so far, `problem`: what is wrong with what was typed last."""
    title = line(Span(f"The repository of {of} is encrypted", "strong"))
    if problem:
        return [title, line(Span(problem, "bad"))]
    if not is_kept_badly(why):
        return [title, line("Its passphrase, please. Esc leaves.")]
    return [
        title,
        line(Span(why, "warn")),
        line("Type it, and all goes on until you leave; Esc leaves it."),
        line(Span("Runs that start by themselves need it mended: c on Home changes where they find it.", "dim")),
    ]
