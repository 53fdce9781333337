"""Asking the person at the terminal, where there is one."""

import sys
from collections.abc import Callable

import click

from yester.engine.errors import CancelledError, UsageError


def passphrase_prompt(place: str) -> Callable[[], str] | None:
    """Return what asks for the passphrase of the repository at `place`; None without a terminal."""
    return (lambda: _ask(f"Passphrase of {place}: ")) if is_attended() else None


def new_passphrase_prompt() -> Callable[[], str] | None:
    """Return what asks twice for a new passphrase (UsageError when the two differ); None without a terminal."""
    return _ask_twice if is_attended() else None


def wants_to_go_on(question: str) -> bool:
    """Ask a person at the terminal; anything but no is yes, the end of their input is no."""
    click.echo(f"{question} [Y/n] ", nl=False, err=True)
    answer = sys.stdin.readline()
    return bool(answer) and not answer.strip().lower().startswith("n")


def is_attended() -> bool:
    """Whether a person is there to ask and to answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _ask(words: str, lacking: str = "No passphrase was typed") -> str:
    from getpass import getpass

    try:
        return getpass(words)
    except EOFError:
        click.echo(err=True)  # the prompt has no line end
        raise CancelledError(lacking) from None


def _ask_twice() -> str:
    first = _ask("New passphrase: ")
    if first and _ask("The same again: ") != first:
        raise UsageError("The two passphrases differ", hint="Try again.")
    return first


def typed_secret(name: str) -> str:
    """Return what a person types unseen, or the first line of standard input where none is there; CancelledError."""
    if is_attended():
        return _ask(f"{name}: ", f"{name} was not typed")
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise CancelledError(f"Standard input holds no line for {name}")
    return line.removesuffix("\n")


def confirm(question: str, *, yes: bool) -> None:
    """Ask whether to go on, where a person is there to answer and has not said `yes` already; CancelledError if not."""
    if yes or not is_attended():
        return
    click.echo(f"{question} [y/N] ", nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CancelledError("Nothing was changed")
