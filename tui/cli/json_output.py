"""JSON for programs: what `--json` prints."""

import click
import msgspec


def echo_json(value: object) -> None:
    """Print a value as indented JSON. Paths in it are `Shown` (engine/events.py)."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
