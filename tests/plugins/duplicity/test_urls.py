"""URLs by duplicity's rules (contract, section 2.3)."""

from typing import Any

import pytest
from tests.plugins.duplicity.conftest import Import


@pytest.fixture
def backend(duplicity: Import) -> Any:
    module = duplicity("duplicity.backend")
    module.uses_netloc.extend(["sftp", "rsync", "ftp"])
    return module


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///home/me", "///home/me"),
        ("file://home/me", "//home/me"),
        ("file:///with%20blank", "///with blank"),
        ("multi:///a/m.json?mode=mirror", "///a/m.json"),
        ("rclone://remote:there/x", "//remote:there/x"),
        ("b2://id:key@bucket/x", "//id:key@bucket/x"),
        ("sftp://host/relative", "/relative"),
        ("sftp://host//absolute", "//absolute"),
        ("sftp://host", ""),
        ("/a/local/path", "/a/local/path"),
    ],
)
def test_the_place_of_the_host_belongs_to_the_path_where_there_is_none(backend: Any, url: str, path: str) -> None:
    parsed = backend.ParsedUrl(url)
    assert parsed.path == path
    assert parsed.geturl() == parsed.url_string == url


@pytest.mark.parametrize(
    ("url", "user", "password", "host", "port"),
    [
        ("sftp://host", None, None, "host", None),
        ("sftp://me@host:2222/x", "me", None, "host", 2222),
        ("ftp://me:a%40b@host/x", "me", "a@b", "host", None),
        ("ftp://me@here.org@host/x", "me@here.org", None, "host", None),
        ("ftp://me%40here.org:x@host/x", "me@here.org", "x", "host", None),
        ("rsync://me@host::module/x", "me", None, "host", None),
        ("rsync://host:873::module", None, None, "host", None),
    ],
)
def test_parts(backend: Any, url: str, user: str, password: str, host: str, port: int) -> None:
    parsed = backend.ParsedUrl(url)
    assert (parsed.username, parsed.password, parsed.hostname, parsed.port) == (user, password, host, port)


@pytest.mark.parametrize(
    "url", ["sftp:///no/host", "sftp://host:port/x", "file:relative", "sftp://host:99999/", "ftp://["]
)
def test_refuses(backend: Any, url: str) -> None:
    with pytest.raises(backend.InvalidBackendURL):
        backend.ParsedUrl(url)


def test_a_query_has_lists(backend: Any) -> None:
    parsed = backend.ParsedUrl("file:///x?a=1&a=2&b=%20")
    assert parsed.query == "a=1&a=2&b=%20"
    assert parsed.query_args == {"a": ["1", "2"], "b": [" "]}


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("ftp://me:secret@host/a@b", "ftp://host/a@b"),
        ("ftp://me@here:secret@host/x", "ftp://host/x"),
        ("ftp://host/a@b", "ftp://host/a@b"),
        ("file:///a@b", "file:///a@b"),
    ],
)
def test_user_and_password_go_and_an_at_in_the_path_stays(backend: Any, url: str, stripped: str) -> None:
    parsed = backend.ParsedUrl(url)
    assert backend.strip_auth_from_url(parsed) == parsed.strip_auth() == stripped


def test_a_prefix_goes_in_whatever_letters(backend: Any) -> None:
    assert backend.strip_prefix("PAR2+file:///x", "par2") == "file:///x"
    assert backend.strip_prefix("par3+file:///x", "par2") == "par3+file:///x"


def test_pythons_own_table_is_left_alone(backend: Any) -> None:
    from urllib import parse

    assert "http" in parse.uses_netloc
    assert backend.uses_netloc is not parse.uses_netloc
