"""Errors, by whose fault they are and whether a retry may help.

Every error that a person may meet is a YesterError: raised low, with the thing it is about in its
text, and worded once, by the shell, as "what happened" and "what to do next" (the hint). Anything else that
escapes is a defect of yester's own.
"""

from typing import ClassVar


class YesterError(Exception):
    """Something failed that a sentence can explain; exit code 1 unless a subclass says otherwise."""

    exit_code: ClassVar[int] = 1
    transient: ClassVar[bool] = False

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(YesterError):
    """The person asked for something that makes no sense, or the configuration does not."""

    exit_code = 2


class BusyError(YesterError):
    """Another run of this profile is active."""

    exit_code = 4
    transient = True


class DamageError(YesterError):
    """An object of the repository is not what was written; the text names it."""

    exit_code = 5


class RepositoryError(YesterError):
    """The repository cannot be opened: missing, no repository, wrong passphrase, or newer than this program."""

    exit_code = 6


class WrongSecret(RepositoryError):
    """No key of the repository opens with the passphrase."""


class MissingRepository(RepositoryError):
    """There is nothing where the repository should be: perhaps its disk is not connected."""


class CancelledError(YesterError):
    """The person cancelled the run."""

    exit_code = 130


class ArchiveError(YesterError):
    """An archive did not do what was asked; the text is its own words."""

    transient = True


class StoreError(YesterError):
    """A store did not do what was asked; `name` is the object, empty when it is the store itself."""

    def __init__(self, what: str, *, name: str = "", hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.name = name


class Missing(StoreError):
    """The store holds no object of that name."""


class Exists(StoreError):
    """An object of that name is already there, and the put was to create it."""


class Offline(StoreError):
    """The object is in a cold tier and must be recalled first."""


class Denied(StoreError):
    """The store refuses: permissions, credentials, a read-only medium."""


class Full(StoreError):
    """No room is left in the store."""


class Retry(StoreError):
    """The store failed for now: time-out, overload, lost connection."""

    transient = True


class Overloaded(Retry):
    """The store asks to be left alone for longer than after another failure; `after_s` where it says how long."""

    def __init__(self, what: str, *, name: str = "", hint: str = "", after_s: float = 0.0) -> None:
        super().__init__(what, name=name, hint=hint)
        self.after_s = after_s


class Broken(StoreError):
    """The store failed for good: an I/O error, a truncated object."""
