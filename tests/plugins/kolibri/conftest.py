"""The modules that plugins of Kolibri import, in this process for the time of a test; and packages to be plugins."""

import logging
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.kolibri.packing import STAND_IN, pack

Import = Callable[[str], Any]


@pytest.fixture
def kolibri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Import]:
    """Import modules of the stand-in, with a home of their own; the packages of `put` are importable too."""
    for variable in ("KOLIBRI_PLUGIN_APPLY", "KOLIBRI_PLUGIN_ENABLE", "KOLIBRI_PLUGIN_DISABLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KOLIBRI_HOME", str(tmp_path / "kolibri"))
    (tmp_path / "packages").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    monkeypatch.syspath_prepend(str(STAND_IN))
    before = {*sys.modules}
    yield import_module
    for name in {*sys.modules} - before:
        del sys.modules[name]


@pytest.fixture
def put(kolibri: Import, tmp_path: Path) -> Callable[..., Any]:
    """Make a package with a plugin, and register it."""

    def put(name: str, **files: str) -> Any:
        pack(tmp_path / "packages" / name, **files)
        return kolibri("kolibri.plugins.registry").registered_plugins.add(name)

    return put


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return what was logged as a warning or worse."""
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]
