import sys
from pathlib import Path

import pytest

from yester.engine.places import Places
from yester.plugins.finding import find_plugins
from yester.plugins.found import Found, folder_of
from yester.plugins.settings import PluginSettings

BOMB = "raise SystemExit('it was imported')\n"


@pytest.fixture(autouse=True)
def _nothing_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the plugins that come with yester: these tests count what else there is."""
    for world in ("native", "portal"):
        monkeypatch.setattr(f"yester.plugins.{world}.casting.SHIPPED", {})


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path)


def put(places: Places, name: str, text: str = BOMB) -> Path:
    path = folder_of(places, "native") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages with two plugins: one is a module, one is in a package."""
    site = tmp_path / "site"
    (site / "pings").mkdir(parents=True)
    (site / "pings" / "__init__.py").write_text(BOMB)
    (site / "pings" / "deep.py").write_text(BOMB)
    (site / "pong.py").write_text(BOMB)
    info = site / "pings-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pings\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[yester.plugins]\nping = pings.deep:Ping\npong = pong\n")
    monkeypatch.syspath_prepend(str(site))
    return site


def names(found: list[Found]) -> list[tuple[str, bool]]:
    return [(each.name, each.is_enabled) for each in found]


def test_none(places: Places) -> None:
    assert find_plugins(places, PluginSettings()) == []


def test_what_is_in_the_folder_is_on(places: Places) -> None:
    put(places, "b.py")
    put(places, "a/__init__.py")
    for name in ("_part.py", ".hidden.py", "notes.txt"):
        put(places, name)
    (folder_of(places, "native") / "empty").mkdir()
    found = find_plugins(places, PluginSettings(disabled=("b",)))
    assert names(found) == [("a", True), ("b", False)]
    assert not any(each.problem for each in found)


def test_what_is_installed_is_off_until_it_is_enabled(places: Places, packages: Path) -> None:
    assert names(find_plugins(places, PluginSettings())) == [("ping", False), ("pong", False)]
    assert find_plugins(places, PluginSettings(), installed=False) == []
    [ping, _] = find_plugins(places, PluginSettings(enabled=("ping",)), installed=False)
    assert ping == Found("ping", "native", "entry:pings.deep:Ping", True, "pings 1.2")
    assert "pings" not in sys.modules and "pong" not in sys.modules


def test_an_installed_file_that_others_can_write_is_refused(places: Places, packages: Path) -> None:
    (packages / "pong.py").chmod(0o666)
    [_, pong] = find_plugins(places, PluginSettings(enabled=("ping", "pong")))
    assert pong.problem == f"refused: {packages / 'pong.py'} can be written by others"
    (packages / "pong.py").unlink()
    [_, pong] = find_plugins(places, PluginSettings(enabled=("ping", "pong")))
    assert pong.problem == "refused: the file of pong cannot be found"


def test_enabled_and_gone(places: Places) -> None:
    [gone] = find_plugins(places, PluginSettings(enabled=("ping",)))
    assert gone.problem == "it is enabled, but not installed"
    assert gone.hint == "Install it, or: yester plugin disable ping"


def test_of_two_with_one_name_the_folder_has_the_first(places: Places, packages: Path) -> None:
    path = put(places, "ping.py")
    [ping, _] = find_plugins(places, PluginSettings())
    assert (ping.place, ping.twin) == (str(path), "entry:pings.deep:Ping")


def test_names(places: Places) -> None:
    put(places, "is a mess.py")
    [found] = find_plugins(places, PluginSettings())
    assert found.problem.startswith("its name is none for a plugin")


def test_backends_are_found_beside_plugins(places: Places, packages: Path) -> None:
    put(places, "ping.py")
    folder = folder_of(places, "backends")
    folder.mkdir(parents=True)
    (folder / "ping.py").write_text(BOMB)
    (packages / "pings-1.2.dist-info" / "entry_points.txt").write_text("[yester.backends]\nfar = pings.deep:Far\n")
    found = find_plugins(places, PluginSettings())
    assert [(each.label, each.is_enabled) for each in found] == [
        ("native/ping", True),
        ("far", False),
        ("backends/ping", True),
    ]
