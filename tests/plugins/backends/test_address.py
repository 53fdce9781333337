import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.plugins.backends.address import (
    InvalidBackendURL,
    ParsedUrl,
    is_backend_url,
    strip_auth_from_url,
    strip_prefix,
)


def test_a_url_is_taken_apart() -> None:
    url = ParsedUrl.of("FTP://m%40e:s%2fcret@Host.example:2121/a%20b/c@d?x=1&x=2&y=")
    assert (url.scheme, url.hostname, url.port, url.path) == ("ftp", "host.example", 2121, "/a b/c@d")
    assert (url.username, url.password, url.query_args) == ("m@e", "s/cret", {"x": ["1", "2"]})
    assert url.geturl() == "FTP://m%40e:s%2fcret@Host.example:2121/a%20b/c@d?x=1&x=2&y="


def test_a_user_may_hold_an_at_as_it_is() -> None:
    assert ParsedUrl.of("imap://me@example.com@mail.example.com/x").username == "me@example.com"


def test_neither_repr_nor_str_shows_a_secret() -> None:
    url = ParsedUrl.of("ftp://me:hunter2@host/x")
    assert "hunter2" not in f"{url} {url!r}"


@pytest.mark.parametrize(("url", "path"), [("file:///home/me", "///home/me"), ("file://home", "//home")])
def test_without_a_host_all_is_path(url: str, path: str) -> None:
    parsed = ParsedUrl.of(url, has_host=False)
    assert (parsed.path, parsed.netloc, parsed.hostname) == (path, "", None)


def test_a_plain_path_is_no_url() -> None:
    assert ParsedUrl.of("/srv/backup").scheme == ""
    assert [is_backend_url(place) for place in ("/srv/x", "a:b", "x://y", "X+y://z")] == [False, False, True, True]


@pytest.mark.parametrize("url", ["ftp:///path", "ftp://", "file:path", "ftp://host:port/x", "ftp://host:99999/x"])
def test_what_names_no_place_is_refused(url: str) -> None:
    with pytest.raises(InvalidBackendURL):
        ParsedUrl.of(url)


def test_what_is_no_port_may_be_meant() -> None:
    assert ParsedUrl.of("rsync://host::module/x", any_port=True).port is None


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("ftp://me:pw@host/a@b", "ftp://host/a@b"),
        ("ftp://me@host:21/a", "ftp://host:21/a"),
        ("ftp://host/a@b", "ftp://host/a@b"),
        ("ftp://m@e:p@w@host/x?y@z", "ftp://host/x?y@z"),
    ],
)
def test_user_and_password_are_stripped_and_no_more(url: str, stripped: str) -> None:
    assert strip_auth_from_url(ParsedUrl.of(url)) == ParsedUrl.of(url).strip_auth() == stripped


def test_a_prefix_is_stripped() -> None:
    assert strip_prefix("Par2+file:///x", "par2") == "file:///x"
    assert strip_prefix("file:///x+y", "par2") == "file:///x+y"


@given(st.text() | st.text(alphabet="a:/@[]?#%+1.").map(lambda text: f"x://{text}"))
def test_any_text_is_a_url_or_a_mistake(text: str) -> None:
    try:
        ParsedUrl.of(text)
    except UsageError as problem:
        assert problem.what
