"""The program `yester`, also as `python -m yester`."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from yester.tui.cli.program import run


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # Commands close what they open. To take the interpreter apart after that costs a fifth of a short run, and frees
    # only what the kernel frees anyway.
    os._exit(code)


if __name__ == "__main__":
    main()
