"""The nearest valid name to one that somebody mistyped."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the known names that look like `word`, best first; none when nothing does."""
    import difflib  # only a mistake needs it, and it takes longer to load than most commands to run

    return difflib.get_close_matches(word, list(known), n=most, cutoff=0.5)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest names, or all names when none is near and they are few; empty when there are none."""
    names = sorted(known)
    close = nearest(word, names)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"There is: {', '.join(names)}" if 0 < len(names) <= 12 else ""
