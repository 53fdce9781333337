"""Calling an archive of any generation: each method takes as much as it takes (contracts section 5.2). Workers only.

Always on the object: some plugins have static methods, some others.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

FORMS = {
    "archive": "archive(self, file_sets, policy_uuid, job_id)",
    "restore": "restore(self, file_sets, policy_uuid)",
    "delete": "delete(self, file_sets, policy_uuid)",
    "restore_bulk": "restore_bulk(self, file_sets, policy_uuid)",
    "verify": "verify(self, file_sets, policy_uuid)",
}
"""Method about file sets → its newest form."""
REQUIRED = ("archive", "restore", "delete")
CONSTRAINTS = ("get_policy_constrains", "get_policy_constraints")
"""As Portal spells it, and as somebody will."""


def problems_of(archive: Any) -> Iterator[str]:
    """Yield what is wrong with an archive, each with the right form."""
    name = type(archive).__name__
    if not isinstance(archive.plugin_guid, str) or not archive.plugin_guid:
        yield f'{name} has no plugin_guid: it needs one of its own, as plugin_guid = "…" (`uuidgen` makes one)'
    for method, form in FORMS.items():
        there = getattr(archive, method, None)
        if there is None and method not in REQUIRED:
            continue
        if not callable(there):
            yield f"{name} has no {form.partition('(')[0]}: def {form}"
        elif inspect.iscoroutinefunction(there):
            yield f"{name}.{method} must be a plain function: def {form}"
        elif _most(there, 3) < 1:
            yield f"{name}.{method}{inspect.signature(there)} must be: def {form}"


def call(archive: Any, method: str, *arguments: Any) -> Any:
    """Call a method with as many of the arguments as it takes."""
    there = getattr(archive, method)
    return there(*arguments[: _most(there, len(arguments))])


def constraints_of(archive: Any, policy: Any) -> Any:
    """Return what an archive says about when a bulk policy hands over; None when it does not."""
    for method in CONSTRAINTS:
        if callable(getattr(archive, method, None)):
            said = call(archive, method, policy)
            # Told of no policy, it may tell of all.
            return said.get(policy, said) if isinstance(said, dict) else said
    return None


def _most(method: Callable[..., Any], most: int) -> int:
    """Return how many of `most` arguments a method takes; -1 for one that takes no number of them."""
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):  # it is written in C
        return most
    for count in range(most, -1, -1):
        try:
            signature.bind(*([None] * count))
        except TypeError:
            continue
        return count
    return -1
