"""The program that stops and starts services here: systemctl where systemd runs, else service."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.programs import run

SYSTEMD = "/run/systemd/system"
"""Is there where systemd runs, as sd_booted(3) has it."""

_ASK_S = 60.0
_IS_STOPPED = 3
"""What `service NAME status` ends with when a service that is known does not run (LSB)."""


@dataclass(frozen=True, slots=True)
class Manager:
    """How to speak of one service."""

    name: str
    program: Sequence[str]
    is_systemd: bool

    def command(self, verb: str) -> list[str]:
        """Return what stops or starts it."""
        return [*self.program, verb, "--", self.name] if self.is_systemd else [*self.program, self.name, verb]

    def runs(self) -> bool:
        """Whether it runs now. Failed: there is no such service, or nobody can say."""
        return self._runs_by_systemd() if self.is_systemd else self._runs_by_service()

    def _runs_by_systemd(self) -> bool:
        shown = [*self.program, "show", "--property=LoadState", "--property=ActiveState", "--", self.name]
        facts = dict(line.split("=", 1) for line in run(shown, timeout_s=_ASK_S).well().splitlines() if "=" in line)
        if facts.get("LoadState") not in ("loaded", "masked"):
            raise Failed(f"there is no service {self.name}")
        return facts.get("ActiveState") in ("active", "reloading", "activating")

    def _runs_by_service(self) -> bool:
        said = run([*self.program, self.name, "status"], timeout_s=_ASK_S)
        if said.code not in (0, _IS_STOPPED):
            raise Failed(f"whether {self.name} runs cannot be said: {said.words}")
        return said.code == 0


def manager_of(name: str, *, of_user: bool = False) -> Manager:
    """Return how to speak of a service; `of_user`: one of the user's own systemd. Failed: there is no way."""
    if not name or name.startswith("-"):
        raise Failed(f"{name!r} is no name of a service")
    if os.path.isdir(SYSTEMD) or of_user:
        program = shutil.which("systemctl")
        if program is not None:
            return Manager(name, [program, "--user"] if of_user else [program], True)
    program = shutil.which("service") or shutil.which("service", path="/usr/sbin:/sbin")
    if program is None or of_user:
        raise Failed("there is neither systemctl nor service here to stop services with")
    return Manager(name, [program], False)
