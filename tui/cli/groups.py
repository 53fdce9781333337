"""A command of several commands: alone it shows its help, and a mistyped one gets the nearest names."""

import click

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean


class Group(click.Group):
    """A group of commands that says what is wrong as the rest of the program does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help when nothing is asked for: whoever types only this wants to know what there is."""
        if not args and not self.invoke_without_command:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; UsageError names the nearest ones."""
        names = self.list_commands(ctx)
        if not args[0].startswith("-") and args[0] not in names:
            above = ctx.command_path.partition(" ")[2]
            raise UsageError(
                f"There is no command {above} {args[0]}" if above else f"There is no command {args[0]}",
                hint=did_you_mean(args[0], names) or f"See {ctx.command_path} --help.",
            )
        return super().resolve_command(ctx, args)
