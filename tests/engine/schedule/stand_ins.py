"""Programs of the system's that only keep what they are told, for a PATH of a test's own."""

from pathlib import Path

CRONTAB = """#!/bin/sh
# crontab(1), as far as it is asked: -l and -.
table="$STAND_IN/crontab"
echo "crontab $*" >>"$STAND_IN/said"
case "$1" in
-l) if [ -e "$table" ]; then cat "$table"; else echo "no crontab for tester" >&2; exit 1; fi ;;
-) if [ -e "$STAND_IN/full" ]; then echo "no space left" >&2; exit 1; fi; cat >"$table" ;;
*) exit 2 ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
# systemctl(1), as far as it is asked: links and unlinks what [Install] says.
echo "systemctl $*" >>"$STAND_IN/said"
[ -e "$STAND_IN/refuse" ] && { echo "Failed to connect to bus" >&2; exit 1; }
[ "$1" = --user ] && shift
for unit; do :; done
case "$1" in
reenable)
    wants="$STAND_IN/units/$(sed -n 's/^WantedBy=//p' "$STAND_IN/units/$unit").wants"
    rm -f "$STAND_IN"/units/*.wants/"$unit"
    mkdir -p "$wants" && ln -s "../$unit" "$wants/$unit" ;;
disable) rm -f "$STAND_IN"/units/*.wants/"$unit" ;;
esac
"""


def stand_in(folder: Path, **programs: str) -> Path:
    """Put programs into a folder for the PATH, and return it."""
    path = folder / "bin"
    path.mkdir(parents=True, exist_ok=True)
    for name, text in programs.items():
        (path / name).write_text(text)
        (path / name).chmod(0o755)
    return path


def said(folder: Path) -> list[str]:
    """Return how the programs were called, in order."""
    notes = folder / "said"
    return notes.read_text().splitlines() if notes.exists() else []
