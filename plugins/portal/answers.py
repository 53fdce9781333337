"""From what a plugin returned to an Answer: only what was asked about counts, and what else it said is remarked. Pure.

Nothing is taken on trust. A file set counts as done if it was asked about, is still the same content, and the plugin
does not also say that it failed; where it lies then are the plugin's words, kept as they are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from yester.engine.archive.port import Answer, FileSet, Refusal
from yester.engine.errors import ArchiveError
from yester.plugins.portal.filesets import decoded

MOST_IDS = 1000
LONGEST_ID = 4096
"""Bytes."""
LONGEST_WORDS = 4000
REASONS = "reasons"
"""What is told beside: why each item failed, by item."""
PENDING = "pending"
"""What is on its way, and so neither done nor failed: words by item."""
LARGEST_EXTRA = 64 << 10
"""Bytes of what is told beside, as JSON has it."""

_Set = tuple[str, str, tuple[bytes, ...]]


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    """As returned.py tells it."""

    form: Literal["all", "listed"]
    done: tuple[_Set, ...]
    strange: tuple[str, ...]
    refused: tuple[_Set, ...] = ()
    words: str = ""
    extra: dict[str, Any] = {}


def answer_of(asked: Sequence[FileSet], said: object, *, keeps_ids: bool) -> Answer:
    """Return what came of a call about file sets. ArchiveError for what makes no sense at all.

    With `keeps_ids` the external ids that were handed over stay; else they are what the plugin says.
    """
    try:
        understood = msgspec.convert(said, _Said, strict=False)
    except (msgspec.ValidationError, RecursionError) as problem:
        raise ArchiveError(f"What it answered makes no sense: {problem}") from None
    return _Reading({each.item_id: each for each in asked}, understood, keeps_ids).answer()


class _Reading:
    """One answer on the way from what was said."""

    def __init__(self, asked: Mapping[str, FileSet], said: _Said, keeps_ids: bool) -> None:
        self._asked, self._said, self._keeps_ids = asked, said, keeps_ids
        self._foreign: list[str] = []
        self._twice: list[str] = []
        self._swapped: list[str] = []
        self._misplaced: list[str] = []
        self._both: list[str] = []

    def answer(self) -> Answer:
        words = self._said.words[:LONGEST_WORDS]
        refused = self._known(self._said.refused)
        done = self._known(self._said.done)
        if self._said.form == "all":
            done = {item: () for item in self._asked if item not in refused}
        self._both = [item for item in done if item in refused]
        pending = [*self._pending({*done, *refused})]
        kept = [found for item, ids in done.items() if item not in refused for found in self._placed(item, ids)]
        return Answer(
            tuple(kept),
            tuple(Refusal(item, self._why(item, words)) for item in refused),
            words,
            self._extra(),
            tuple(pending),
            tuple(self._remarks(len(done.keys() | refused.keys() | {each.item_id for each in pending}))),
        )

    def _known(self, sets: Sequence[_Set]) -> dict[str, tuple[bytes, ...]]:
        """Return the external ids of those that were asked about, by item; the first one of each."""
        found: dict[str, tuple[bytes, ...]] = {}
        for item, sha1, ids in sets:
            if item not in self._asked:
                self._foreign.append(item)
            elif sha1 != self._asked[item].sha1:
                self._swapped.append(item)
            elif item in found:
                self._twice.append(item)
            else:
                found[item] = ids
        return found

    def _placed(self, item: str, ids: tuple[bytes, ...]) -> Iterator[FileSet]:
        """Yield the file set with where it is now; nothing where that cannot be kept."""
        if self._keeps_ids or self._said.form == "all":
            yield self._asked[item]
        elif len(ids) > MOST_IDS or any(len(each) > LONGEST_ID for each in ids):
            self._misplaced.append(item)
        else:
            yield self._asked[item]._replace(external_ids=tuple(map(decoded, ids)))

    def _why(self, item: str, words: str) -> str:
        reasons = self._said.extra.get(REASONS)
        why = reasons.get(item) if isinstance(reasons, dict) else None
        return str(why or words or "the archive says that it failed")[:LONGEST_WORDS]

    def _pending(self, spoken_of: Collection[str]) -> Iterator[Refusal]:
        """Yield what is on its way, of what it says nothing else about."""
        pending = self._said.extra.get(PENDING)
        for item, why in pending.items() if isinstance(pending, dict) else ():
            if item in self._asked and item not in spoken_of:
                yield Refusal(item, str(why)[:LONGEST_WORDS])

    def _extra(self) -> Mapping[str, object]:
        return self._beside() if self._fits() else {}

    def _beside(self) -> dict[str, Any]:
        return {name: value for name, value in self._said.extra.items() if name not in (REASONS, PENDING)}

    def _fits(self) -> bool:
        try:
            return len(msgspec.json.encode(self._beside())) <= LARGEST_EXTRA
        except (TypeError, ValueError, RecursionError):
            return False

    def _remarks(self, spoken_of: int) -> Iterator[str]:
        for items, what in (
            (self._foreign, "It spoke of file sets that it was not asked about"),
            (self._swapped, "It spoke of other content than it was asked about"),
            (self._twice, "It spoke of some twice"),
            (self._both, "It said of some that they are done and that they failed"),
            (self._misplaced, "It said of some that they lie in more places, or longer ones, than can be kept"),
        ):
            if items:
                yield f"{what}: {_some(items)}"
        if self._said.strange:
            yield f"It returned what is no file set: {'; '.join(self._said.strange)}"
        if not self._fits():
            yield "It said more beside than can be kept"
        silent = len(self._asked) - spoken_of
        if silent > 0:
            yield f"It did not speak of {silent:,} of {len(self._asked):,} file sets"


def _some(items: Sequence[str]) -> str:
    first = [item[:100] for item in items[:3]]
    return ", ".join(first) + (f" and {len(items) - len(first):,} more" if len(items) > len(first) else "")
