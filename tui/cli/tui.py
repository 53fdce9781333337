"""yester tui: the terminal program."""

import gc
import os
import sys
from contextlib import suppress

import click

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.tui.cli.wording import one_line


@click.command("tui", short_help="Open the terminal program.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Write it into tui.toml; open nothing.")
def command(settings: tuple[str, ...]) -> int:
    """Open the terminal program; `yester` alone does so too, at a terminal.

    Runs go on when it is left. ? shows the keys, q leaves. With --set it is not opened: theme, preset (default, vim,
    mc), motion (full, none) and glyphs (unicode, ascii) are as said from then on.
    """
    if settings:
        return _set(settings)
    if not is_at_terminal():
        raise UsageError("There is no terminal to show anything on", hint="Everything is a command too: yester --help")
    from yester.tui.settings import read_settings

    wished = read_settings(Places.default().config)
    from yester.tui.app import TerminalProgram

    _heed_the_terminal()
    program = TerminalProgram(wished)
    # What was loaded stays: to look through it for garbage again and again takes longer than a key may.
    gc.freeze()
    program.run()
    return program.return_code or 0


def _heed_the_terminal() -> None:
    """Let the terminal say how large it is: what the environment says was so once, and stays so when it is resized."""
    with suppress(OSError):
        if all(os.get_terminal_size(sys.stdout.fileno())):
            for name in ("COLUMNS", "LINES"):
                os.environ.pop(name, None)


def _set(settings: tuple[str, ...]) -> int:
    """Write settings into the file."""
    from yester.tui.settings import FILE, change_settings

    unclear = next((text for text in settings if "=" not in text), "")
    if unclear:
        raise UsageError(f"--set {unclear} says no value", hint="For example --set theme=nord.")
    config = Places.default().config
    change_settings(config, dict(text.split("=", 1) for text in settings))
    click.echo(f"{one_line(str(config / FILE))} changed")
    return 0


def is_at_terminal() -> bool:
    """Whether a person looks at a terminal that can show it."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return False
    # What is drawn goes to standard error, where a terminal is reached even when output is kept.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.__stderr__))
