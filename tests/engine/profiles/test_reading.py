import io
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import FilterSpec, Profile
from yester.engine.profiles.reading import (
    checked_profile_name,
    load_profile,
    parse_profile,
    profile_names,
    profile_path,
)
from yester.engine.profiles.sizes import parse_size
from yester.engine.profiles.writing import new_profile, render, save_profile

ID = "00112233445566778899aabbccddeeff"
LEAST = f'id = "{ID}"\nsources = ["/home/me"]\n'


def parse(text: str) -> Profile:
    return parse_profile("photos", text, "photos.toml")


def failure(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.exit_code == 2
    return caught.value


def test_the_least_profile_has_the_defaults() -> None:
    assert parse(LEAST) == Profile("photos", bytes.fromhex(ID), (b"/home/me",), text=LEAST)


def test_every_key() -> None:
    text = f"""
id = "{ID}"
sources = ["/a", {{ path_b64 = "L/8=" }}, "~/docs/"]
repository = "/r"
compression = 7
passphrase_command = "pass show"
keyring = true
[filters]
exclude = ["*.o"]
exclude_files = ["/x"]
exclude_larger_than = "1.5M"
exclude_if_present = [".nobackup"]
exclude_caches = false
one_file_system = true
default_excludes = false
"""
    profile = parse(text)
    assert profile.sources == (b"/a", b"/\xff", os.path.expanduser(b"~/docs"))
    assert (profile.repository, profile.compression, profile.keyring) == ("/r", 7, True)
    assert profile.passphrase_command == "pass show"
    assert profile.filters == FilterSpec(
        excludes=("*.o",),
        exclude_files=(Path("/x"),),
        larger_than=3 << 19,
        if_present=(".nobackup",),
        caches=False,
        one_file_system=True,
        defaults=False,
    )


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("id = ", "photos.toml is not valid TOML", ""),
        (f'id = "{ID}"', "the key sources is missing", ""),
        (LEAST + "sorces = 1", "photos.toml, line 3: there is no key sorces", "Did you mean sources?"),
        (LEAST + '[filters]\nexlude = ["a"]', "line 4: there is no key exlude in [filters]", "Did you mean exclude"),
        (LEAST + "[filter]\n", "there is no key filter", "Did you mean filters?"),
        (
            LEAST + "[filters]\nexclude_caches = 'no'",
            'line 4: exclude_caches takes true or false, not "no"',
            "Write, for example: exclude_caches = true",
        ),
        (
            LEAST + "[filters]\nexclude_larger_than = '5X'",
            "line 4: exclude_larger_than is wrong: '5X' is no size",
            "500K",
        ),
        (LEAST + "compression = 99", "line 3: compression takes a level from -7 to 19, not 99", "compression = 3"),
        (f'id = "{ID}"\nsources = [3]', "line 2: sources takes a list of paths, not 3", ""),
        (f'id = "{ID}"\nsources = []', "line 2: sources takes at least one absolute path", ""),
        (f'id = "{ID}"\nsources = ["docs"]', "line 2: sources takes at least one absolute path", ""),
        ('id = "xyz"\nsources = ["/a"]', "line 1: id takes 32 hex digits", ""),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, words: str, hint: str) -> None:
    problem = failure(text)
    assert words in problem.what
    assert problem.what.startswith("Profile photos: ")
    assert hint in problem.hint


paths = st.binary(min_size=1, max_size=20).filter(lambda raw: b"\0" not in raw and b"/" not in raw)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(
    sources=st.lists(paths.filter(lambda raw: raw not in (b".", b"..")), min_size=1, max_size=4),
    repository=texts,
    excludes=st.lists(texts, max_size=3),
    marks=st.lists(paths, max_size=2),
    limit=st.none() | st.integers(1, 2**60),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    level=st.integers(-7, 19),
)
def test_what_is_written_is_read(
    sources: list[bytes],
    repository: str,
    excludes: list[str],
    marks: list[bytes],
    limit: int | None,
    flags: tuple[bool, bool, bool],
    level: int,
) -> None:
    profile = Profile(
        name="photos",
        id=bytes.fromhex(ID),
        sources=tuple(b"/" + source for source in sources),
        repository=repository,
        filters=FilterSpec(tuple(excludes), (), limit, tuple(map(os.fsdecode, marks)), *flags),
        compression=level,
    )
    text = render(profile)
    assert parse_profile("photos", text, "p") == Profile(
        profile.name, profile.id, profile.sources, repository, profile.filters, level, text=text
    )


def test_every_key_is_explained_where_it_stands() -> None:
    """Whoever opens the file sees every key there is."""
    text = render(parse(LEAST))
    for key in ("repository", "compression", "passphrase_file", "keyring", "exclude", "default_excludes"):
        assert f"# {key} = " in text
    assert tomllib.loads(text)["filters"] == {}


@pytest.mark.parametrize("name", ["photos", "a", "my photos", "Fotos.2026+x_y-z", "写真", "x" * 64])
def test_good_names(name: str) -> None:
    assert checked_profile_name(name) == name


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "-x", "a@b", "a:b", "x" * 65, "a\nb", "a ", "..", "a\0"])
def test_bad_names(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a profile"):
        checked_profile_name(name)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("500K", 500 << 10), ("1.5 GiB", 3 << 29), ("2mb", 2 << 20), ("1T", 1 << 40), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "5X", "-1", "1,5M", "M", "nan"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        parse_size(text)


def test_sources_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links stay: a snapshot keeps both the link and what it leads to (engine/capture/roots.py)."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "link").symlink_to("docs")
    monkeypatch.chdir(tmp_path)
    profile = new_profile("p", [b"docs/", b"./docs", b"link"])
    assert profile.sources == (os.fsencode(tmp_path / "docs"), os.fsencode(tmp_path / "link"))
    assert len(profile.id) == 16
    assert profile.id != new_profile("p", [b"docs"]).id


def test_a_source_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        new_profile("p", [os.fsencode(tmp_path / "gone")])


def test_a_fifo_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match="neither a folder nor a file"):
        new_profile("p", [os.fsencode(tmp_path / "fifo")])


def test_saved_and_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    assert profile_names(folder) == []
    profile = new_profile("docs", [os.fsencode(tmp_path)])
    assert save_profile(folder, profile) == profile_path(folder, "docs")
    assert load_profile(folder, "docs") == profile
    (folder / "notes.txt").touch()
    assert profile_names(folder) == ["docs"]
    with pytest.raises(UsageError, match="already there"):
        save_profile(folder, profile)


def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no profile dosc") as caught:
        load_profile(tmp_path, "dosc")
    assert caught.value.hint == "Add it: yester profile add dosc FOLDER"
    save_profile(tmp_path, new_profile("docs", [os.fsencode(tmp_path)]))
    with pytest.raises(UsageError) as caught:
        load_profile(tmp_path, "dosc")
    assert caught.value.hint == "Did you mean docs?"


def test_a_profile_that_is_not_text(tmp_path: Path) -> None:
    profile_path(tmp_path, "docs").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        load_profile(tmp_path, "docs")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    with pytest.raises(UsageError, match="cannot be written") as caught:
        save_profile(tmp_path / "config" / "profiles", new_profile("docs", [os.fsencode(tmp_path)]))
    assert "XDG_CONFIG_HOME" in caught.value.hint


def test_a_full_disk_leaves_no_half_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    def opened(path: Path, mode: str, encoding: str) -> io.StringIO:
        path.touch()
        return Full()

    monkeypatch.setattr("builtins.open", opened)
    with pytest.raises(UsageError, match="No space left"):
        save_profile(tmp_path, new_profile("docs", [os.fsencode(tmp_path)]))
    monkeypatch.undo()
    assert profile_names(tmp_path) == []
