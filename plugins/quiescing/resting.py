"""What plugins that bring something to rest have in common: they rest from a run's begin to its end."""

import os
import re
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from yester.engine.events import RunBegin, RunEnd
from yester.engine.places import Places
from yester.plugins.native import AskError, Option, Plugin, StopRun
from yester.plugins.native.promises import Promise
from yester.plugins.quiescing.copying import remove
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.managers import Manager
from yester.plugins.quiescing.programs import run
from yester.plugins.rules import LONGEST_S

ON_FAILURE = Option(
    "option", "continue", "Whether the snapshot is taken when this fails: continue, or stop.", ("continue", "stop")
)
TIMEOUT = Option("seconds", 21600, "How long each of its programs may take.")
KEEP = Option("boolean", False, "Whether the copy stays there after the run, so that the next one copies less.")
FOLDER = Option("path", "", "Where the copy goes; by default a folder of yester's own.")


_MARK = ".yester-copies"
"""A file in a folder of copies: what else is in such a folder is ours to change and remove."""
_MAGIC = re.compile(r"([\\*?\[\]])")


class Resting(Plugin):
    """Does nothing in a dry run; what fails is told loudly, and stops the run only where the person says so."""

    deadlines: ClassVar[Mapping[str, float]] = {"on_run_begin": LONGEST_S, "on_run_end": LONGEST_S}

    def __init__(self) -> None:
        self._promises: list[Promise] = []
        self._aside: list[tuple[Path, bool]] = []

    @abstractmethod
    def rest(self, event: RunBegin) -> None:
        """Bring it to rest. Failed, AskError or OSError when that cannot be; what was promised is undone then."""

    def on_run_begin(self, event: RunBegin) -> None:
        """Bring it to rest."""
        if event.dry_run:
            self.log("nothing is done in a dry run")
            return
        try:
            self.rest(event)
        except (Failed, AskError, OSError) as problem:
            self.wake()
            if self.options["on_failure"] == "stop":
                raise StopRun(str(problem)) from None
            self.say(f"{str(problem).rstrip('?.')}; the snapshot is taken all the same", "error")
            return
        self._leave_out()

    def _leave_out(self) -> None:
        """Now that all copies are there, and stay for the run: leave out what they are copies of."""
        for path, is_source in self._aside:
            try:
                self._wish_away(path, is_source=is_source)
            except AskError as problem:  # then the snapshot has both
                self.say(f"{path} is taken as well as its copy: {problem}", "warning")

    def on_run_end(self, event: RunEnd) -> None:
        """Let it go on."""
        self.wake()

    def wake(self) -> None:
        """Undo all that was promised, the last first. Failures are told of by who undoes."""
        while self._promises:
            self._promises.pop().keep()

    def log(self, text: str) -> None:
        """Say something in the journal alone."""
        sys.stdout.write(f"{text}\n")

    def promise(self, command: Sequence[str], about: str) -> Promise:
        """Promise to undo something at the end. AskError: it must not be done."""
        promise = self.will_undo(command, about)
        self._promises.append(promise)
        return promise

    def stop_service(self, manager: Manager) -> None:
        """Stop a service that runs, until the run ends. Failed, AskError: it runs as before."""
        if not manager.runs():
            self.log(f"{manager.name} does not run, and is left alone")
            return
        self.promise(manager.command("start"), f"start {manager.name}")
        run(manager.command("stop"), timeout_s=self.options["timeout"]).well()
        self.log(f"{manager.name} is stopped")

    def copy_folder(self, event: RunBegin) -> Path:
        """Return the folder for copies, made here; unless it is kept, it goes in the end. Failed: it is in use."""
        given = self.options["folder"]
        folder = Path(given) if given else Places.default().data / "copies" / f"{self.name}-{event.profile_id}"
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if given and folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
            raise Failed(f"{folder} holds something already (folder); give an empty one")
        mark, owner = folder / _MARK, f"{self.name} {event.profile_id}"
        _refuse_others(mark, owner)
        if not self.options["keep"]:
            self.promise(["rm", "-rf", "--", str(folder)], f"remove its copy {folder}")
        folder.mkdir(mode=0o700, exist_ok=True)
        mark.touch(mode=0o600)
        mark.write_text(f"{owner}\n")
        return folder

    def take_instead(self, source: Path, copy: Path) -> None:
        """Let the snapshot hold a copy in the place of what it is a copy of."""
        self.add_source(source)
        self.read_from(source, copy)

    def take_dumps(self, files: Sequence[Path], event: RunBegin) -> None:
        """Let the snapshot hold the dumps in a folder of copies, and not the data that they are of, where it is known.

        All else in the folder goes: it is from earlier runs.
        """
        folder = files[0].parent
        for path in folder.iterdir():
            if path not in files and path.name != _MARK:
                remove(path)
        self.add_source(folder)
        if self.options["data"]:
            self.leave_out(Path(self.options["data"]), event)

    def leave_out(self, path: Path, event: RunBegin) -> None:
        """Do not take something, since its copy is taken. It counts once `rest` has gone well to its end."""
        self._aside.append((path, os.fsencode(path) in [source.raw for source in event.sources]))

    def hide(self, path: Path) -> None:
        """Do not take something that is ours, whatever becomes of the rest. AskError."""
        self.exclude(_MAGIC.sub(r"\\\1", str(path)))

    def _wish_away(self, path: Path, *, is_source: bool) -> None:
        if is_source:
            self.remove_source(path)
        else:
            self.hide(path)


def _refuse_others(mark: Path, owner: str) -> None:
    """Failed when the copies that a mark stands beside are another plugin's, or those of another profile."""
    theirs = mark.read_text().strip() if mark.exists() else ""
    if theirs in ("", owner):
        return
    name, mine = theirs.partition(" ")[0], owner.partition(" ")[0]
    whose = f"{name} of another profile" if name == mine else name
    raise Failed(f"the copies in {mark.parent} are those of {whose} (folder); give a folder of its own")
