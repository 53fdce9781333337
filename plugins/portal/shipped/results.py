"""What an archive did with each file set, in the form that plugins return it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from yester.engine.archive.port import FileSet
from yester.plugins.portal.shipped.copying import Unlike

Result = tuple[list[FileSet], list[FileSet], str, dict[str, Any]]
"""Done, failed, why, and what else is known: `reasons` by item, `volumes`."""


class Failed(Exception):
    """One file set was not done, and why."""


@dataclass
class Results:
    """Gathers what becomes of each."""

    done: list[FileSet] = field(default_factory=list)
    failed: list[FileSet] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    def each(self, file_sets: Iterable[FileSet], do: Callable[[FileSet], FileSet]) -> "Results":
        """Do something with each; that one fails keeps none of the others."""
        for file_set in file_sets:
            try:
                self.done.append(do(file_set))
            except (Failed, Unlike) as problem:
                self.fail(file_set, str(problem))
            except OSError as problem:
                where = f"{problem.filename}: " if problem.filename else ""
                self.fail(file_set, f"{where}{problem.strerror or problem}")
        return self

    def fail(self, file_set: FileSet, why: str) -> None:
        """Note that one was not done."""
        self.failed.append(file_set)
        self.reasons[file_set.item_id] = why

    def returned(self, **more: Any) -> Result:
        """Return it as plugins do."""
        words = f"{len(self.failed):,} of {len(self.failed) + len(self.done):,} failed" if self.failed else ""
        return self.done, self.failed, words, {"reasons": self.reasons, **more} if self.failed else more
