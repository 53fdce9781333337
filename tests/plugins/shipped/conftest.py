"""Runs of the command line with plugins that come with yester."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tui.cli.conftest import (  # noqa: F401  fixtures are found by name
    SOURCE_ROOT,
    Yester,
    docs,
    plain,
    yester,
)

from yester.engine.places import Places

Configure = Callable[..., None]


@pytest.fixture
def configure(
    yester: Yester,  # noqa: F811
    plain: Path,  # noqa: F811
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Configure:
    """Make the profile `data`, of the folder of that name in the home folder, with one plugin and its options."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    (home / "data").mkdir()
    assert yester("profile", "add", "data", home / "data").code == 0
    path = Places.default().config / "profiles" / "data.toml"

    def write(plugin: str, *options: str) -> None:
        table = [f"[plugins.{plugin}]", "enabled = true", *options]
        path.write_text("\n".join([path.read_text(), *table, ""]))

    return write
