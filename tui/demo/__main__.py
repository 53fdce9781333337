"""`python -m yester.tui.demo [FOLDER]`: tell the story on FOLDER, or on the system's manuals and Python's library."""

import os
import signal
import sys
import sysconfig
from pathlib import Path
from shlex import quote
from types import FrameType

import click

from yester.tui.demo.sample import Sample, choose_sample
from yester.tui.demo.scratch import Scratch
from yester.tui.demo.shell import CommandFailed, Shell
from yester.tui.demo.story import tell

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 128
"""Exit codes of programs that a signal ended are this and the signal's number."""

NEXT = """
Now with your own files:

  source .venv/bin/activate
  yester init                            # asks for a passphrase, shows a recovery key: keep both safe
  yester profile add docs ~/Documents
  yester snap docs
  mkdir -p ~/yesterdays && yester mount ~/yesterdays
  ls ~/yesterdays/latest                 # copy back what you like; then: yester umount ~/yesterdays
"""


def default_sources() -> list[Path]:
    """Return the system's documentation and this Python's standard library, as far as they are there."""
    candidates = [Path("/usr/share/doc"), Path(sysconfig.get_path("stdlib"))]
    return [path for path in candidates if path.is_dir()]


class Interrupted(BaseException):
    """A signal asked the demonstration to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _end_in_order(number: int, frame: FrameType | None) -> None:
    """Leave through every `with`, and let no second signal break into the tidying up."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)


def demonstrate(scratch: Scratch, sources: list[Path], sample: Sample) -> None:
    """Tell the story in the scratch folder, which is gone afterwards."""
    with scratch:
        shell = Shell(scratch.path, scratch.environment(os.environ))
        shell.say("All that this writes lies in a scratch folder, which is gone at the end.")
        shell.show(f"cd {quote(str(scratch.path))}")
        for name, value in scratch.settings().items():
            shell.show(f"export {name}={quote(value)}")
        tell(shell, sources, sample)


def _complain(text: str) -> None:
    click.echo(f"demo: {text}", err=True)


def main(arguments: list[str]) -> int:
    """Run the demonstration on the folder that the arguments name, and return the exit code."""
    sources = [Path(name).expanduser().absolute() for name in arguments] or default_sources()
    for missing in [source for source in sources if not source.is_dir()]:
        _complain(f"{missing} is not a folder: name one that exists, as in `make demo DIR=~/Documents`")
        return 2
    sample = choose_sample(sources)
    if sample is None:
        _complain(f"There is no readable small file in {', '.join(map(str, sources))}: name another folder")
        return 2
    for each in SIGNALS:
        signal.signal(each, _end_in_order)
    scratch = Scratch()
    code = 0
    try:
        demonstrate(scratch, sources, sample)
    except CommandFailed as failure:
        _complain(str(failure))
        code = 1
    except Interrupted as interrupted:
        _complain("interrupted")
        code = INTERRUPTED + interrupted.number
    if scratch.left:
        _complain(scratch.left)
        return code or 1
    click.echo("\nThe scratch folder is gone, and nothing is mounted." if code else NEXT)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
