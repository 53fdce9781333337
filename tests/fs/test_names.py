"""Names of profiles, hosts and tags as file names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.fs.names import NAME_MAX, file_name, profile_name

any_text = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("docs", b"docs"),
        ("two words", b"two words"),
        ("a@b", b"a@b"),
        ("a/b", b"a%2Fb"),
        ("100%", b"100%25"),
        ("..", b"%2E%2E"),
        (".", b"%2E"),
        (".hidden", b".hidden"),
        ("", b"%"),
        ("\n\x1b[1m", b"%0A%1B[1m"),
        ("\u202edocs", b"%E2%80%AEdocs"),
        ("\xfc", "\xfc".encode()),
        ("raw\udcff", b"raw%FF"),
        ("\ud800", b"%ED%A0%80"),
        ("x" * 200, b"x" * 200),
        ("x" * 300, b"x" * 200 + b"%~296a7bce08325b75"),
    ],
)
def test_any_name_becomes_a_file_name(text: str, name: bytes) -> None:
    assert file_name(text) == name


def test_profiles_of_hosts() -> None:
    assert profile_name("docs") == b"docs"
    assert profile_name("docs", "box") == b"docs@box"
    assert profile_name("docs@box") == b"docs%40box"
    assert len(profile_name("p" * 200, "h" * 200)) <= NAME_MAX


@given(st.lists(st.tuples(any_text, st.none() | any_text), max_size=8, unique=True))
def test_no_two_are_alike_and_all_can_be_held(names: list[tuple[str, str | None]]) -> None:
    made = [profile_name(*name) for name in names]
    assert len(set(made)) == len(made)
    for name in made:
        assert name not in (b"", b".", b"..") and len(name) <= NAME_MAX
        assert b"/" not in name and b"\0" not in name and name.decode().isprintable()


@given(any_text, any_text)
def test_neither_are_two_hosts_or_tags(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)
