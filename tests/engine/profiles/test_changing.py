import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.profiles.changing import Change, changed, parse_items, parse_removal, parse_setting
from yester.engine.profiles.keys import KEYS
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import parse_profile
from yester.engine.profiles.reporting import differences, effects, value_of
from yester.engine.profiles.writing import render

ID = "00112233445566778899aabbccddeeff"
TEMPLATE = render(Profile("docs", bytes.fromhex(ID), (b"/home/me",)))
OWN = f"""\
# My own words.
id = "{ID}"   # never change it
sources = ["/a", # the first
           "/b"]

  [ limits ]   # gently
nice = 5  # very
# upload = 3 or so, perhaps
# download = "1M"
"""


def set_(text: str, *settings: str) -> str:
    return changed(text, [parse_setting(setting) for setting in settings])


def unset(text: str, *keys: str) -> str:
    return changed(text, [parse_removal(key) for key in keys])


def test_a_key_is_written_where_the_template_explains_it() -> None:
    lines = set_(TEMPLATE, "schedule.when=weekly", "retention.smart.per_day=9").splitlines()
    before = TEMPLATE.splitlines()
    changes = [(old, new) for old, new in zip(before, lines, strict=True) if old != new]
    assert changes == [
        ('# when = "off"', 'when = "weekly"'),
        ("# [retention.smart]", "[retention.smart]"),
        ("# per_day = 7", "per_day = 9"),
    ]


def test_a_key_that_is_unset_is_explained_again() -> None:
    for setting in ("schedule.when=weekly", "compression=9", "maintenance.prune=1w", "filters.one_file_system=yes"):
        assert unset(set_(TEMPLATE, setting), setting.partition("=")[0]) == TEMPLATE


def test_words_of_ones_own_stay() -> None:
    text = set_(OWN, "limits.nice=6", "limits.upload=2M", "limits.download=4M", "compression=9", "notify.on=always")
    assert parse_profile("docs", text, "p").limits.upload == 2 << 20
    for words in (
        "# My own words.",
        "# never change it",
        "# the first",
        "  [ limits ]   # gently",
        "nice = 6  # very",
        "# upload = 3 or so, perhaps",
        'download = "4M"',
    ):
        assert words in text
    assert text.index("compression = 9") < text.index("[ limits ]")
    assert "# nice = 6  # very" in unset(text, "limits.nice")


def test_lists_are_typed_as_toml_or_as_their_only_item() -> None:
    one = parse_profile("docs", set_(TEMPLATE, "filters.exclude=*.o"), "p")
    two = parse_profile("docs", set_(TEMPLATE, 'filters.exclude=["*.o", "a, b"]'), "p")
    assert (one.filters.excludes, two.filters.excludes) == (("*.o",), ("*.o", "a, b"))
    raw = parse_profile("docs", set_(TEMPLATE, "sources=/caf\udce9"), "p")
    assert raw.sources == (b"/caf\xe9",)


def test_items_come_and_go() -> None:
    text = changed(
        TEMPLATE, [parse_items("filters.exclude=*.o", "add"), parse_items('filters.exclude=["b", "*.o"]', "add")]
    )
    assert parse_profile("docs", text, "p").filters.excludes == ("*.o", "b")
    text = changed(text, [parse_items("filters.exclude=*.o", "drop"), parse_items("sources=/srv", "add")])
    profile = parse_profile("docs", text, "p")
    assert (profile.filters.excludes, profile.sources) == (("b",), (b"/home/me", b"/srv"))
    text = changed(text, [parse_items("plugins.mail.to=me", "add"), parse_items("plugins.mail.to=you", "add")])
    assert parse_profile("docs", text, "p").plugins == {"mail": {"to": ["me", "you"]}}
    kept = changed(OWN, [parse_items("sources=/c", "add")])
    assert "# never change it" in kept
    assert parse_profile("docs", kept, "p").sources == (b"/a", b"/b", b"/c")


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("filters.exclude=x", '"x" is not in filters.exclude', "It is empty."),
        ("sources=/srv", '"/srv" is not in sources', 'There is: "/home/me"'),
        ("compression=3", "compression is no list: it takes a level", "--set compression=3"),
    ],
)
def test_what_cannot_be_dropped(text: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        changed(TEMPLATE, [parse_items(text, "drop")])
    assert words in caught.value.what
    assert hint in caught.value.hint


def test_options_of_plugins_are_of_any_type() -> None:
    text = set_(TEMPLATE, "plugins.mail.port=25", "plugins.mail.to=me@example.org", "plugins.x.y=[1]")
    assert parse_profile("docs", text, "p").plugins == {"mail": {"port": 25, "to": "me@example.org"}, "x": {"y": [1]}}
    assert parse_profile("docs", unset(text, "plugins.x.y"), "p").plugins["x"] == {}


def test_a_mistake_can_be_taken_out() -> None:
    assert parse_profile("docs", unset(OWN + "nise = 3\n", "limits.nise"), "p").limits.nice == 5


def test_nothing_is_changed_by_what_is_so_already() -> None:
    text = set_(TEMPLATE, "compression=4")
    assert set_(text, "compression=4") == text
    assert unset(TEMPLATE, "compression", "limits.nice", "retention.smart.per_day") == TEMPLATE


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ('"8,12"', "8,12"),
        ("'8,12'", "8,12"),
        ("8,12", "8,12"),
    ],
)
def test_a_text_may_stand_in_quotes_as_in_the_file(typed: str, value: str) -> None:
    assert parse_profile("docs", set_(TEMPLATE, f"schedule.hours={typed}"), "p").schedule.hours == value


@pytest.mark.parametrize("command", ['"a b" "c d"', "'a' x", '"a'])
def test_quotes_within_a_command_stay(command: str) -> None:
    text = set_(TEMPLATE, f"passphrase_command={command}")
    assert parse_profile("docs", text, "p").passphrase_command == command


@pytest.mark.parametrize(
    ("setting", "words", "hint"),
    [
        ("compression", "compression sets nothing", "KEY=VALUE"),
        ("nice=3", "There is no key nice", "Did you mean limits.nice?"),
        ("limits.nise=3", "There is no key limits.nise", "Did you mean limits.nice"),
        ("=3", "There is no key ", "yester profile keys"),
        ("plugins.mail=3", "There is no key plugins.mail", "yester profile keys"),
        ("limits.nice=much", 'limits.nice takes a whole number from -20 to 19, not "much"', "limits.nice=10"),
        ("schedule.when=dayly", "schedule.when takes one of off", "daily"),
        ("keyring=maybe", 'keyring takes true or false, not "maybe"', "keyring=false"),
        ("filters.exclude=[3]", "filters.exclude takes a list of texts, not 3", ""),
        ("retention.keep_within=0d", "retention.keep_within takes a span of time above 0", "Leave the key out"),
    ],
)
def test_a_wrong_setting_is_refused(setting: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_setting(setting)
    assert words in caught.value.what
    assert hint in caught.value.hint


def test_what_is_no_toml_is_left_to_an_editor() -> None:
    with pytest.raises(UsageError, match="not valid TOML"):
        set_("id = ", "compression=4")
    with pytest.raises(UsageError, match="limits is no table"):
        set_(OWN.replace("[ limits ]", "[x]") + "[[limits]]\n", "limits.nice=3")


def texts(least: int, most: int) -> st.SearchStrategy[str]:
    """Return what a profile can hold: anything but NUL."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=least, max_size=most)


VALUES = {
    "compression": st.integers(-7, 19),
    "repository": texts(0, 9),
    "filters.exclude": st.lists(texts(0, 9), max_size=3),
    "schedule.at": st.sampled_from(["01:00", "23:59"]),
    "retention.smart.keep_all": st.integers(1, 9),
    "limits.upload": st.integers(1, 1 << 40),
    "limits.networks": st.lists(texts(1, 5), max_size=2),
    "notify.desktop": st.booleans(),
}
changes = st.sampled_from(sorted(VALUES)).flatmap(
    lambda path: st.builds(Change, st.just(tuple(path.split("."))), st.none() | VALUES[path])
)


@settings(max_examples=50)
@given(st.sampled_from([TEMPLATE, OWN]), st.lists(changes, max_size=8))
def test_all_that_was_not_meant_stays(text: str, wanted: list[Change]) -> None:
    after = parse_profile("docs", changed(text, wanted), "p")
    before = parse_profile("docs", text, "p")
    last = {".".join(change.path): change.value for change in wanted}
    assert {path for path, _, _ in differences(before, after)} <= last.keys() | {
        key.path for key in KEYS.values() if key.table == "retention.smart"
    }
    for change in wanted:
        key = KEYS[(change.table, change.name)]
        if (value := last[key.path]) is not None:
            assert value_of(after, key) == key.kind.read(value)
    prose = [line for line in text.splitlines() if re.fullmatch(r"# [A-Z][^=]*", line)]
    assert [line for line in prose if line not in after.text] == []
    assert len(effects(after)) == len(KEYS)
