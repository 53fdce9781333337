"""One request of each method and its answers, as tests have recorded them in this checkout (tests/golden/serve)."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "tests/golden/serve"

Exchange = Sequence[tuple[str, str]]
"""Who sends a line, `client` or `yester`, and the line."""


@cache
def goldens() -> Mapping[str, Exchange]:
    """Return what is recorded, by method."""
    files = sorted(FOLDER.glob("*.lines"))
    return {method: each for file in files for method, each in exchanges_in(file.read_text("utf-8")).items()}


def exchanges_in(text: str) -> dict[str, Exchange]:
    """Return the exchanges in a text, by method; an empty line ends each."""
    found: dict[str, Exchange] = {}
    for block in filter(None, text.split("\n\n")):
        lines = [(who, line) for who, _, line in (each.partition("  ") for each in block.strip("\n").split("\n"))]
        found[lines[0][1].partition('"method":"')[2].partition('"')[0]] = lines
    return found


def as_text(line: tuple[str, str]) -> str:
    """Return a line as it stands in a file."""
    return f"{line[0]}  {line[1]}\n"
