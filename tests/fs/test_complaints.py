"""Lines of the log: each thing once a minute, with how often it was, and not too many of all."""

import pytest

from yester.fs.complaints import KEPT, MOST, QUIET_S, Complaints


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_goes_on_for_long_is_said_once_a_minute_and_how_often_it_was(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    complaints = Complaints(clock)
    for second in range(3 * int(QUIET_S)):
        clock.now = float(second)
        complaints.tell(f"read of {second}: pack 1 is damaged", "pack 1 is damaged")
        complaints.tell(f"read of {second}: pack 1 is damaged", "pack 1 is damaged")
    assert [record.message for record in caplog.records] == [
        "read of 0: pack 1 is damaged",
        "read of 60: pack 1 is damaged (and 119 times more before)",
        "read of 120: pack 1 is damaged (and 119 times more before)",
    ]


def test_other_things_are_said_at_once_but_not_too_many_in_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    complaints = Complaints(clock)
    for number in range(MOST + 50):
        complaints.tell(f"pack {number} is damaged", str(number))
    assert [record.message for record in caplog.records] == [f"pack {number} is damaged" for number in range(MOST)]
    caplog.clear()
    clock.now = QUIET_S
    complaints.tell("pack 7 is damaged", "7")
    assert [record.message for record in caplog.records] == [
        "50 complaints more were not written here",
        "pack 7 is damaged",
    ]


def test_not_too_many_are_remembered(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    complaints = Complaints(clock)
    for number in range(2 * KEPT):
        clock.now += QUIET_S
        complaints.tell("oops", str(number))
    assert len(caplog.records) == 2 * KEPT
    assert len(complaints._told) == KEPT


def test_a_defect_is_said_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ZeroDivisionError("oops")
    except ZeroDivisionError as defect:
        Complaints(Clock()).tell("read of 1: oops", "oops", defect)
    assert caplog.records[0].exc_info and "ZeroDivisionError" in caplog.text
