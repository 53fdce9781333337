"""What stands over everything in a terminal that is too small for anything else."""

from typing import ClassVar

from textual.widgets import Static

LEAST = (40, 10)
"""Cells and lines that a place needs at least."""
WIDTHS = [(0, "-thin"), (LEAST[0], "-narrow"), (100, "-wide")]
"""Classes of screens by their width."""
HEIGHTS = [(0, "-low"), (LEAST[1], "-high")]
"""Classes of screens by their height."""


class TooSmall(Static):
    """Says so. What it stands over is left as it is, and is there again when there is room."""

    WORDS: ClassVar[str] = f"yester needs a terminal of {LEAST[0]} by {LEAST[1]} at least; 80 by 24 are good."
    DEFAULT_CSS = """
    TooSmall { layer: small; dock: top; width: 100%; height: 100%; background: $background; display: none; }
    """

    def __init__(self) -> None:
        super().__init__(self.WORDS, markup=False)
