"""What a plugin returned, as a worker tells it: whatever generation it is of, and whatever else it may be. Pure.

    {"form": "all" | "listed", "done": […], "refused": […], "words": TEXT, "extra": {…}, "strange": […]}

Nothing is judged here: the host does that (answers.py), which need not believe a worker.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from yester.engine.events import clean
from yester.plugins.options.kinds import plain
from yester.plugins.portal.filesets import encoded

MOST_STRANGE = 5
"""Things that are no file set of which is told what they are."""
_LONGEST = 200


def told(returned: Any, most: int) -> dict[str, Any]:
    """Return what a plugin returned; of more than `most` file sets the first ones, and that there were more."""
    if _is_parted(returned):
        archived, refused, words, extra = returned
        return {
            **_listed(archived, most),
            "refused": _listed(refused or (), most)["done"],
            "words": clean(str(words or "")),
            "extra": plain(dict(extra)) if isinstance(extra, Mapping) else {},
        }
    return _listed(returned, most)


def _is_parted(returned: Any) -> bool:
    """Whether this is `(archived, not_archived, error_string, extra_dict)`, and no tuple of four file sets."""
    return (
        isinstance(returned, tuple)
        and not _is_set(returned)
        and len(returned) == 4
        and (returned[2] is None or isinstance(returned[2], str))
        and (returned[3] is None or isinstance(returned[3], Mapping))
    )


def _listed(returned: Any, most: int) -> dict[str, Any]:
    if returned is None:
        return {"form": "all", "done": [], "strange": []}
    if _is_set(returned):
        returned = (returned,)
    if isinstance(returned, str | bytes | Mapping) or not isinstance(returned, Iterable):
        return {"form": "listed", "done": [], "strange": [_shown(returned)]}
    each = list(islice(returned, most + 1))
    strange = [_shown(one) for one in each if not _is_set(one)][:MOST_STRANGE]
    if len(each) > most:
        strange = [f"more than {most:,} things", *strange]
    return {"form": "listed", "done": [_set(one) for one in each[:most] if _is_set(one)], "strange": strange}


def _is_set(thing: Any) -> bool:
    return isinstance(getattr(thing, "item_id", None), str)


def _set(file_set: Any) -> list[Any]:
    """Return a file set as `[item_id, sha1, external ids]`; one id need not be in a list."""
    ids = getattr(file_set, "external_ids", None)
    if ids is None:
        ids = ()
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        ids = (ids,)
    return [clean(file_set.item_id), clean(str(getattr(file_set, "sha1", ""))), [_id(each) for each in ids]]


def _id(locator: Any) -> bytes:
    return locator if isinstance(locator, bytes) else encoded(str(locator))


def _shown(thing: Any) -> str:
    text = clean(f"{type(thing).__name__} {thing!r}")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
