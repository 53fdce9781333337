import pytest

from yester.engine.errors import UsageError
from yester.engine.urls import scheme_of, shown_url, without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("webdav://me:hunter2@host/x", "webdav://me:***@host/x"),
        ("par2+webdavs://me:hunter2%40@host:80/x@y", "par2+webdavs://me:***@host:80/x@y"),
        ("webdav://me:hunter2/x@host/y", "webdav://me:***@host/y"),
        ("webdav://me:hunter2@x@host/", "webdav://me:***@host/"),
        ("x://:hunter2@host", "x://:***@host"),
        ("s3://bucket/p?secret_key=hunter2&region=here", "s3://bucket/p?secret_key=***&region=here"),
        ("az://c/p?SIG=hunter2", "az://c/p?SIG=***"),
        ("x://h/?pass%77ord=hunter2", "x://h/?pass%77ord=***"),
    ],
)
def test_a_secret_in_a_url_is_hidden_and_refused(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    with pytest.raises(UsageError) as caught:
        without_secrets(url)
    assert "hunter2" not in f"{caught.value.what} {caught.value.hint}"
    assert shown in caught.value.what


@pytest.mark.parametrize(
    "place",
    [
        "/srv/a:b@c",
        "relative:x@y",
        "file:///a:b@c",
        "sftp://me@host:22/srv/x@y",
        "sftp://[fe80::1%eth0]:22/r@s",
        "duplicity+rsync://host::module/x@y",
        "multi:///srv/stores.json?mode=mirror&onfail=abort",
        "s3://bucket/keys?region=eu",
        "webdav://me:@host/",
    ],
)
def test_a_url_without_secrets_stays_as_it_is(place: str) -> None:
    assert shown_url(place) == without_secrets(place) == place


def test_the_way_out_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        without_secrets("par2+webdavs://me:hunter2@host/x")
    assert "YESTER_WEBDAVS_PASSWORD" in caught.value.hint


def test_a_path_has_no_scheme() -> None:
    assert (scheme_of("/a"), scheme_of("PAR2+File:///a")) == ("", "par2+file")
