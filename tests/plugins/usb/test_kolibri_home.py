"""A Kolibri's home: its profile, and databases on their way back."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests import kolibris

from yester.engine.errors import UsageError, YesterError
from yester.engine.profiles.reading import load_profile
from yester.plugins.usb.kolibri_home import add_profile, databases_of, layout_at, return_databases


@pytest.fixture
def kolibri(tmp_path: Path) -> Path:
    return kolibris.make(tmp_path / "kolibri")


@pytest.fixture
def restored(kolibri: Path) -> Path:
    """A home as it comes out of a snapshot: with copies, and without databases."""
    for name in kolibris.DATABASES:
        live = kolibri / f"{name}.sqlite3"
        live.rename(kolibri / f"{name}.sqlite3.snapshot")
    return kolibri


def test_every_database_is_found_the_default_one_first(kolibri: Path) -> None:
    (kolibri / "empty.sqlite3").touch()
    (kolibri / "notes.sqlite3").write_text("no database at all")
    names = [path.name for path in databases_of(layout_at(kolibri))]
    assert names == ["db.sqlite3", *sorted(f"{name}.sqlite3" for name in kolibris.DATABASES[1:])]


def test_a_folder_that_is_no_home(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no home of a Kolibri: there is no db\.sqlite3, no options\.ini"):
        layout_at(tmp_path)


def test_what_the_profile_says(kolibri: Path, tmp_path: Path) -> None:
    odd = kolibri.rename(tmp_path / "k[o]li bri")
    (odd / "options.ini").write_text("[Database]\nDATABASE_NAME = school.db\n")
    add_profile(tmp_path / "profiles", str(odd), "/srv/repo", "school")
    profile = load_profile(tmp_path / "profiles", "school")
    assert profile.sources == (os.fsencode(odd),)
    assert profile.repository == "/srv/repo"
    databases = [f"{tmp_path}/k[[]o]li bri/*.sqlite3", f"{tmp_path}/k[[]o]li bri/school.db"]
    assert profile.plugins["sqlite"] == {"enabled": True, "databases": databases, "suffix": ".snapshot"}
    assert not profile.filters.defaults


def test_a_home_behind_a_link_is_taken_where_it_is(kolibri: Path, tmp_path: Path) -> None:
    (tmp_path / ".kolibri").symlink_to(kolibri)
    add_profile(tmp_path / "profiles", str(tmp_path / ".kolibri"), "", "k")
    profile = load_profile(tmp_path / "profiles", "k")
    assert profile.sources == (os.fsencode(kolibri),)
    assert f"{kolibri}/content/" in profile.filters.excludes, "else the channels would be taken"


def test_a_default_database_that_is_no_file_is_said(kolibri: Path, tmp_path: Path) -> None:
    (kolibri / "options.ini").write_text("[Database]\nDATABASE_ENGINE = postgres\n")
    said = add_profile(tmp_path / "profiles", str(kolibri), "", "k")
    assert "its default database is PostgreSQL's" in said


def test_copies_come_back_with_a_new_identity(restored: Path) -> None:
    lines = return_databases(restored)
    assert kolibris.learned(restored) == 0
    first, last = kolibris.identities(restored)
    assert first == (kolibris.OLD_IDENTITY, 0)
    assert last[1] == 1 and len(last[0]) == 32 and last[0] != kolibris.OLD_IDENTITY
    assert lines[0] == f"{restored}/db.sqlite3: restored"
    assert lines[-1].startswith("a new identity")
    assert not any(name.endswith(".snapshot") for name in os.listdir(restored))


def test_what_is_there_is_set_aside_with_what_belongs_to_it(kolibri: Path) -> None:
    with kolibris.at_work(kolibri) as process:
        kolibris.committed(process)
    assert (kolibri / "db.sqlite3-wal").stat().st_size, "which beside another database would be poison"
    with closing(sqlite3.connect(kolibri / "db.sqlite3.snapshot")) as copy:
        shutil.copy(kolibri / "syncqueue.sqlite3", kolibri / "syncqueue.sqlite3.snapshot")
        copy.execute("CREATE TABLE other (one INTEGER)")
    [line] = [line for line in return_databases(kolibri) if line.startswith(f"{kolibri}/db.sqlite3:")]
    aside = line.partition("what was there is ")[2].removesuffix(" now")
    assert (kolibri / f"{aside}-wal").stat().st_size
    assert not (kolibri / "db.sqlite3-wal").exists()
    with closing(sqlite3.connect(kolibri / "db.sqlite3")) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("other",)]
    for ending in ("", "-wal", "-shm"):
        os.replace(kolibri / f"{aside}{ending}", kolibri / f"db.sqlite3{ending}")
    assert kolibris.learned(kolibri) >= 20, "and is whole there"


def test_a_kolibri_that_runs_is_left_alone(restored: Path) -> None:
    before = sorted(os.listdir(restored))
    (restored / "server.pid").write_text(f"{os.getpid()}\n8080\n\n")
    with pytest.raises(UsageError, match="Kolibri runs with the home"):
        return_databases(restored)
    assert sorted(os.listdir(restored)) == sorted([*before, "server.pid"])


@pytest.mark.parametrize("stale", ["", "no number", "999999999", "9" * 40])
def test_a_kolibri_that_died_is_not_running(restored: Path, stale: str) -> None:
    (restored / "server.pid").write_text(stale)
    assert return_databases(restored)


def test_a_damaged_copy_is_refused_before_anything_is_touched(restored: Path) -> None:
    (restored / "syncqueue.sqlite3.snapshot").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    before = sorted(os.listdir(restored))
    with pytest.raises(YesterError, match=r"syncqueue\.sqlite3\.snapshot is damaged"):
        return_databases(restored)
    assert sorted(os.listdir(restored)) == before


def test_a_home_without_copies(kolibri: Path) -> None:
    with pytest.raises(UsageError, match="There are no databases to put in place"):
        return_databases(kolibri)


def test_a_database_without_identities(restored: Path) -> None:
    with closing(sqlite3.connect(restored / "db.sqlite3.snapshot")) as main, main:
        main.execute("DROP TABLE morango_databaseidmodel")
    assert return_databases(restored)[-1] == "no new identity: db.sqlite3 knows none"
