"""The program `yester`, also as `python -m yester`."""

import sys

from yester.tui.cli.program import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
