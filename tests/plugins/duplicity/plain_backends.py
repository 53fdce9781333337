"""A backend file as people wrote them for 0.8, laid into a folder of one's own; it writes right into place."""

from pathlib import Path

import pytest

PLAIN = """
from __future__ import print_function
from future import standard_library
standard_library.install_aliases()
from builtins import str
import os, sys
from past.utils import old_div

import duplicity.backend
from duplicity import globals, log, path, progress, util
from duplicity.errors import *


class PlainBackend(duplicity.backend.Backend):
    def __init__(self, parsed_url):
        duplicity.backend.Backend.__init__(self, parsed_url)
        self.folder = path.Path(parsed_url.path[2:])
        self.do(parsed_url.query_args.get("at", ["nothing"])[0])
        if not os.path.isdir(self.folder.name):
            os.makedirs(self.folder.name)
        log.Info(_("folder %s, %d") % (self.folder.uc_name, old_div(globals.volsize, 3)))

    def do(self, what):
        if what == "exit":
            log.FatalError("over", log.ErrorCode.connection_failed)
        if what == "ask":
            print(input("Are you sure? "))
        if what == "password":
            raise BackendException("refused: %s" % self.get_password(), log.ErrorCode.backend_permission_denied)
        if what == "module":
            import no_such_module
        if what == "die":
            os._exit(7)

    def _put(self, source_path, remote_filename):
        self.do(self.parsed_url.query_args.get("put", ["nothing"])[0])
        progress.report_transfer(0, source_path.getsize())
        content = source_path.open("rb").read()
        with open(self.folder.append(remote_filename).name, "wb") as target:
            target.write(content[: len(content) // 2])
            target.flush()
            target.write(content[len(content) // 2 :])

    def _get(self, remote_filename, local_path):
        local_path.writefileobj(self.folder.append(remote_filename).open("rb"))

    def _list(self):
        return [util.fsdecode(name) for name in self.folder.listdir()]

    def _delete(self, filename):
        util.ignore_missing(os.unlink, self.folder.append(filename).name)


duplicity.backend.register_backend(u"plain", PlainBackend)
"""


def lay(home: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Path:
    """Let `home` be the person's, with backend files (name → text) in its folder for them."""
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    for name in ("BACKEND_PASSWORD", "FTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    folder = home / "data" / "yester" / "plugins" / "duplicity"
    folder.mkdir(parents=True)
    for name, text in {"plain": PLAIN, **files}.items():
        (folder / f"{name}backend.py").write_text(text)
    return folder
