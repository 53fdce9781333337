"""Where objects lie in a folder (docs/format.md, section 10). Pure.

`config` at the top; every other object in a folder named by the first part of its name, packs a level deeper by the
first two digits of their digest, so that no folder grows beyond what a file system likes. The file has the object's
full name.
"""

import re

from yester.engine.errors import UsageError
from yester.engine.store import checked_name
from yester.plugins.backends.proving.names import Names

TOP = "config"
"""The one object that lies at the top."""
OTHER = "misc"
"""The folder of names that no format of ours uses."""
SHARDED = ("data", "meta")
SHARD = re.compile(r"[0-9a-f]{2}")
TEMPORARY = ".put-"
"""What names of unfinished files begin with: no object's name begins with a dot."""


def folder_of(kind: str) -> str:
    """Return the folder for names that begin with `kind` and a dot."""
    return OTHER if kind == TOP else kind


def place_of(name: str) -> tuple[str, str]:
    """Return the folder that an object lies in and its path, both relative; UsageError for what names no object."""
    kind, dot, rest = checked_name(name).partition(".")
    if name == TOP:
        folder = ""
    elif not dot:
        folder = OTHER
    elif kind in SHARDED and SHARD.match(rest):
        folder = f"{kind}/{rest[:2]}"
    else:
        folder = folder_of(kind)
    return folder, f"{folder}/{name}" if folder else name


def belongs(folder: str, name: str) -> bool:
    """Whether a file of this name is an object: its name must be one, and belong where it lies."""
    try:
        return place_of(name)[0] == folder
    except UsageError:
        return False


def is_passing(folder: str) -> bool:
    """Whether a folder is to go with its last object: those of tests, each of which has one to itself."""
    return Names.of(f"{folder}.") is not None


def ends_test(name: str) -> bool:
    """Whether a test is over once this object is deleted: what its killed puts have left is of nobody then."""
    names = Names.of(name)
    return names is not None and names.mark == name
