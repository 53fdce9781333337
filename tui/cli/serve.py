"""yester serve: answer a front end, over standard input and output."""

import click

from yester.engine.places import Places


@click.command("serve", short_help="Answer a front end, in lines of JSON.")
@click.option(
    "--secrets-fd",
    "secrets",
    type=click.IntRange(3),
    metavar="N",
    help="Where passphrases come from: an open file by its number, a line each.",
)
def command(secrets: int | None) -> None:
    """Answer requests, lines of JSON on standard input, until it closes; docs/serve.md describes them.

    This is how the terminal program works, and how another front end would.
    """
    from yester.tui.serve.serving import serve

    serve(Places.default(), secrets)
