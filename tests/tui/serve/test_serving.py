"""What the server takes, and what it refuses, without a process."""

import os
import threading
from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest

from yester.engine.events import Shown
from yester.engine.places import Places
from yester.tui.serve.call import Call, refusal
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Params
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.protocol import Failure, Request, encode_line
from yester.tui.serve.reference import sample
from yester.tui.serve.serving import Server, lines_of, params_of


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """What the server reads, with three lines in it, and where somebody may say that it is to end."""
    reading, writing = os.pipe()
    woken, wake = os.pipe()
    os.write(writing, b"1\n2\n3\n")
    yield reading, woken
    for each in (reading, woken):
        os.close(each)
    os.close(wake)
    os.close(writing)


def test_no_line_is_taken_while_it_is_crowded(ends: tuple[int, int]) -> None:
    requests, woken = ends
    asked = iter([False, True, True, False, False])
    assert [*islice(lines_of(requests, [woken], lambda: next(asked)), 3)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("what", ["the client is gone", "a signal comes"])
def test_who_waits_for_room_sees_the_end(what: str) -> None:
    reading, writing = os.pipe()
    woken, wake = os.pipe()
    os.write(writing, b"1\n2\n")
    os.write(wake, b"!") if what == "a signal comes" else os.close(writing)
    try:
        assert [*lines_of(reading, [woken], lambda: True)] == []
    finally:
        for each in (reading, woken, wake, *([writing] if what == "a signal comes" else [])):
            os.close(each)


OF_TYPE: dict[object, list[object]] = {
    str: [1, None, True, [], {}],
    Shown: ["/x", 1, None, [], {"path": 1}, {"path": "/x", "path_b64": "!"}],
    bool: ["true", 1, None, []],
}
OTHERS: list[object] = ["x", -1, 1.5, 1 << 63, [[]], {}, None]
"""No parameter that is a number or a list takes these."""


def refused(method: str, params: dict[str, object]) -> str:
    """Return why a request is refused."""
    asked = Request(1, method, msgspec.Raw(msgspec.json.encode(params)))
    failure = params_of(METHODS[method].takes, asked)
    assert isinstance(failure, Failure), (method, params)
    assert (failure.code, bool(failure.hint)) == (2, True)
    assert failure.message.startswith(f"The parameters of {method} are wrong: ")
    return failure.message


@pytest.mark.parametrize("method", METHODS)
def test_every_parameter_of_another_type_is_refused(method: str) -> None:
    kind = METHODS[method].takes
    good = msgspec.to_builtins(sample(kind))
    assert "unknown field" in refused(method, {**good, "unheard_of": 1})
    for field in msgspec.structs.fields(kind):
        for bad in OF_TYPE.get(field.type, OTHERS):
            refused(method, {**good, field.name: bad})
        if field.required:
            rest = {name: value for name, value in good.items() if name != field.name}
            assert "missing required field" in refused(method, rest)


@pytest.mark.parametrize("method", METHODS)
def test_no_parameter_holds_a_nul_byte(method: str) -> None:
    """No path, argument or file name can: it would be met deep below, and be called a defect."""
    kind = METHODS[method].takes
    good = msgspec.to_builtins(sample(kind))
    for field in msgspec.structs.fields(kind):
        bads: list[object] = [["\0"]] if "tuple[str" in str(field.type) else []
        bads += ["a\0b"] if field.type is str else []
        bads += [{"path": "\0"}, {"path": "a", "path_b64": "AA=="}] if field.type is Shown else []
        bads += [[{"path": "\0"}]] if "tuple[yester" in str(field.type) else []
        for bad in bads:
            assert f"NUL byte in {field.name}" in refused(method, {**good, field.name: bad})


def test_what_a_client_sent_is_printable_where_it_is_told_why_it_failed() -> None:
    line = refusal(1, Failure(2, "There is no \x1b[31m\n", "Take \u202e"))
    assert line == encode_line(id=1, error=Failure(2, "There is no \\x1b[31m\\n", "Take \\u202e"))


def test_a_request_cannot_end_while_it_is_cancelled(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its id is free and taken again, and it is the next one that is cancelled."""
    begun, may_end = threading.Event(), threading.Event()

    def answer(self: Server, asked: Request, call: Call) -> object:
        begun.set()
        may_end.wait(60)
        return lambda: ended.append(call.id)

    def cancel(call: Call) -> None:
        may_end.set()
        [thread] = [each for each in threading.enumerate() if "(_answer)" in each.name]
        thread.join(0.05)
        assert not ended

    ended: list[int] = []
    monkeypatch.setattr(Server, "_ending", answer)
    monkeypatch.setattr(Call, "cancel", cancel)
    reading, writing = os.pipe()
    answers, theirs = os.pipe()
    os.write(writing, b'{"id":1,"method":"runs.list"}\n')
    server = Server(Desk.at(Places.default(), None))

    def cancel_and_leave() -> None:
        begun.wait(60)
        os.write(writing, b'{"cancel":1}\n')
        os.close(writing)

    client = threading.Thread(target=cancel_and_leave)
    client.start()
    server.serve(reading, theirs)
    client.join()
    assert ended == [1]
    for each in (reading, answers, theirs):
        os.close(each)


def test_a_number_that_is_larger_than_any_is_refused() -> None:
    """It would be met where a file is read at it."""
    assert isinstance(params_of(Params, Request(1, "x", msgspec.Raw(b"{}"))), Params)
    refused("files.read", {"entry": {"path": "/x"}, "start": 1 << 64})
