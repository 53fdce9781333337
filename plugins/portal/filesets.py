"""File sets between a worker and its host: paths are text that need not be UTF-8, and so go as bytes. Pure."""

from collections.abc import Sequence
from typing import Any

from yester.engine.archive.port import FileSet


def encoded(text: str) -> bytes:
    """Return text as it is sent."""
    return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
    """Return text that was sent."""
    return data.decode("utf-8", "surrogateescape")


def sent(file_set: FileSet) -> list[Any]:
    """Return a file set as it is sent."""
    return [
        [encoded(path) for path in file_set.files],
        file_set.item_id,
        file_set.sha1,
        [encoded(each) for each in file_set.external_ids],
    ]


def received(said: Sequence[Any]) -> FileSet:
    """Return a file set that a host sent; its lists are lists, as plugins expect them."""
    files, item_id, sha1, external_ids = said
    return FileSet([*map(decoded, files)], item_id, sha1, [*map(decoded, external_ids)])
