"""Reading configurations of versions 4 to 6."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.importing.config_file import read_config

SIX = """\
config.version=6
global.use_flock=false
profiles=1:3
profile1.snapshots.include.1.type=0
profile1.snapshots.include.1.value=/home/me
profile1.snapshots.include.size=1
profile1.schedule.mode=20
profile1.schedule.time=230
profile3.name=Photos = all
profile3.snapshots.notify.enabled=TRUE
profile3.snapshots.no_on_battery=yes
profile3.snapshots.bwlimit.value=fast
profile9.name=not listed
"""
FIVE = """\
config.version=5
profiles=1
profile1.snapshots.automatic_backup_mode=25
profile1.snapshots.automatic_backup_anacron_period=3
profile1.snapshots.automatic_backup_anacron_unit=30
profile1.snapshots.full_rsync.take_snapshot_regardless_of_changes=true
"""
FOUR = """\
config.version=4
profiles=1
profile1.snapshots.include_folders=/home/me|20:/etc::/srv/x
profile1.snapshots.exclude_patterns=*~:.cache*
profile1.snapshots.automatic_backup_mode=20
"""


def test_version_6() -> None:
    config = read_config(SIX, "config")
    assert config.version == 6
    assert config.general["global.use_flock"] == "false"
    main, photos = config.profiles
    assert (main.number, main.name, main.whole("schedule.time", 0)) == ("1", "Main profile", 230)
    assert list(main.listed("snapshots.include")) == [("1", "/home/me")]
    assert (photos.number, photos.name) == ("3", "Photos = all")
    assert photos.flag("snapshots.notify.enabled", False)
    assert not photos.flag("snapshots.no_on_battery", True)
    assert photos.whole("snapshots.bwlimit.value", 3000) == 3000


def test_version_5_has_other_names() -> None:
    (main,) = read_config(FIVE, "config").profiles
    assert main.whole("schedule.mode", 0) == 25
    assert main.whole("schedule.repeatedly.period", 0) == 3
    assert main.whole("schedule.repeatedly.unit", 0) == 30
    assert main.flag("snapshots.take_snapshot_regardless_of_changes", False)


def test_version_4_has_lists_with_colons() -> None:
    (main,) = read_config(FOUR, "config").profiles
    assert [value for _, value in main.listed("snapshots.include")] == ["/home/me", "/etc", "/srv/x"]
    assert [value for _, value in main.listed("snapshots.exclude")] == ["*~", ".cache*"]
    assert main.whole("schedule.mode", 0) == 20


def test_a_missing_version_is_accepted() -> None:
    assert read_config(SIX.replace("config.version=6\n", ""), "config").version is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SIX.replace("=6", "=3"), "of version 3"),
        (SIX.replace("=6", "=7"), "of version 7"),
        (SIX.replace("=6", "=x"), "of version x"),
        ("", "no configuration of Back In Time"),
        ("profiles=1\n", "no configuration"),
        ("\x00\xff[x]\n", "no configuration"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        read_config(text, "the file")
    assert refused.value.hint


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        read_config("profiles=1\nprofile1.name=x\n" + text, "config")
