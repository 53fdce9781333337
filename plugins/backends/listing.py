"""Which backends there are: what each is, whether it is installed, and what can be said to it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from yester.engine.places import Places
from yester.plugins.backends.common_options import COMMON
from yester.plugins.backends.finding import find
from yester.plugins.backends.options import with_ways
from yester.plugins.backends.registry import PREFIXES, SCHEMES, Row
from yester.plugins.found import Found
from yester.plugins.options.layers import variable_of
from yester.plugins.options.spec import Option
from yester.plugins.settings import read_settings


class ListedOption(msgspec.Struct, frozen=True):
    """One option of a backend."""

    name: str
    kind: str
    default: Any
    choices: tuple[str, ...]
    about: str
    variable: str
    is_secret: bool


class Listed(msgspec.Struct, frozen=True):
    """One backend."""

    name: str
    """`sftp`; of a prefix with the plus that stands behind it: `par2+`."""
    table: str
    """What [backends.…] of a profile and the variables call it; several schemes may be one backend."""
    about: str
    example: str
    needs: str
    """A module that does not come with yester itself; empty: none."""
    extra: str
    """The extra of yester that brings it."""
    is_installed: bool
    options: tuple[ListedOption, ...]
    """None are known of one that is not installed."""
    origin: str = "yester"
    """What it came with: yester, a package, or a file."""
    is_enabled: bool = True
    problem: str = ""
    """Why it cannot be used; empty: it can."""

    @property
    def install(self) -> str:
        """What to type to install it."""
        return f"pip install 'yester[{self.extra}]'"


def listed(places: Places) -> list[Listed]:
    """Return every backend: schemes, prefixes, and those that others made. UsageError for unreadable settings."""
    rows = {**SCHEMES, **{f"{prefix}+": row for prefix, row in PREFIXES.items()}}
    return [*(_listed(name, row) for name, row in rows.items()), *map(_of_others, find(places, read_settings(places)))]


def _of_others(found: Found) -> Listed:
    """Return a backend that others made; what it wants to know besides, only its code can tell, which is not run."""
    return Listed(
        found.name,
        found.name,
        "a backend that is no part of yester",
        f"{found.name}://",
        needs="",
        extra="",
        is_installed=True,
        options=tuple(_options(found.name, COMMON)),
        origin=found.package or found.place,
        is_enabled=found.is_enabled,
        problem=found.problem,
    )


def _listed(name: str, row: Row) -> Listed:
    module = row.load() if row.is_installed else None
    table = str(getattr(module, "NAME", name.removesuffix("+")))
    options = tuple(_options(table, getattr(module, "OPTIONS", {})))
    return Listed(name, table, row.about, row.example, row.needs, row.extra, row.is_installed, options)


def _options(table: str, spec: Mapping[str, Option]) -> Iterator[ListedOption]:
    for name, option in with_ways(spec).items():
        yield ListedOption(
            name,
            option.kind,
            None if option.is_secret else option.default,
            tuple(option.choices),
            option.about,
            variable_of(table, name),
            option.is_secret,
        )
