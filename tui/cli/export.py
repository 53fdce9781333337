"""yester export: a snapshot as an archive on standard output."""

import os
import sys
from collections.abc import Callable, Sequence
from shlex import quote
from typing import TYPE_CHECKING

import click

from yester.engine.errors import DamageError, UsageError, YesterError
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.store import Buffer
from yester.tui.cli.failures import complain, complain_of_paths
from yester.tui.cli.named import named_snapshot
from yester.tui.cli.opening import Access, open_repository, profile_meant, repository_place
from yester.tui.cli.options import access
from yester.tui.cli.restore import stored_path
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count

if TYPE_CHECKING:
    from yester.engine.exporting.exporting import ExportReport

_GATHERED = 1 << 20
_AT_ONCE = 1000
"""Buffers of one call; the kernel takes 1024."""


@click.command("export", short_help="Write a snapshot to standard output as an archive.")
@click.argument("name", metavar="SNAPSHOT")
@click.argument("path", metavar="[PATH]", default=b"/", type=click.Path(path_type=bytes))
@click.option("--format", "form", type=click.Choice(["tar"]), default="tar", show_default=True, help="Of the archive.")
@access
def command(
    name: str,
    path: bytes,
    form: str,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> int:
    """Write SNAPSHOT, or what it has at PATH, to standard output as a tar archive.

    It has all that a tar archive can hold: owners, exact times, attributes, ACLs, hard links, holes, devices. GNU tar
    sets attributes and ACLs with --xattrs --xattrs-include='*' --acls. Sockets are left out. Exit code 3: some files
    are not in it; 5: the repository is damaged, and the archive has no proper end.
    """
    if os.isatty(sys.stdout.fileno()):
        raise UsageError(
            "An archive is not for a terminal", hint=f"Write it to a file: yester export {quote(name)} > snapshot.tar"
        )
    places = Places.default()
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    profile = profile_meant(name, places)
    work = Work("export", repository=repository_place(repository, profile, places))
    with recorded(places, work, quiet=True) as run:
        with run.opened(lambda: open_repository(asked, places, profile)) as opened:
            report = _export(opened, name, path, run)
        code = DamageError.exit_code if report.damaged else 3 if report.left_out else 0
        run.ends("errors" if code else "complete", code)
    _complain(report)
    return code


def _export(opened: Repository, name: str, path: bytes, run: Recorded) -> "ExportReport":
    from yester.engine.exporting.exporting import export_tar

    out = _Output(sys.stdout.fileno())

    def work(cancelled: Callable[[], bool]) -> "ExportReport":
        sid, _ = named_snapshot(opened, name)
        report = export_tar(opened, sid, stored_path(opened, sid, path), out.write, cancelled=cancelled)
        out.flush()
        return report

    return run.supervise(work)


class _Output:
    """Standard output, written a megabyte at a time without copying."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._buffers: list[Buffer] = []
        self._size = 0

    def write(self, buffers: Sequence[Buffer]) -> None:
        """Take buffers, and write when they are many. YesterError when nobody reads, or the disk is full."""
        self._buffers.extend(buffers)
        self._size += sum(map(len, buffers))
        if self._size >= _GATHERED or len(self._buffers) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write all that was taken."""
        waiting, self._buffers, self._size = [memoryview(each) for each in self._buffers], [], 0
        while waiting:
            try:
                done = os.writev(self._file, waiting[:_AT_ONCE])
            except OSError as error:
                raise YesterError(
                    f"The archive cannot be written: {error.strerror}", hint="It is incomplete: delete it."
                ) from None
            while waiting and done >= len(waiting[0]):
                done -= len(waiting.pop(0))
            if done:
                waiting[0] = waiting[0][done:]


def _complain(report: "ExportReport") -> None:
    """Say what is not in the archive."""
    if not report.left_out:
        return
    total = len(report.left_out)
    complain_of_paths(f"{count(total, 'entry is', 'entries are')} not in the archive", report.left_out, total)
    if report.damaged:
        complain("The repository is damaged: the archive is incomplete, and breaks off", "Run `yester check`.")
