"""Installing units into systemd: the person's own manager, or for root the system's."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import UsageError
from yester.engine.schedule.files import check_ours, content_of, put, put_back, take_away
from yester.engine.schedule.programs import ask, tell
from yester.engine.schedule.systemd import unit_names

_RUNNING = Path("/run/systemd/system")
"""There while systemd is the system's first process (sd_booted(3))."""

_LINGER = Path("/var/lib/systemd/linger")


@dataclass(frozen=True, slots=True)
class Units:
    """The folder of units that one manager reads."""

    folder: Path
    manager: tuple[str, ...] = ()
    """What `systemctl` is told besides: `--user` for the person's own manager."""

    @classmethod
    def of_this_user(cls) -> "Units":
        """Return root's, which are the system's, or the person's own: root has no manager of its own under sudo.

        SYSTEMD_UNIT_PATH moves them, as it moves where systemd looks.
        """
        is_root = os.geteuid() == 0
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        usual = "/etc/systemd/system" if is_root else Path(config, "systemd/user")
        stated = os.environ.get("SYSTEMD_UNIT_PATH", "").partition(":")[0]
        return cls(Path(stated or usual), () if is_root else ("--user",))

    def installed(self, profile: str) -> dict[str, bytes]:
        """Return the units of a profile that are there, by name."""
        found = {name: content_of(self.folder / name) for name in unit_names(profile)}
        return {name: content for name, content in found.items() if content is not None}

    def is_enabled(self, profile: str) -> bool:
        """Whether something starts the profile's timer or service."""
        return any(self._wanted(name) for name in unit_names(profile))

    def _wanted(self, name: str) -> list[Path]:
        return [link for link in self.folder.glob("*.wants/*") if link.name == name]

    def check(self, texts: Mapping[str, str]) -> str:
        """Let systemd look at units before they are installed; return why it could not, empty when it has.

        UsageError in its words when it does not like them.
        """
        for text in texts.values():
            for line in text.splitlines():
                if line.startswith("OnCalendar="):
                    _check_calendar(line.partition("=")[2])
        with tempfile.TemporaryDirectory(prefix="yester-units-") as folder:
            paths = [Path(folder, name) for name in texts]
            for path in paths:
                path.write_text(texts[path.name], encoding="utf-8")
            environment = {**os.environ, "SYSTEMD_COLORS": "0"}
            environment.setdefault("XDG_RUNTIME_DIR", folder)
            environment.pop("SYSTEMD_UNIT_PATH", None)  # it would not know timers.target then
            command = ["systemd-analyze", *self.manager, "--man=no", "verify", *map(str, paths)]
            said = ask(command, environment=environment)
        if said is None:
            return "systemd-analyze is not installed: systemd itself says whether it likes the units"
        if said.code != 0:
            raise UsageError(
                f"systemd does not take the units: {said.words.replace(folder + '/', '')}",
                hint="Correct the schedule and the limits of the profile.",
            )
        return ""

    def install(self, texts: Mapping[str, str], start: Iterable[str]) -> None:
        """Write the units and enable those with an [Install] section; `start` names the timers to start at once.

        What was there before is there again when systemd refuses (YesterError).
        """
        paths = {self.folder / name: text.encode() for name, text in texts.items()}
        for path in paths:
            check_ours(path)
        before = {path: content_of(path) for path in paths}
        try:
            for path, content in paths.items():
                put(path, content)
            self._systemctl("daemon-reload")
            for name, text in texts.items():
                if "\n[Install]\n" in text:
                    self._systemctl("reenable", name)
                elif self._wanted(name):
                    self._let_go(name)
            for name in start:
                self._systemctl("restart", name)
        except BaseException:
            for path in [path for path, known in before.items() if known is None]:
                self._let_go(path.name)
            put_back(before)
            ask(["systemctl", *self.manager, "daemon-reload"])
            raise

    def remove(self, names: Iterable[str]) -> list[Path]:
        """Disable and delete units that are there; return what was deleted. A run that is going on goes on."""
        present = [name for name in names if content_of(self.folder / name) is not None]
        for name in present:
            check_ours(self.folder / name)
        if not present:
            return []
        for name in present:
            self._let_go(name)
        removed = [self.folder / name for name in present if take_away(self.folder / name)]
        ask(["systemctl", *self.manager, "daemon-reload"])
        return removed

    def _let_go(self, name: str) -> None:
        """Let nothing start a unit any more; where no systemd runs, the links are all there is to it."""
        stop = ["--now"] if name.endswith(".timer") else []
        ask(["systemctl", *self.manager, "disable", *stop, name])
        for link in self._wanted(name):
            link.unlink(missing_ok=True)

    def lingers(self, user: str) -> bool:
        """Whether timers run while the person is not logged in; the system's always do."""
        return not self.manager or (_LINGER / user).exists()

    def _systemctl(self, *words: str) -> None:
        tell(["systemctl", *self.manager, *words])


def _check_calendar(expression: str) -> None:
    said = ask(["systemd-analyze", "calendar", expression])
    if said is not None and said.code != 0:
        raise UsageError(
            f"systemd does not take the times {expression}: {said.words}", hint="Correct the schedule of the profile."
        )


def systemd_runs() -> bool:
    """Whether systemd looks after this machine."""
    return _RUNNING.is_dir()
