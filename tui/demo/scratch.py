"""The scratch folder: all that the demonstration writes, gone at its end with whatever was mounted there."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from yester.engine.capture.mounts import mount_table
from yester.fs.registry import MountRegistry
from yester.fs.unmounting import await_end

PASSPHRASE = "just-for-this-demo"
OWN_VARIABLES = ("YESTER_", "XDG_", "CREDENTIALS_DIRECTORY")


def mounted_below(folder: Path) -> list[Path]:
    """Return the mounts of yester that lie below `folder`."""
    own = mount_table().own
    points = [Path(os.fsdecode(above), os.fsdecode(name)) for above, names in own.items() for name in names]
    return [point for point in points if folder in point.parents]


class Scratch:
    """A folder of its own in the folder for temporary files; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="yester-demo-")).resolve()
        self.left = f"{self.path} is still there"

    def settings(self) -> dict[str, str]:
        """Return the variables that make yester keep to this folder."""
        folders = {"CONFIG_HOME": "config", "DATA_HOME": "data", "STATE_HOME": "state", "CACHE_HOME": "cache"}
        places = {f"XDG_{name}": str(self.path / ".yester" / folder) for name, folder in folders.items()}
        return {**places, "XDG_RUNTIME_DIR": str(self.path / ".yester"), "YESTER_PASSPHRASE": PASSPHRASE}

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the demonstration's commands: `yester` on the path, and these settings."""
        rest = {name: value for name, value in inherited.items() if not name.startswith(OWN_VARIABLES)}
        programs = str(Path(sys.executable).parent)
        return {**rest, **self.settings(), "PATH": f"{programs}:{inherited.get('PATH', os.defpath)}"}

    def __enter__(self) -> "Scratch":
        (self.path / ".yester").mkdir(mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for point in mounted_below(self.path):
            record = MountRegistry(self.path / ".yester" / "yester").find(point)
            subprocess.run(["fusermount3", "-u", "-z", point], check=False)
            if record is not None:  # it may be writing here
                with suppress(ProcessLookupError):
                    os.kill(record.pid, signal.SIGTERM)
                await_end(record.pid)
        if mounted_below(self.path):
            self.left = f"{self.path} is still there, since something in it could not be unmounted"
            return
        self._remove()
        self.left = ""

    def _remove(self) -> None:
        """Delete the folder, also the copies of folders that nobody may write to."""
        for above, names, _ in os.walk(self.path):
            for folder in (Path(above, name) for name in names):
                if not folder.is_symlink():
                    folder.chmod(0o700)
        shutil.rmtree(self.path)
