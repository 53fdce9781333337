"""yester tui: the terminal program."""

import gc
import os
import sys

import click

from yester.engine.errors import UsageError
from yester.engine.places import Places


@click.command("tui", short_help="Open the terminal program.")
def command() -> int:
    """Open the terminal program; `yester` alone does so too, at a terminal.

    Runs go on when it is left. ? shows the keys, q leaves.
    """
    if not is_at_terminal():
        raise UsageError("There is no terminal to show anything on", hint="Everything is a command too: yester --help")
    from yester.tui.settings import read_settings

    settings = read_settings(Places.default().config)
    from yester.tui.app import TerminalProgram

    program = TerminalProgram(settings)
    # What was loaded stays: to look through it for garbage again and again takes longer than a key may.
    gc.freeze()
    program.run()
    return program.return_code or 0


def is_at_terminal() -> bool:
    """Whether a person looks at a terminal that can show it."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return False
    # What is drawn goes to standard error, where a terminal is reached even when output is kept.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.__stderr__))
