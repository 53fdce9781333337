import time

import pytest

from yester.tui.cli.wording import age, count, duration, moment, printable, size, table


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1 << 20, "1.0 MiB"),
        ((1 << 20) - 1, "1.0 MiB"),
        (5 << 40, "5.0 TiB"),
        (1 << 70, "1,024 EiB"),
    ],
)
def test_sizes(number: int, words: str) -> None:
    assert size(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (59.99, "1 min 00 s"), (192, "3 min 12 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(int(seconds * 1e9)) == words


def test_moments_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert moment(0) == "1970-01-01 05:30:00"
        assert moment(-1) == "1970-01-01 05:29:59"
        assert moment(10**30) == f"{10**21} s since 1970"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_counts() -> None:
    assert (count(1, "file"), count(50_000, "file"), count(0, "entry", "entries")) == (
        "1 file",
        "50,000 files",
        "0 entries",
    )


def test_names_stay_on_their_line() -> None:
    assert printable(b"a\nb\x1b[31m\xff") == "a\\nb\\x1b[31m\\xff"
    assert printable("grün 写真".encode()) == "grün 写真"


def test_tables_align() -> None:
    assert table([("NAME", "SIZE"), ("a", "10")], right=(1,)) == ["NAME  SIZE", "a       10"]
    assert table([]) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 days"),
    ],
)
def test_ages(seconds: int, words: str) -> None:
    assert age(seconds * 10**9) == words
