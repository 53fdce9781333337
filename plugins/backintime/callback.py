"""The plugin that calls a user-callback script; in workers only. contracts: Back In Time, user-callback protocol.

Back In Time ships such a plugin; this one stands in for it where its file is not there.
"""

import os
import subprocess
from dataclasses import dataclass
from typing import Any

import logger
from exceptions import StopException
from pluginmanager import Plugin

from yester.plugins.backintime.mapping import REASONS


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person wants otherwise than Back In Time has it."""

    own_folder: bool = False
    """The script works in the folder where it lies."""
    is_named: bool = False
    """The log says which script ran, with what."""


class UserCallback(Plugin):
    """Calls a script with the profile's number and name, the reason, and what belongs to it."""

    __module__ = "user-callback"  # as it is named in the log

    def __init__(self, script: str, wishes: Wishes) -> None:
        self.script, self.wishes = script, wishes
        self.config: Any = None
        self._was_told = False

    def init(self, snapshots: Any) -> bool:
        """Work with these settings."""
        self.config = snapshots.config
        return True

    def processBegin(self) -> None:
        """Call the script; it stops the run by not ending with 0."""
        self._call("processBegin")

    def processEnd(self) -> None:
        """Call the script."""
        self._call("processEnd")

    def newSnapshot(self, snapshot_id: Any, snapshot_path: Any) -> None:
        """Call the script with the snapshot's id and path."""
        self._call("newSnapshot", snapshot_id, snapshot_path)

    def error(self, code: Any, message: Any) -> None:
        """Call the script with the code, and what belongs to it if there is anything."""
        self._call("error", code, *([message] if message else []))

    def appStart(self) -> None:
        """Call the script."""
        self._call("appStart")

    def appExit(self) -> None:
        """Call the script."""
        self._call("appExit")

    def mount(self, profileID: Any = None) -> None:
        """Call the script."""
        self._call("mount", profile=profileID)

    def unmount(self, profileID: Any = None) -> None:
        """Call the script."""
        self._call("unmount", profile=profileID)

    def _call(self, method: str, *more: Any, profile: Any = None) -> None:
        number = str(profile) if profile is not None else self.config.currentProfile()
        words = [number, self.config.profileName(number), REASONS[method], *map(str, more)]
        if self.wishes.is_named:
            logger.info(f"user-callback: {self.script} {' '.join(map(repr, words))}", self)
        pipe = None if self.config.userCallbackNoLogging() else subprocess.PIPE
        try:
            done = subprocess.run(
                [self.script, *words],
                stdout=pipe,
                stderr=pipe,
                cwd=os.path.dirname(self.script) if self.wishes.own_folder else None,
                encoding="utf-8",
                errors="backslashreplace",
                check=False,
            )
        except OSError as problem:
            logger.error(f"user-callback: {self.script} cannot be run: {problem.strerror}", self)
            if self._was_told:
                return
            self._was_told = True
            raise OSError(f"{self.script} cannot be run: {problem.strerror}") from None
        for said, log in ((done.stdout, logger.info), (done.stderr, logger.error)):
            if said:
                log("user-callback returned '" + said.strip("\n") + "'", self)
        if done.returncode != 0:
            logger.warning(f"user-callback returncode: {done.returncode}", self)
            raise StopException(f"its script ended with {done.returncode} at {method} (reason {REASONS[method]})")
