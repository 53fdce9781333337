"""The folders that the objects with a prefix lie in (docs/format.md, section 10), some at a time, each read once.

For stores whose every look into a folder is a request to a server far away.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from yester.plugins.backends.folder_layout import OTHER, SHARD, SHARDED, folder_of

AT_ONCE = 4
"""How many folders are read at the same time."""

File = TypeVar("File")

Inside = Callable[[str], tuple[list[File], list[str]]]
"""Gives what is in a folder: its files, and the names of its folders; nothing when there is no such folder."""


def in_many(prefix: str) -> bool:
    """Whether names with this prefix may lie in many folders."""
    kind, dot, rest = prefix.partition(".")
    return not dot or (folder_of(kind) in SHARDED and not SHARD.match(rest))


def walk(prefix: str, inside: Inside[File]) -> Iterator[tuple[str, list[File]]]:
    """Yield each folder that names with this prefix may lie in, and its files."""
    kind, dot, rest = prefix.partition(".")
    if dot and folder_of(kind) in SHARDED and SHARD.match(rest):
        found = [f"{kind}/{rest[:2]}"]
    elif dot:
        found = [folder_of(kind)]
    else:
        files, folders = inside("")
        yield "", files
        found = [each for each in dict.fromkeys(folders) if each.startswith(kind) or each == OTHER]
    shards: list[str] = []
    for folder, (files, folders) in _each(found, inside):
        yield folder, files
        if folder in SHARDED:
            known = (each for each in dict.fromkeys(folders) if SHARD.fullmatch(each) and each.startswith(rest[:2]))
            shards += (f"{folder}/{each}" for each in known)
    for folder, (files, _) in _each(shards, inside):
        yield folder, files


def _each(folders: Iterable[str], inside: Inside[File]) -> Iterator[tuple[str, tuple[list[File], list[str]]]]:
    folders = tuple(folders)
    if len(folders) < 2:
        yield from ((folder, inside(folder)) for folder in folders)
        return
    pool = ThreadPoolExecutor(AT_ONCE, "folders")
    try:
        yield from zip(folders, pool.map(inside, folders), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)
