"""A person's shell in a folder, on the terminal that the program has let go of."""

import os
import subprocess
import sys

from yester.engine.errors import YesterError
from yester.tui.cli.wording import printable


def run_shell(folder: bytes) -> None:
    """Run it until the person leaves it. YesterError: it cannot be started, or the folder cannot be entered."""
    shell = os.environ.get("SHELL") or "/bin/sh"
    sys.stderr.write(f"{printable(folder)}: exit comes back to yester\n")
    try:
        subprocess.run([shell], cwd=folder, check=False)
    except OSError as problem:
        raise YesterError(
            f"No shell can be opened in {printable(folder)}: {problem.strerror}", hint="Does it answer? See Mounts (5)."
        ) from None
