"""The modules that backend files of duplicity import, in this process for the time of a test."""

import builtins
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from yester.plugins.duplicity.files import STAND_IN

Import = Callable[[str], Any]


@pytest.fixture
def duplicity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Import]:
    """Import modules of the stand-in; backend files in `files` of tmp_path are duplicity's."""
    for name in ("BACKEND_PASSWORD", "FTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.syspath_prepend(str(STAND_IN))
    before = {*sys.modules}
    (tmp_path / "files").mkdir()
    import_module("duplicity.backends").__path__[:] = [str(tmp_path / "files")]
    config: Any = import_module("duplicity.config")
    config.num_retries, config.backend_retry_delay = 2, 0
    yield import_module
    for name in {*sys.modules} - before:
        del sys.modules[name]
    for name in ("_", "ngettext"):
        monkeypatch.delattr(builtins, name, raising=False)
