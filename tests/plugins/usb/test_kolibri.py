"""Where a Kolibri keeps what, and what of it is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.capture.filters import Filter
from yester.engine.errors import UsageError
from yester.engine.profiles.profile import FilterSpec
from yester.plugins.usb.kolibri import excludes_of, layout_of, pattern_of

HOME = "/home/k/.kolibri"


def test_a_home_as_it_is_made() -> None:
    layout = layout_of(HOME, "")
    assert layout.content == (f"{HOME}/content",)
    assert layout.database == f"{HOME}/db.sqlite3"


@pytest.mark.parametrize(
    ("options", "content", "database"),
    [
        ("[Paths]\nCONTENT_DIR = channels\n", (f"{HOME}/channels",), f"{HOME}/db.sqlite3"),
        ("[Paths]\nCONTENT_DIR = /srv/channels/\n", ("/srv/channels",), f"{HOME}/db.sqlite3"),
        (
            "[Paths]\nCONTENT_FALLBACK_DIRS = /usr/share/k; more\n",
            (f"{HOME}/content", "/usr/share/k", f"{HOME}/more"),
            f"{HOME}/db.sqlite3",
        ),
        ('[Database]\nDATABASE_NAME = "school.db"\n', (f"{HOME}/content",), f"{HOME}/school.db"),
        ("[Database]\nDATABASE_ENGINE = postgres\nDATABASE_NAME = k\n", (f"{HOME}/content",), ""),
        ("[Paths]\nCONTENT_DIR =\n[Paths]\nCONTENT_DIR=twice\n", (f"{HOME}/twice",), f"{HOME}/db.sqlite3"),
    ],
)
def test_what_options_say(options: str, content: tuple[str, ...], database: str) -> None:
    layout = layout_of(HOME, options)
    assert (layout.content, layout.database) == (content, database)


def test_options_that_cannot_be_understood() -> None:
    with pytest.raises(UsageError, match=r"options\.ini cannot be understood: File contains no section headers"):
        layout_of(HOME, "HTTP_PORT = 8080\n")


def leaves_out(patterns: tuple[str, ...], path: str, *, is_folder: bool = False) -> bool:
    rules = Filter(FilterSpec(excludes=patterns, defaults=False))
    above, _, name = path.encode().rpartition(b"/")
    folder = above + b"/"
    return not rules.kept(folder, [name]) or rules.excluded(folder, name, is_folder)


def test_channels_and_what_is_made_anew_are_left_out_and_nothing_else() -> None:
    patterns = excludes_of(layout_of(HOME, ""))
    assert all(
        leaves_out(patterns, f"{HOME}/{name}", is_folder=True) for name in ("content", "process_cache", "static")
    )
    assert all(leaves_out(patterns, f"{HOME}/{name}") for name in ("server.pid", "server.lock"))
    kept = ("db.sqlite3", "options.ini", "plugins.json", "logs", "logs/static", "backups", "media", "media/content")
    assert not any(leaves_out(patterns, f"{HOME}/{name}") for name in kept)
    outside = excludes_of(layout_of(HOME, "[Paths]\nCONTENT_DIR = /srv/channels\n"))
    assert not any("channels" in pattern for pattern in outside)


@given(st.text("ab[]*?!\\ é#", min_size=1, max_size=6), st.text("ab[]*?!\\ é#", min_size=1, max_size=6))
def test_a_pattern_takes_one_path(name: str, other: str) -> None:
    path = f"/h/{name}/x"
    assert leaves_out((pattern_of(path),), path)
    assert leaves_out((pattern_of(path),), f"/h/{other}/x") == (other == name)
