import os
import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import (
    FilterSpec,
    LimitSpec,
    MaintenanceSpec,
    NotifySpec,
    Profile,
    RetentionSpec,
    ScheduleSpec,
    SmartSpec,
)
from yester.engine.profiles.reading import (
    checked_profile_name,
    load_profile,
    parse_profile,
    profile_mistakes,
    profile_names,
    profile_path,
)
from yester.engine.profiles.sizes import Span
from yester.engine.profiles.writing import new_profile, render, save_profile

ID = "00112233445566778899aabbccddeeff"
LEAST = f'id = "{ID}"\nsources = ["/home/me"]\n'

SNIPPETS = (
    "[filters]",
    "[limits]",
    "nice = 3",
    "[plugins.x]",
    "x = {}",
    "exclude = [{}]",
    'sources = [{path_b64 = "="}]',
)


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
when_unchanged = "skip"
shrink_warning = 0
partial_every = "2h"
[filters]
exclude = ["*.o"]
exclude_files = ["/x"]
exclude_larger_than = "1.5M"
exclude_if_present = [".nobackup"]
exclude_caches = false
one_file_system = true
default_excludes = false
[schedule]
when = "repeatedly"
every = 2
unit = "weeks"
at = "23:59"
hours = "8, 12,18"
weekday = 1
day = 28
month = 12
drive = "1B2C-3D4E"
catch_up = false
[retention]
keep_last = 1
keep_hourly = 2
keep_daily = 3
keep_weekly = 4
keep_monthly = 5
keep_yearly = 6
keep_within = "1y6m"
keep_tags = ["a, b"]
keep_named = false
older_than = "10y"
min_free_size = "10G"
min_free_inodes = 2
[retention.smart]
[limits]
upload = "3M"
download = 1000
nice = 19
ionice = "best-effort:7"
on_battery = "skip"
metered = "skip"
networks = ["Home"]
inhibit_suspend = false
shut_down_after = true
[maintenance]
forget = true
prune = "1w"
check = "1m"
check_percent = 7
[notify]
on = "always"
command = "tell me"
desktop = false
[plugins.mail]
to = ["me@example.org"]
when = 1979-05-27
[plugins."odd name"]
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
    assert (profile.when_unchanged, profile.shrink_warning, profile.partial_every) == ("skip", 0, 7200)
    assert profile.schedule == ScheduleSpec(
        "repeatedly", 2, "weeks", "23:59", "8, 12,18", 1, 28, 12, "1B2C-3D4E", catch_up=False
    )
    assert profile.retention == RetentionSpec(
        keep_last=1,
        keep_hourly=2,
        keep_daily=3,
        keep_weekly=4,
        keep_monthly=5,
        keep_yearly=6,
        keep_within=Span(months=18),
        keep_tags=("a, b",),
        keep_named=False,
        older_than=Span(months=120),
        smart=SmartSpec(2, 7, 4, 24),
        min_free_size=10 << 30,
        min_free_inodes=2.0,
    )
    assert profile.limits == LimitSpec(
        3 << 20, 1000, 19, "best-effort:7", "skip", "skip", ("Home",), inhibit_suspend=False, shut_down_after=True
    )
    assert profile.maintenance == MaintenanceSpec(
        forget=True, prune=Span(days=7), check=Span(months=1), check_percent=7
    )
    assert profile.notify == NotifySpec("always", "tell me", desktop=False)
    assert profile.plugins == {"mail": {"to": ["me@example.org"], "when": date(1979, 5, 27)}, "odd name": {}}
    assert replace(parse(render(profile)), text=text) == profile


def test_all_mistakes_are_named_in_their_order() -> None:
    text = 'id = 3\n[limits]\nnice = "x"\n[filter]\n[notify]\non = true\n'
    found = [problem.what for problem in profile_mistakes("photos", text, "p")]
    assert [re.sub(".* line ", "", what)[:2] for what in found] == ["1:", "3:", "4:", "6:", "Pr"]
    assert found[-1].endswith("the key sources is missing")
    assert profile_mistakes("photos", LEAST, "p") == []


@given(
    st.text(max_size=200) | st.lists(st.sampled_from(LEAST.splitlines() + list(SNIPPETS)), max_size=6).map("\n".join)
)
def test_any_text_is_a_profile_or_a_mistake(text: str) -> None:
    try:
        parse(text)
    except UsageError as problem:
        assert problem.hint


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
        (LEAST + "nice = 3", "line 3: there is no key nice", "nice belongs into [limits]."),
        (LEAST + "[limits]\ncompression = 3", "line 4: there is no key compression in [limits]", "to the top"),
        (LEAST + "[limits]\nqqqq = 3", "line 4: there is no key qqqq in [limits]", "There is: download, inhibit"),
        (LEAST + "limits = 3", "line 3: limits is a table", "Write [limits] and its keys below it."),
        (LEAST + "retention.smart = 3", "line 3: retention.smart is a table", "Write [retention.smart]"),
        (LEAST + "[retention.smart]\nper_dya = 1", "line 4: there is no key per_dya in [retention.smart]", "per_day"),
        (LEAST + "[plugins]\nx = 1", "line 4: plugins.x is a table", "Write [plugins.x]"),
        (LEAST + "[backends]\nx = 1", "line 4: backends.x is a table", "Write [backends.x]"),
        (LEAST + "[schedule]\nwhen = 'dayly'", "line 4: when takes one of off, boot", "Did you mean daily"),
        (LEAST + "[schedule]\nat = '24:00'", 'line 4: at takes a time as hh:mm, not "24:00"', 'at = "00:00"'),
        (LEAST + "[schedule]\nhours = '8,24'", "line 4: hours takes hours from 0 to 23", 'hours = "8,12,18"'),
        (LEAST + "[schedule]\nweekday = 0", "line 4: weekday takes a whole number from 1 to 7, not 0", "weekday = 7"),
        (LEAST + "[schedule]\nday = true", "line 4: day takes a whole number from 1 to 28, not true", "day = 1"),
        (LEAST + "[schedule]\nwhen = 'custom-hours'", 'line 4: when = "custom-hours" needs hours', "8,12,18"),
        (LEAST + "[schedule]\nwhen = 'drive'", 'line 4: when = "drive" needs drive', "lsblk -f"),
        (LEAST + "[schedule]\nwhen = 'minutes'\nevery = 90", "line 5: every is more minutes than", "repeatedly"),
        (LEAST + "[schedule]\nwhen = 'hours'\nevery = 24", "line 5: every is more hours than", "daily"),
        (LEAST + "[retention]\nkeep_daily = 0", "line 3: every rule in [retention] is 0", "To keep everything"),
        (LEAST + "[retention]\nkeep_last = -1", "line 4: keep_last takes a whole number from 0", "keep_last = 0"),
        (
            LEAST + "[retention]\nkeep_within = '0d'",
            "line 4: keep_within takes a span of time above 0",
            "Leave the key",
        ),
        (LEAST + "[retention]\nolder_than = 10", "line 4: older_than takes a span of time, such as", '"10y"'),
        (LEAST + "[retention]\nolder_than = '3 weeks'", "line 4: older_than is wrong: '3 weeks'", "36h"),
        (LEAST + "[retention]\nmin_free_inodes = 100", "line 4: min_free_inodes takes a number of percent", "2.0"),
        (LEAST + "[retention]\nmin_free_inodes = nan", "line 4: min_free_inodes takes a number of percent", "2.0"),
        (LEAST + "[retention]\nkeep_tags = ['a', '']", "line 4: keep_tags holds an empty text", ""),
        (
            LEAST + "[retention.smart]\nkeep_all = 0\nper_day = 0\nper_week = 0\nper_month = 0",
            "line 4: every rule in [retention.smart] is 0",
            "Give one a number",
        ),
        (LEAST + "[limits]\nmetered = 'never'", "line 4: metered takes one of run, skip, not", ""),
        (LEAST + "[limits]\nmetered = 'skipp'", "line 4: metered takes one of run, skip, not", "Did you mean skip?"),
        (LEAST + "[limits]\nionice = 'best-effort:8'", 'line 4: ionice takes "idle", or "best-effort:N"', "idle"),
        (LEAST + "[limits]\nupload = 0", "line 4: upload takes a size above 0 and below 4 EiB, not 0", '"3M"'),
        (LEAST + f"[limits]\nupload = {10**30}", "line 4: upload takes a size above 0", '"3M"'),
        (LEAST + "[maintenance]\nforget = true", "line 4: forget = true has nothing to go by", "keep_daily"),
        (LEAST + "[maintenance]\ncheck_percent = 0", "line 4: check_percent takes a whole number from 1", "= 5"),
        (LEAST + "[notify]\ncommand = 'x'", "line 4: command is there, and nothing says when", 'on = "failure"'),
        (LEAST + "[notify]\non = 'always'\ndesktop = false", "line 4: there is nobody to tell", "Give a command"),
        (LEAST + "passphrase_file = '/a'\npassphrase_command = 'b'", "line 4: passphrase_command and pass", "one"),
        (LEAST + "partial_every = '1m'", "line 3: partial_every takes a number of seconds", "= 1800"),
        (LEAST + "partial_every = 1979-05-27", "line 3: partial_every takes a number of seconds", "= 1800"),
        (LEAST + "x = " + "[" * 50_000, "is not valid TOML: it is nested too deeply", "profile edit"),
        (LEAST + "x = " + "9" * 5000, "is not valid TOML", "profile edit"),
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
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        save_profile(tmp_path, new_profile("docs", [os.fsencode(tmp_path)]))
    assert os.listdir(tmp_path) == []
