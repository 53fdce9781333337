"""The program: its commands, what it does about signals, and how it ends.

Commands are loaded when they are used, since `yester --help` and a run from a timer should not wait for libraries that
they do not need; so the names and first help lines stand here in a table, and a test holds them against the modules.
"""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from yester import __version__
from yester.engine.errors import UsageError
from yester.tui.cli.failures import Interrupted, Terminated, explain
from yester.tui.cli.groups import Group

GROUPS = {
    "Start here": {
        "init": ("yester.tui.cli.init", "Make a repository."),
        "profile": ("yester.tui.cli.profile", "Say what to take snapshots of."),
        "snap": ("yester.tui.cli.snap", "Take a snapshot of a profile."),
        "list": ("yester.tui.cli.list", "List snapshots."),
        "mount": ("yester.tui.cli.mount", "Show all snapshots as a folder."),
        "mounts": ("yester.tui.cli.mounts", "List what is mounted."),
        "umount": ("yester.tui.cli.umount", "Take a mounted folder away again."),
        "status": ("yester.tui.cli.status", "Say how the profiles stand."),
        "tui": ("yester.tui.cli.tui", "Open the terminal program."),
    },
    "Look and restore": {
        "show": ("yester.tui.cli.show", "Show a snapshot, or what is in it."),
        "find": ("yester.tui.cli.find", "Look for a name in all snapshots."),
        "versions": ("yester.tui.cli.versions", "Show what a file or folder was, and when."),
        "diff": ("yester.tui.cli.diff", "Show what differs between two snapshots, or from the files."),
        "du": ("yester.tui.cli.du", "Show what takes the space."),
        "restore": ("yester.tui.cli.restore", "Bring files back."),
        "export": ("yester.tui.cli.export", "Write a snapshot to standard output as an archive."),
        "verify": ("yester.tui.cli.verify", "Compare files with a snapshot by content."),
    },
    "Care for snapshots": {
        "tag": ("yester.tui.cli.tag", "Give snapshots tags."),
        "pin": ("yester.tui.cli.pin", "Keep snapshots whatever the retention says."),
        "rename": ("yester.tui.cli.rename", "Give a snapshot a name or a note."),
        "forget": ("yester.tui.cli.forget", "Let old snapshots go."),
        "prune": ("yester.tui.cli.prune", "Give back the room of what no snapshot needs."),
        "rewrite": ("yester.tui.cli.rewrite", "Take a path out of history."),
        "copy": ("yester.tui.cli.copy", "Copy snapshots to another repository."),
    },
    "Repositories and keys": {
        "check": ("yester.tui.cli.check", "Look for damage in a repository."),
        "repair": ("yester.tui.cli.repair", "Make do without what damage took."),
        "backend": ("yester.tui.cli.backend", "See where repositories can lie, and try a place out."),
        "key": ("yester.tui.cli.key", "List and change the keys that open a repository."),
        "archive": ("yester.tui.cli.archive", "Keep old snapshots somewhere slow and cheap."),
        "recall": ("yester.tui.cli.recall", "Bring back what lies in archives only."),
        "import": ("yester.tui.cli.importing", "Take over profiles and snapshots of another program."),
        "version": ("yester.tui.cli.version", "Show the version of yester and of what it works with."),
    },
    "Runs and schedules": {
        "schedule": ("yester.tui.cli.schedule", "Let runs start by themselves."),
        "runs": ("yester.tui.cli.runs", "List runs, and what came of them."),
        "log": ("yester.tui.cli.log", "Show what happened in a run, or is happening."),
        "messages": ("yester.tui.cli.messages", "List what needs your attention."),
        "plugin": ("yester.tui.cli.plugin", "See, switch and start plugins."),
        "cancel": ("yester.tui.cli.cancel", "Stop a run, in good order."),
        "pause": ("yester.tui.cli.pause", "Let a run stand still."),
        "resume": ("yester.tui.cli.resume", "Let a run that stands still go on."),
        "serve": ("yester.tui.cli.serve", "Answer a front end, in lines of JSON."),
    },
}
"""Heading → command → the module whose `command` it is, and its first help line; as a newcomer needs them."""
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}


class Commands(Group):
    """A group that loads a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that is meant. Interrupted, Terminated."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tables, one below another, without loading anything."""
        width = max(map(len, COMMANDS))
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), line) for name, (_, line) in commands.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="More about a command: yester COMMAND --help",
)
@click.version_option(__version__, prog_name="yester", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> int | None:
    """Every yesterday of your files, as a folder."""
    if ctx.invoked_subcommand is not None:
        return None
    from yester.tui.cli.tui import command, is_at_terminal

    if is_at_terminal():
        return int(ctx.invoke(command))
    click.echo(ctx.get_help())
    return 0


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; whatever goes wrong is said on standard error, once."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        _refuse_empty(arguments)
        if len(arguments) > 3 and arguments[2] == "-o" and arguments[0] not in COMMANDS:
            from yester.tui.cli.mount_helper import from_mount

            arguments = from_mount(arguments)
        code = program.main(list(arguments), prog_name="yester", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click turns the one into the other
        _forget_stdout()
        return 0
    except BaseException as problem:  # noqa: BLE001  this is the outermost place: each failure becomes one sentence
        return explain(problem)
    return code if isinstance(code, int) else 0


def _refuse_empty(arguments: Sequence[str]) -> None:
    """UsageError for an empty argument: as a path it would be the current folder, which nobody means by it."""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if not argument or (option.startswith("--") and equals and not value):
            where = f"{option} is given nothing" if option else "An argument is empty"
            raise UsageError(
                where, hint="Is a variable of the shell not set? The current folder is written as a single dot."
            )


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def _forget_stdout() -> None:
    """Let nothing more be written to a pipe that nobody reads: the interpreter flushes once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
