import os
import threading

import pytest

from yester.engine.errors import CancelledError
from yester.tui.serve.outbox import ENDS, QUEUED, Outbox


def _write_all(outbox: Outbox, writing: int) -> None:
    outbox.write_all(writing)
    os.close(writing)


def written(outbox: Outbox) -> list[bytes]:
    """Return what the outbox writes until it is closed."""
    reading, writing = os.pipe()
    with open(reading, "rb") as lines:
        thread = threading.Thread(target=_write_all, args=(outbox, writing))
        thread.start()
        found = lines.readlines()
        thread.join()
    return found


def test_requests_take_turns() -> None:
    outbox = Outbox()
    for number in range(3):
        outbox.put(1, b"a%d\n" % number)
    outbox.put(2, b"b0\n")
    outbox.close()
    assert written(outbox) == [b"a0\n", b"b0\n", b"a1\n", b"a2\n"]


def test_a_full_queue_makes_its_own_request_wait_and_no_other() -> None:
    outbox = Outbox()
    for _ in range(QUEUED):
        outbox.put(1, b"a\n")
    ended: list[BaseException] = []

    def put() -> None:
        try:
            outbox.put(1, b"last\n")
        except CancelledError as problem:
            ended.append(problem)

    waiting = threading.Thread(target=put)
    waiting.start()
    outbox.put(2, b"b\n")
    assert not ended
    outbox.drop(1)
    waiting.join(60)
    assert len(ended) == 1


def test_what_is_cancelled_has_a_last_line_alone() -> None:
    outbox = Outbox()
    outbox.put(1, b"a\n")
    outbox.drop(1)
    with pytest.raises(CancelledError):
        outbox.put(1, b"b\n")
    outbox.put_last(1, b"end\n")
    outbox.put(1, b"again\n")  # the id is free
    outbox.close()
    assert written(outbox) == [b"end\n", b"again\n"]


def test_a_client_that_is_gone_lets_all_go() -> None:
    outbox = Outbox()
    reading, writing = os.pipe()
    os.close(reading)
    outbox.put(1, b"a\n")
    with pytest.raises(BrokenPipeError):
        outbox.write_all(writing)
    os.close(writing)
    with pytest.raises(CancelledError):
        outbox.put(1, b"b\n")


def test_it_is_crowded_by_ends_that_nobody_reads_and_by_nothing_else() -> None:
    """Last lines never wait: who takes requests does, or a client that asks and does not read would fill the memory."""
    outbox = Outbox()
    for _ in range(QUEUED):
        outbox.put(1, b"a\n")
    for number in range(ENDS - 1):
        outbox.put_last(number % 3, b"end\n")
    assert not outbox.is_crowded()
    outbox.put_last(-1, b"end\n")
    assert outbox.is_crowded()
    outbox.close()
    assert len(written(outbox)) == QUEUED + ENDS
    assert not outbox.is_crowded()
