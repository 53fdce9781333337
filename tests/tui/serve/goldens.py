"""The goldens of tests/golden/serve: one request of each method, and its answers.

    HOME=SCRATCH python -P -m tests.tui.serve.goldens > LINES

tests/tui/serve/test_goldens.py compares; with YESTER_GOLDENS=write it writes them anew.
"""

import os
import sys
import time
from pathlib import Path

from tests.tui.serve.normalising import Normal
from tests.tui.serve.recording import record
from tests.tui.serve.session import play

CRONTAB = """#!/bin/sh
case $1 in
    -l) cat {table} ;;
    *) cat > {table} ;;
esac
"""


def main() -> int:
    """Record in HOME, and print the lines."""
    home = Path.home()
    _programs(home / "bin", {"crontab": CRONTAB.format(table=home / "table"), "systemctl": "#!/bin/sh\nexit 1\n"})
    (home / "table").touch()
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.umask(0o022)
    normal = Normal(home)
    for method, lines in record(home, play).items():
        told = [f"{who}  {line.decode()}\n" for who, line in normal.exchange(method, lines)]
        sys.stdout.write("".join([*told, "\n"]))
    sys.stdout.flush()
    return 0


def _programs(folder: Path, scripts: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


if __name__ == "__main__":
    sys.exit(main())
