"""A third-party backend that opens only to who has its key, and looks who runs when it is called."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from yester.plugins.backends.contract import Backend, ErrorCode, FatalBackendException, Option, ParsedUrl


class Door(Backend):
    """A folder behind a door."""

    has_host = False
    threads = 4
    option_spec = {  # noqa: RUF012  as somebody else writes it
        "key": Option("string", None, "What opens the door.", is_secret=True),
        "side": Option("string", "front", "Which door."),
    }

    def __init__(self, parsed_url: ParsedUrl) -> None:
        self.folder = Path(parsed_url.path)
        if self.options["side"] != "back":
            raise FatalBackendException("the front door is locked", ErrorCode.PERMISSION_DENIED)
        if not self.options["key"]:
            raise FatalBackendException("there is no key", ErrorCode.PERMISSION_DENIED)
        print("opened with", self.options["key"])
        self.folder.mkdir(exist_ok=True)

    def _look(self) -> None:
        """Write down every command line and every mount, as any user may see them."""
        with open(f"{self.folder}.seen", "ab") as file:
            for pid in filter(str.isdecimal, os.listdir("/proc")):
                try:
                    file.write(Path(f"/proc/{pid}/cmdline").read_bytes() + b"\n")
                except OSError:
                    continue
            file.write(Path("/proc/self/mounts").read_bytes())

    def _put(self, source: Path, name: str) -> None:
        self._look()
        part = self.folder / f".{name}"
        shutil.copyfile(source, part)
        os.replace(part, self.folder / name)

    def _get(self, name: str, target: Path) -> None:
        self._look()
        shutil.copyfile(self.folder / name, target)

    def _list(self) -> Iterable[str]:
        self._look()
        return os.listdir(self.folder)

    def _delete(self, name: str) -> None:
        os.unlink(self.folder / name)
