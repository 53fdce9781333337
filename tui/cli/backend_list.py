"""yester backend list: where repositories can lie, and what can be said about each way there."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.engine.profiles.toml_text import toml_line
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import one_line, table

if TYPE_CHECKING:
    from yester.plugins.backends.listing import Listed, ListedOption

_HEADER = ("BACKEND", "LEADS TO", "WRITTEN AS", "INSTALLED")
_OPTIONS = ("OPTION", "TAKES", "DEFAULT", "VARIABLE")


@click.command("list", short_help="List the ways to a repository.")
@click.argument("names", metavar="[BACKEND]...", nargs=-1)
@as_json
def list_(names: Sequence[str], as_json: bool) -> None:
    """List the schemes and prefixes that URLs of repositories can have; of those named, with their options."""
    from yester.plugins.backends.listing import listed

    there = listed(Places.default())
    wanted = [_named(name, there) for name in names] or there
    if as_json:
        echo_json(wanted)
    elif names:
        click.echo("\n\n".join("\n".join(_details(each)) for each in wanted))
    else:
        click.echo("\n".join(table([_HEADER, *map(_row, there)])))
        click.echo("\noptions of one: yester backend list BACKEND\ntry a place out: yester backend test URL")


def _named(name: str, there: "Sequence[Listed]") -> "Listed":
    plain = name.removesuffix("://").lower()
    for each in there:
        if plain in (each.name, each.name.removesuffix("+")):
            return each
    raise UsageError(
        f"There is no backend {name}",
        hint=did_you_mean(plain, [each.name for each in there]) or "See yester backend list.",
    )


def _row(each: "Listed") -> tuple[str, ...]:
    return _shown(each), each.about, each.example, _state(each)


def _state(each: "Listed") -> str:
    if each.problem:
        return f"broken: {each.problem}"
    if not each.is_enabled:
        return "off"
    return "yes" if each.is_installed else f"no: {each.install}"


def _shown(each: "Listed") -> str:
    return each.name if each.name.endswith("+") else f"{each.name}://"


def _details(each: "Listed") -> Iterator[str]:
    yield one_line(f"{_shown(each)}  {each.about}")
    yield one_line(f"  written as: {each.example}")
    yield one_line(f"  comes with: {each.origin}")
    if each.needs:
        yield one_line(f"  needs: {each.needs} ({each.install})")
    if not (each.is_installed and each.is_enabled) or each.problem:
        yield one_line(f"  installed: {_state(each)}")
    if not each.options:
        yield "  options: none" if each.is_installed else "  options: shown once it is installed"
        return
    yield one_line(f"  options, in [backends.{each.table}] of a profile or as variables:")
    header, *lines = table([_OPTIONS, *map(_option, each.options)])
    yield f"    {header}"
    for option, line in zip(each.options, lines, strict=True):
        yield f"    {line}"
        if option.about:
            yield one_line(f"        {option.about}")


def _option(option: "ListedOption") -> tuple[str, ...]:
    takes = f"one of {', '.join(option.choices)}" if option.choices else option.kind
    default = "-" if option.default in (None, "") else toml_line(option.default)
    return option.name, takes + (", secret" if option.is_secret else ""), default, option.variable
