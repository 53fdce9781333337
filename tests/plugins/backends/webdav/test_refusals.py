import pytest

from yester.engine.errors import Broken, Denied, Full, Missing, Retry, StoreError
from yester.plugins.backends.webdav.refusals import refusal


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((401, Denied), (403, Denied), (407, Denied), (404, Missing), (409, Missing), (410, Missing)),
        *((423, Retry), (429, Retry), (500, Retry), (502, Retry), (503, Retry), (504, Retry), (599, Retry)),
        *((507, Full), (413, Full), (501, Broken), (400, Broken), (418, Broken), (301, Broken), (308, Broken)),
    ],
)
def test_a_status_is_an_error(status: int, error: type[StoreError]) -> None:
    found = refusal(status, "Because", "snap.1 could not be read", "snap.1")
    assert type(found) is error
    assert found.name == "snap.1"
    assert str(found).startswith("snap.1 could not be read: ")
    assert f"({status} Because)" in str(found)


def test_what_a_server_asks_for_is_said() -> None:
    assert "asks for 30 seconds" in str(refusal(503, "Busy", "x", later="30"))
    assert "asks for" not in str(refusal(503, "Busy", "x", later="Fri, 31 Dec 1999 23:59:59 GMT"))
    assert "to https://new/dav" in str(refusal(301, "Moved", "x", elsewhere="https://new/dav"))


def test_words_of_a_server_are_shown_harmless() -> None:
    assert "\x1b" not in str(refusal(500, "\x1b[31mred", "x"))
    assert len(str(refusal(301, "a" * 10_000, "x", elsewhere="b" * 10_000))) < 500
