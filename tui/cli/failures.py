"""What went wrong, worded once: `yester: what happened`, a hint on what to do next, and the exit code."""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from yester.engine.errors import YesterError
from yester.tui.cli.wording import one_line, printable

USAGE, INTERNAL, CANCELLED, TERMINATED = 2, 1, 130, 143

_SHOWN_PATHS = 10


class Terminated(BaseException):
    """SIGTERM arrived."""


class Interrupted(BaseException):
    """SIGINT arrived; click would print a line end of its own before it passed a KeyboardInterrupt on."""


def explain(problem: BaseException) -> int:
    """Say on standard error what happened, and return the exit code. With YESTER_DEBUG=1 with a traceback."""
    what, hint, code = worded(problem)
    if isinstance(problem, Interrupted) and sys.stderr.isatty():
        click.echo(err=True)  # the terminal shows ^C
    if os.environ.get("YESTER_DEBUG") == "1":
        traceback.print_exception(problem)
    complain(what, hint)
    return code


def complain(what: str, hint: str = "") -> None:
    """Print one complaint to standard error; one that cannot be printed is not worth a failure."""
    # Names come from the person, the file system and the repository: none of them may move the cursor.
    lines = [f"yester: {one_line(what)}", *([f"  hint: {one_line(hint)}"] if hint else [])]
    try:
        click.echo("\n".join(lines), err=True)
    except OSError:
        return


def complain_of_paths(what: str, failures: Sequence[tuple[bytes, str]], total: int) -> None:
    """Print a complaint about several paths, and the first of them with what is wrong with each."""
    complain(what)
    for path, why in failures[:_SHOWN_PATHS]:
        click.echo(f"  {printable(path)}: {one_line(why)}", err=True)
    if total > _SHOWN_PATHS:
        click.echo(f"  and {total - _SHOWN_PATHS:,} more", err=True)


def worded(problem: BaseException) -> tuple[str, str, int]:
    """Return what happened, a hint on what to do, and the exit code."""
    match problem:
        case YesterError():
            return problem.what, problem.hint, problem.exit_code
        case Interrupted() | KeyboardInterrupt() | click.Abort():
            return "Cancelled", "", CANCELLED
        case Terminated():
            return "Terminated", "", TERMINATED
        case click.UsageError():
            return problem.format_message().rstrip("."), _help_line(problem.ctx), USAGE
        case click.ClickException():
            return problem.format_message().rstrip("."), "", USAGE
        case OSError():
            hint = (
                "" if problem.filename else "is the disk full that standard output goes to? YESTER_DEBUG=1 shows where"
            )
            return _operating_system(problem), hint, INTERNAL
        case _:
            text = f"{type(problem).__name__}: {problem}"
            return f"A defect in yester itself: {text}", "YESTER_DEBUG=1 shows where; please report it.", INTERNAL


def _help_line(context: click.Context | None) -> str:
    return f"See {context.command_path} --help." if context else "See yester --help."


def _operating_system(problem: OSError) -> str:
    name = os.fsdecode(problem.filename) if isinstance(problem.filename, str | bytes | os.PathLike) else ""
    words = problem.strerror or str(problem)
    return f"{name}: {words}" if name else words
