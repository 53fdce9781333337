"""Making a backend's call where the backend is: in a worker, or in this process.

Arguments come as bytes and text, as they go over a stream, and each world says what its backends take instead. What a
call returns or raises goes back as a value: nothing that a backend raises escapes as anything else.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yester.engine.store import is_name
from yester.plugins.backends.codes import failure_of
from yester.plugins.backends.methods import METHODS

LIST = "_list"


@dataclass(frozen=True, slots=True)
class Ways:
    """What the backends of a world take for paths and names."""

    path: Callable[[bytes], Any] = lambda path: Path(os.fsdecode(path))
    name: Callable[[str], Any] = lambda name: name


def perform(backend: Any, method: str, arguments: Sequence[Any], ways: Ways) -> dict[str, Any]:
    """Call a method, and return `{"value": …}` or `{"failed": …}` (codes.Failure). `_list` gets a file to write to."""
    known = METHODS[method]
    try:
        if method == LIST:
            return {"value": _listed(backend, arguments[0])}
        given = [_given(kind, value, ways) for kind, value in zip(known.arguments, arguments, strict=True)]
        return {"value": _sent(method, getattr(backend, method)(*given))}
    except Exception as problem:  # noqa: BLE001  the backend's own affair, told as what it is
        return failure_of(backend, known.operation, problem).sent()


def _given(kind: str, value: Any, ways: Ways) -> Any:
    match kind:
        case "path":
            return ways.path(value)
        case "name":
            return ways.name(value)
        case "names":
            return [ways.name(each) for each in value]
        case _:
            return value


def _listed(backend: Any, target: bytes) -> int:
    """Write the names, one a line, to a file: they may be more than a message holds. Foreign ones are left out."""
    found: Iterable[str | bytes] = backend._list()
    texts = (each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in found)
    names = dict.fromkeys(each for each in texts if is_name(each))
    with open(target, "x", encoding="ascii") as file:
        file.writelines(f"{name}\n" for name in names)
    return len(names)


def _sent(method: str, value: Any) -> Any:
    """Return what a call returned as it can be sent."""
    match method:
        case "_query":
            return _size(value)
        case "_query_list":
            return {_text(name): _size(info) for name, info in (value or {}).items()}
        case "_validate":
            is_whole, why = value
            return [bool(is_whole), str(why)]
        case "_move":
            # Only False says that nothing was done.
            return value is not False
        case _:
            return None


def _size(info: Any) -> int | None:
    size = info.get("size") if info else None
    return None if size is None else int(size)


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
