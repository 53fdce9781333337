import os
import threading
from collections.abc import Iterator

import pytest

from yester.engine.errors import CancelledError, UsageError
from yester.engine.secrets import LONGEST
from yester.tui.serve.call import Call
from yester.tui.serve.outbox import Outbox
from yester.tui.serve.secrets import GivenSecrets


@pytest.fixture
def call() -> Call:
    return Call(1, Outbox())


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_a_line_is_a_passphrase_however_it_arrives(call: Call, pipe: tuple[int, int]) -> None:
    given = GivenSecrets(pipe[0])
    os.write(pipe[1], b"one two\nkr\xc3\xa4ftig\nthr")
    assert given.take(0, call) == []
    assert given.take(2, call) == [b"one two", "kräftig".encode()]
    os.write(pipe[1], b"ee\n")
    assert given.take(1, call) == [b"three"]


def test_what_is_no_passphrase_is_taken_all_the_same(call: Call, pipe: tuple[int, int]) -> None:
    """Else the rest of it would be the answer to the next question."""
    given = GivenSecrets(pipe[0])
    os.write(pipe[1], b"\nmore\nright\n")
    with pytest.raises(UsageError, match="is empty"):
        given.take(2, call)
    assert given.take(1, call) == [b"right"]
    long = threading.Thread(target=os.write, args=(pipe[1], b"x" * (3 * LONGEST) + b"\nright\n"))
    long.start()
    with pytest.raises(UsageError, match="longer than 65,536"):
        given.take(1, call)
    long.join()
    assert given.take(1, call) == [b"right"]


def test_two_who_wait_get_a_whole_line_each(pipe: tuple[int, int]) -> None:
    given, found = GivenSecrets(pipe[0]), []

    def take() -> None:
        found.extend(given.take(1, Call(1, Outbox())))

    waiting = [threading.Thread(target=take) for _ in range(4)]
    for thread in waiting:
        thread.start()
    for piece in (b"al", b"pha\nbe", b"ta\ngamma\n", b"delta\n"):
        os.write(pipe[1], piece)
    for thread in waiting:
        thread.join(60)
    assert sorted(found) == [b"alpha", b"beta", b"delta", b"gamma"]


def test_who_waits_is_let_go(call: Call, pipe: tuple[int, int]) -> None:
    given = GivenSecrets(pipe[0])
    call.cancel()
    with pytest.raises(CancelledError):
        given.take(1, call)
    os.write(pipe[1], b"still there\n")
    assert given.take(1, Call(2, Outbox())) == [b"still there"]


def test_there_may_be_none(call: Call) -> None:
    with pytest.raises(UsageError, match="No descriptor"):
        GivenSecrets(None).take(1, call)
    reading, writing = os.pipe()
    os.write(writing, b"half a line")
    os.close(writing)
    with pytest.raises(UsageError, match="No passphrase stands"):
        GivenSecrets(reading).take(1, call)
    os.close(reading)
