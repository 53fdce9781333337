"""What Python 2 did otherwise."""

from typing import Any


def old_div(a: Any, b: Any) -> Any:
    """Divide: whole numbers give a whole number."""
    return a // b if isinstance(a, int) and isinstance(b, int) else a / b
