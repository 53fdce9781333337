"""Words of command lines, for methods of any noun; pure.

What a client sends stands behind `--`, or in one word with its option: it is never taken for an option.
"""

import shlex
from collections.abc import Callable, Sequence

from yester.engine.events import Shown
from yester.tui.serve.methods.params import Where


def as_typed(words: Sequence[str]) -> str:
    """Return a command as a person would type it: without what is there for this program alone."""
    at = words.index("--") if "--" in words else len(words)
    ends = words[at:] if any(word.startswith("-") for word in words[at + 1 :]) else words[at + 1 :]
    return shlex.join(["yester", *(word for word in words[:at] if word != "--json"), *ends])


def text_of(place: Shown) -> str:
    """Return a path as an argument: bytes that are no UTF-8 as Python has them in arguments."""
    return place.raw.decode("utf-8", "surrogateescape")


def on_repository(*words: str) -> Callable[[Where], list[str]]:
    """Return what makes `yester check` and its like."""
    return lambda asked: [*words, *repository_option(asked)]


def repository_option(asked: Where) -> list[str]:
    """Return the option that names the repository, where it is named."""
    return [f"--repo={asked.repository}"] if asked.repository else []
