"""What a method is: something that is only looked at, or one command of the command line; pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yester.tui.serve.methods.params import Params


@dataclass(frozen=True, slots=True)
class Look:
    """A method that changes nothing.

    The function that answers it is loaded when it is first asked for: it takes the Desk, the parameters and the Call,
    yields items, and returns what `done` says.
    """

    takes: type[Params]
    answered_by: str
    """`module:function`, in yester.tui.serve."""
    answers: str
    """In words, for docs/serve.md."""
    command: str = ""
    """The command that tells the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """A method that is one command, which is run as it would be by a person."""

    takes: type[Params]
    words: Callable[[Any], list[str]]
    """Returns the command's words after `yester`."""
    answers: str
    is_run: bool = False
    """The command is a run: it goes on by itself, and `done` comes when its work has begun."""
    needs_repository: bool = False
    """The command opens a repository: it gets the passphrase that the person gave."""
    makes_repository: bool = False
    """The command makes one: it gets the passphrase that stands on the descriptor, which is remembered then."""
    secrets: Callable[[Any], int] = lambda asked: 0
    """Returns how many lines of the descriptor for secrets the command reads on its standard input."""
    takes_secret: bool = False
    """A new passphrase stands on the descriptor of `--secrets-fd`, and is handed to the command."""


Method = Look | Change


def run_of(takes: type[Params], words: Callable[[Any], list[str]]) -> Change:
    """Return a method that is a run on a repository."""
    answers = "`{run}`; then `done` with the same, once the work has begun"
    return Change(takes, words, answers, is_run=True, needs_repository=True)
