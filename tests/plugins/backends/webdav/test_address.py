import pytest

from yester.engine.errors import UsageError
from yester.plugins.backends.webdav.address import parse


@pytest.mark.parametrize(
    ("url", "origin", "base", "shown"),
    [
        ("webdav://nas/backup", "http://nas", "/backup/", "webdav://nas/backup"),
        ("WEBDAVS://nas:8443/a/b/", "https://nas:8443", "/a/b/", "webdavs://nas:8443/a/b"),
        ("webdavs://me@nas/a%20b", "https://nas", "/a%20b/", "webdavs://me@nas/a%20b"),
        ("webdavs://me%40work@nas/", "https://nas", "/", "webdavs://me%40work@nas"),
        ("webdavs://nas", "https://nas", "/", "webdavs://nas"),
        ("webdavs://[::1]:80/x", "https://[::1]:80", "/x/", "webdavs://[::1]:80/x"),
        ("webdav://nas/ümlaut/%ff", "http://nas", "/%C3%BCmlaut/%FF/", "webdav://nas/%C3%BCmlaut/%FF"),
        ("webdav://nas//a/./b", "http://nas", "/a/b/", "webdav://nas/a/b"),
    ],
)
def test_an_address_names_server_and_folder(url: str, origin: str, base: str, shown: str) -> None:
    address = parse(url)
    assert (address.origin, address.base, str(address)) == (origin, base, shown)
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "url",
    [
        *("webdav://", "webdav:///path", "webdav://nas:0/x", "webdav://nas:99999/x", "webdav://nas:x/y"),
        *("webdav://@nas/x", "webdav://na s/x", "webdav://nas/a/../b", "webdav://nas/%00", "webdav://nas/a%2fb"),
        *("webdav://nas/x?y", "webdav://nas/x#y", "webdav://a%0ab@nas/x", "webdav://-nas-/x"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        parse(url)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse("webdavs://me:hush@nas/x")
    assert "hush" not in str(caught.value) + caught.value.hint
    assert "YESTER_WEBDAV_PASSWORD" in caught.value.hint
