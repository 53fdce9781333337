"""Whose home it is."""

from pathlib import Path

import pytest

from yester.engine.places import Places
from yester.plugins.kolibri.home import MARK, Home, HomeInUse


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places.under(tmp_path)
    assert Home.of(places, {}) == Home(tmp_path / "data" / "kolibri", is_own=True)
    assert Home.of(places, {"KOLIBRI_HOME": "/srv/kolibri/"}) == Home(Path("/srv/kolibri"))
    monkeypatch.setenv("HOME", "/me")
    assert Home.of(places, {"KOLIBRI_HOME": "~/.kolibri"}) == Home(Path("/me/.kolibri"))


def test_a_fresh_home_is_ours_and_stays_so(tmp_path: Path) -> None:
    home = Home(tmp_path / "kolibri")
    for name in ("plugins.json", "options.ini", "plugins.json"):
        home.write(name, "x")
        assert (home.path / name).read_text() == "x"
    assert (home.path / MARK).exists()


@pytest.mark.parametrize("sign", ["db.sqlite3", "server.pid", "options.ini", "plugins.json"])
def test_a_kolibris_home_is_not_written(tmp_path: Path, sign: str) -> None:
    (tmp_path / sign).write_text("theirs")
    home = Home(tmp_path)
    assert home.sign == sign
    with pytest.raises(HomeInUse, match=sign):
        home.write("plugins.json", "x")
    assert [path.name for path in tmp_path.iterdir()] == [sign]
    home.allow()
    home.write("plugins.json", "x")
    assert (tmp_path / "plugins.json").read_text() == "x"
    assert not (tmp_path / MARK).exists()


def test_a_kolibri_may_move_into_a_home_of_ours(tmp_path: Path) -> None:
    Home(tmp_path).write("options.ini", "x")
    (tmp_path / "db.sqlite3").touch()
    with pytest.raises(HomeInUse):
        Home(tmp_path).write("options.ini", "y")


def test_what_a_person_wrote_into_our_own_home_is_no_kolibris(tmp_path: Path) -> None:
    (tmp_path / "options.ini").touch()
    assert Home(tmp_path).sign == "options.ini"
    assert Home(tmp_path, is_own=True).sign == ""
    (tmp_path / "server.pid").touch()
    assert Home(tmp_path, is_own=True).sign == "server.pid"
