from pathlib import Path

import pytest

from yester.engine.places import Places
from yester.tui.cli.archiving import profile_named


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Two profiles of one repository, and one of another."""
    places = Places(*(tmp_path / name for name in ("config", "data", "state", "cache", "runtime")))
    folder = places.config / "profiles"
    folder.mkdir(parents=True)
    for name, place in (("music", "/one"), ("photos", "/one"), ("work", "/two")):
        text = f'id = "{len(name):032x}"\nsources = ["/{name}"]\nrepository = "{place}"\n'
        (folder / f"{name}.toml").write_text(text)
    return places


@pytest.mark.parametrize(
    ("names", "repository", "meant"),
    [
        (["photos"], None, "photos"),
        (["photos"], "/one", "photos"),
        (["photos@latest:/a"], "/one", "photos"),
        (["work", "photos"], "/one", "photos"),
        (["work"], "/one", "music"),
        ([], "/one", "music"),
        (["latest"], "/two", "work"),
        ([], "/three", None),
    ],
)
def test_the_profile_that_is_named_counts_where_it_is_of_the_repository(
    places: Places, names: list[str], repository: str | None, meant: str | None
) -> None:
    found = profile_named(names, repository, places)
    assert (found.name if found is not None else None) == meant
