"""The methods of a backend: what each is called with, for how long, and what it means. Pure.

The table is what the adapter, the worker, the check at registration and docs/backends.md go by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Argument = Literal["path", "name", "names", "size"]
Patience = Literal["short", "transfer", "endless"]
"""How long a call may take: an answer, an object's transfer, or whatever it takes to fetch an object from a shelf."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a backend."""

    form: str
    """As it is written."""
    arguments: tuple[Argument, ...]
    patience: Patience
    about: str
    is_required: bool = False

    @property
    def operation(self) -> str:
        """What `_error_code` is told, and what an error says."""
        return self.form.removeprefix("def ").partition("(")[0].strip("_")


METHODS: Mapping[str, Method] = {
    "_put": Method(
        "def _put(self, source: Path, name: str) -> None",
        ("path", "name"),
        "transfer",
        "Store the file as the object `name`, in the place of what has the name. It must never be seen in part: upload "
        "under another name and rename, where the service does not do so itself.",
        True,
    ),
    "_get": Method(
        "def _get(self, name: str, target: Path) -> None",
        ("name", "path"),
        "transfer",
        "Write the object to the file, which is not there yet. No such object: `ErrorCode.NOT_FOUND`.",
        True,
    ),
    "_list": Method(
        "def _list(self) -> Iterable[str]",
        (),
        "transfer",
        "Return all names, those that were put before it was called among them. Foreign ones do no harm.",
        True,
    ),
    "_delete": Method(
        "def _delete(self, name: str) -> None",
        ("name",),
        "short",
        "Remove the object. That there is none may raise or not.",
        True,
    ),
    "_delete_list": Method(
        "def _delete_list(self, names: list[str]) -> None",
        ("names",),
        "transfer",
        "Remove up to 100 objects. The list is yours.",
    ),
    "_query": Method(
        "def _query(self, name: str) -> dict[str, int | None]",
        ("name",),
        "short",
        'Return `{"size": N}`; -1: there is no such object, None: nobody knows.',
    ),
    "_query_list": Method(
        "def _query_list(self, names: list[str]) -> dict[str, dict[str, int | None]]",
        ("names",),
        "transfer",
        "Return the same for up to 100 names, by name.",
    ),
    "_move": Method(
        "def _move(self, source: Path, name: str) -> bool | None",
        ("path", "name"),
        "transfer",
        "As `_put`, and the file is gone. False: it cannot, so `_put` does it.",
    ),
    "_validate": Method(
        "def _validate(self, name: str, size: int, source: Path) -> tuple[bool, str]",
        ("name", "size", "path"),
        "transfer",
        "Return whether the object that was just put is whole, and if not, why. Without it sizes are compared.",
    ),
    "_retry_cleanup": Method(
        "def _retry_cleanup(self) -> None", (), "short", "Called after the pause, before a call is made again."
    ),
    "_error_code": Method(
        "def _error_code(self, operation: str, problem: Exception) -> int | None",
        (),
        "short",
        "Return the `ErrorCode` of an exception that does not say one; None: not known either. "
        "`operation` is `put`, `get`, …",
    ),
    "_close": Method("def _close(self) -> None", (), "short", "Let go of connections; nothing is called after it."),
    "pre_process_download": Method(
        "def pre_process_download(self, name: str) -> None",
        ("name",),
        "endless",
        "Make a cold object readable, and return when it is. Called beside all else.",
    ),
    "pre_process_download_batch": Method(
        "def pre_process_download_batch(self, names: list[str]) -> None",
        ("names",),
        "endless",
        "The same for many, all at once.",
    ),
}
"""Method → how it is called. Which optional ones a backend has is seen by looking at it."""

SLICE = 100
"""Names of one `_delete_list` or `_query_list`."""
