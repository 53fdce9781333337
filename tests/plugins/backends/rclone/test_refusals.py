import pytest

from yester.engine.errors import Broken, Denied, Full, Missing, Retry, StoreError
from yester.plugins.backends.rclone.refusals import refusal


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("failed to find object: object not found", Missing),
        ("error in ListJSON: directory not found", Missing),
        ('didn\'t find section in config file ("nosuch")', Denied),
        ("open /x: permission denied", Denied),
        ("AccessDenied: Access Denied\n\tstatus code: 403, request id: x", Denied),
        (
            "couldn't fetch token: invalid_grant: maybe token expired?",
            Denied,
        ),
        ("write /x: no space left on device", Full),
        ("googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded", Full),
        ("failed to find object: is a directory not a file", Broken),
        ("is a file not a directory", Retry),
        ("NoSuchBucket: The specified bucket does not exist", Denied),
        ("open /home/me/.ssh/known_hosts: no such file or directory", Retry),
        ("dial tcp 127.0.0.1:1: connect: connection refused", Retry),
        ("", Retry),
    ],
)
def test_words_are_errors(words: str, error: type[StoreError]) -> None:
    found = refusal(500, words, "snap.1 could not be read", "snap.1")
    assert type(found) is error
    assert found.name == "snap.1"
    assert str(found).startswith("snap.1 could not be read: ")
    assert "\n" not in str(found)


def test_a_status_counts_where_no_words_do() -> None:
    assert type(refusal(404, "nothing", "x")) is Missing
