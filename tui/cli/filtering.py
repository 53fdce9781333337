"""What a profile leaves out, as options of commands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import FilterSpec
from yester.engine.profiles.sizes import parse_size
from yester.tui.cli.wording import printable

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--exclude", "excludes", metavar="PATTERN", multiple=True, help="Leave out, as a line in a .gitignore."
    ),
    click.option(
        "--exclude-file", "files", metavar="FILE", multiple=True, help="Leave out what the lines of a file say."
    ),
    click.option("--exclude-larger-than", "larger_than", metavar="SIZE", help="Leave out larger files, such as 500M."),
    click.option(
        "--exclude-if-present", "marks", metavar="NAME", multiple=True, help="Leave out folders that hold NAME."
    ),
    click.option(
        "--exclude-caches/--no-exclude-caches", "caches", default=True, help="Leave out what a CACHEDIR.TAG marks."
    ),
    click.option("--one-file-system", is_flag=True, help="Stay on the file system of each source."),
    click.option("--no-default-excludes", is_flag=True, help="Take also what hardly anybody wants back."),
)


def filter_options(command: _Command) -> _Command:
    """Add the options that say what is left out; `filter_spec` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def filter_spec(
    *,
    excludes: tuple[str, ...],
    files: tuple[str, ...],
    larger_than: str | None,
    marks: tuple[str, ...],
    caches: bool,
    one_file_system: bool,
    no_default_excludes: bool,
) -> FilterSpec:
    """Return what the options of `filter_options` say. UsageError for a pattern or a size that is none."""
    return FilterSpec(
        excludes=tuple(_checked_pattern(pattern) for pattern in excludes),
        exclude_files=tuple(Path(os.path.abspath(file)) for file in files),
        larger_than=None if larger_than is None else parse_size(larger_than),
        if_present=marks,
        caches=caches,
        one_file_system=one_file_system,
        defaults=not no_default_excludes,
    )


def _checked_pattern(pattern: str) -> str:
    try:
        pattern.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The pattern {printable(os.fsencode(pattern))} is not UTF-8",
            hint="Write ? or * where such a character stands.",
        ) from None
    return pattern
