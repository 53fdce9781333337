"""yester backend duplicity-file, serve: yester as a backend of duplicity."""

import sys
from importlib.util import find_spec

import click


@click.command("duplicity-file", short_help="Show the file that makes yester a backend of duplicity.")
def duplicity_file() -> None:
    """Print where the file is that belongs into duplicity's folder of backends.

    duplicity then takes yester+URL for its target, with any URL that yester takes for a repository.
    """
    spec = find_spec("yester.plugins.duplicity")
    assert spec is not None
    assert spec.submodule_search_locations
    click.echo(f"{spec.submodule_search_locations[0]}/yesterbackend.py")


@click.command("serve", short_help="Keep files for duplicity.", hidden=True)
@click.argument("url")
def serve(url: str) -> None:
    """Keep files at a URL, for the backend file of duplicity that asks on standard input."""
    from yester.plugins.backends.registry import open_store
    from yester.plugins.duplicity.keeping import open_keeper
    from yester.plugins.duplicity.keeping import serve as answer

    answer(lambda: open_keeper(url, open_store), sys.stdin, sys.stdout)
