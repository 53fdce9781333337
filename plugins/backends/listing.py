"""Which backends there are: what each is, whether it is installed, and what can be said to it."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import msgspec

from yester.plugins.backends.options import with_ways
from yester.plugins.backends.registry import PREFIXES, SCHEMES, Row
from yester.plugins.options.layers import variable_of
from yester.plugins.options.spec import Option


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

    @property
    def install(self) -> str:
        """What to type to install it."""
        return f"pip install 'yester[{self.extra}]'"


def listed() -> list[Listed]:
    """Return every backend, schemes first."""
    rows = {**SCHEMES, **{f"{prefix}+": row for prefix, row in PREFIXES.items()}}
    return [_listed(name, row) for name, row in rows.items()]


def _listed(name: str, row: Row) -> Listed:
    is_installed = not row.needs or find_spec(row.needs) is not None
    module = row.load() if is_installed else None
    table = str(getattr(module, "NAME", name.removesuffix("+")))
    options = tuple(_options(table, getattr(module, "OPTIONS", {})))
    return Listed(name, table, row.about, row.example, row.needs, row.extra, is_installed, options)


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
