"""The table of what `yester serve` can be asked: one row a method, with what it takes, answers and equals; pure."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.tui.serve.methods import (
    archives,
    files,
    messages,
    mounts,
    plugins,
    profiles,
    program,
    repositories,
    runs,
    snapshots,
    sources,
    storage,
)
from yester.tui.serve.methods.kinds import Method

_NOUNS = (
    program,
    profiles,
    sources,
    repositories,
    runs,
    snapshots,
    files,
    storage,
    archives,
    mounts,
    messages,
    plugins,
)

METHODS: Mapping[str, Method] = MappingProxyType({name: row for noun in _NOUNS for name, row in noun.METHODS.items()})
"""Name → what it is."""
