import pytest

from yester.tui.state.sayings import KEPT, Noted, Ran, Saying, hushed, log_lines, said_lines, shown, with_noted
from yester.tui.state.text import ASCII, UNICODE, plain

S = 10**9
LONG = "There is no repository at /media/somebody/a drive with a rather long name/backup: there is no such folder"


def saying(what: str, hint: str = "", *, is_bad: bool = False, at: int = 0, seconds: int = 20) -> Saying:
    """Return something that is said for so long."""
    return Saying(what, hint, is_bad, at * S, (at + seconds) * S)


def said(*noted: Noted, at: int = 1, width: int = 80) -> list[str]:
    """Return the lines above the keys."""
    return [plain(line).rstrip() for line in said_lines(noted, at * S, width, "@", UNICODE)]


def test_what_is_short_is_there_as_it_is_and_goes() -> None:
    assert said(saying("Copied: /home")) == ["· Copied: /home"]
    assert said(saying("It failed", "Try again.", is_bad=True)) == ["✗ It failed", "  Try again."]
    assert said(saying("Copied", seconds=4), at=4) == []
    assert said(*hushed([saying("It failed")])) == []
    assert said() == said(Ran("yester list", 0)) == []


@pytest.mark.parametrize("width", [1, 5, 20, 40, 80, 200])
@pytest.mark.parametrize("one", [(LONG, ""), (LONG, LONG), ("one\ntwo", ""), ("短い" * 50, "é\x1b[31m")])
def test_never_more_than_two_lines_nor_wider(one: tuple[str, str], width: int) -> None:
    lines = said(saying(*one, is_bad=True), width=width)
    assert 1 <= len(lines) <= 2
    if width >= 40:
        assert all(len(line) <= width for line in lines)
    assert not any(char in line for line in lines for char in "\n\x1b")


def test_what_has_no_room_says_where_all_of_it_is() -> None:
    [first, second] = said(saying(LONG, "Plug it in.", is_bad=True))
    assert first.endswith("…")
    assert second.endswith("@: all of it")
    assert said(saying("one\ntwo"))[0].endswith("@: all of it")
    assert said(saying("one"), saying("two"))[0].endswith("@: 1 more")
    assert "…" not in said(saying(LONG), width=200)[0]


def test_what_is_wrong_is_said_once_while_it_is_to_be_read() -> None:
    one, two = saying("It failed", is_bad=True), saying("It failed", is_bad=True, at=30)
    assert len(with_noted((one,), saying("It failed", is_bad=True, at=5))) == 1
    assert len(with_noted((one,), two)) == 2
    assert len(with_noted(hushed((one,)), saying("It failed", is_bad=True, at=5))) == 2
    assert len(with_noted((saying("Copied"),), saying("Copied"))) == 2
    assert shown((one, two), 31 * S) == [two]


def test_the_log_has_all_of_it_newest_first_and_no_more_than_it_should() -> None:
    noted: tuple[Noted, ...] = ()
    for one in (
        Ran("yester snap mail", 0),
        *hushed([saying(LONG, "one\ntwo", is_bad=True, at=2)]),
        saying("Done", at=3),
    ):
        noted = with_noted(noted, one)
    lines = [plain(line)[10:] for line in log_lines(noted, ASCII)]
    assert lines == [". Done", f"x {LONG}", "  one", "  two", "$ yester snap mail"]
    for at in range(KEPT + 5):
        noted = with_noted(noted, Ran(f"{at}", 0))
    assert len(noted) == KEPT
