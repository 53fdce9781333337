"""Texts in other languages: there are none here, and each is its own translation."""

from contextlib import AbstractContextManager, nullcontext


def gettext(message: str) -> str:
    """Return the text."""
    return message


def override(language: str | None) -> AbstractContextManager[None]:
    """Return what would set a language for a block."""
    return nullcontext()


def activate(language: str | None) -> None:
    """Do nothing: there is one language."""


def get_language() -> str:
    """Return the language."""
    return "en"


ugettext = gettext_lazy = ugettext_lazy = gettext
