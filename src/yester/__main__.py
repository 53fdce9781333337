"""The program `yester`, also as `python -m yester`."""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    _have_standard_streams()
    # While the program loads, Ctrl-C ends it at once: there is nothing to put in order yet, and nobody to word it.
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from yester.tui.cli.program import run

    signal.signal(signal.SIGINT, heard)
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # Commands close what they open. To take the interpreter apart after that costs a fifth of a short run, and frees
    # only what the kernel frees anyway.
    os._exit(code)


def _have_standard_streams() -> None:
    """Open what was started closed: else the next file opened, a pack maybe, gets its number and what is printed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # Lower numbers are taken, so it gets this one.
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115 - for the process


if __name__ == "__main__":
    main()
