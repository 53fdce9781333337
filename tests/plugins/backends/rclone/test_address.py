import pytest

from yester.engine.errors import UsageError
from yester.plugins.backends.rclone.address import parse


@pytest.mark.parametrize(
    ("url", "place", "shown"),
    [
        ("rclone://drive/backup", "drive:backup", "rclone://drive/backup"),
        ("rclone://nas//srv/backup/", "nas:/srv/backup", "rclone://nas//srv/backup"),
        ("rclone://my%20drive/a%20b", "my drive:a b", "rclone://my%20drive/a%20b"),
        ("rclone://me@work/ü", "me@work:ü", "rclone://me%40work/%C3%BC"),
        ("rclone://drive", "drive:", "rclone://drive/"),
        ("rclone://drive//", "drive:/", "rclone://drive//"),
    ],
)
def test_an_address_is_a_remote_and_a_path(url: str, place: str, shown: str) -> None:
    address = parse(url)
    assert (address.place, str(address)) == (place, shown)
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "url",
    [
        *("rclone://", "rclone:///x", "rclone://-v/x", "rclone://a:b/x", "rclone://sftp,host=h/x", "rclone://%ff/x"),
        *(
            "rclone://a/../b",
            "rclone://a/b%5Dc",
            "rclone://a/b?c",
            "rclone://a/b#c",
            "rclone://a/b%00",
            "rclone://a%0Ab/c",
        ),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        parse(url)
