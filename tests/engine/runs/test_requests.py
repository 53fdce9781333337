from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.events import AppExit, encode
from yester.engine.runs.requests import (
    Answer,
    Refusal,
    Request,
    decode_reply,
    decode_request,
    encode_message,
    sequence_of,
)

GOLDEN = [
    (Request(subscribe=17), b'{"subscribe":17}\n'),
    (Request(subscribe=0), b'{"subscribe":0}\n'),
    (Request(cancel=True), b'{"cancel":true}\n'),
    (Request(pause=True), b'{"pause":true}\n'),
    (Request(resume=True), b'{"resume":true}\n'),
]


@pytest.mark.parametrize(("request_", "line"), GOLDEN, ids=lambda value: str(value))
def test_golden_requests(request_: Request, line: bytes) -> None:
    """Fixed: other programs write them."""
    assert encode_message(request_) == line
    assert decode_request(line) == request_


def test_the_page_shows_them() -> None:
    page = (Path(__file__).parents[3] / "docs" / "runs.md").read_bytes()
    assert all(line in page for request, line in GOLDEN if request.subscribe != 0)
    [answer] = [line for line in page.splitlines() if line.startswith(b'{"answer"')]
    assert isinstance(decode_reply(answer), Answer)


def test_golden_answers() -> None:
    answer, refusal = Answer("pause", "r1", 9, True), Refusal("no request: longer than 4096 bytes")
    assert encode_message(answer) == b'{"answer":"pause","run":"r1","newest":9,"paused":true}\n'
    assert encode_message(refusal) == b'{"refused":"no request: longer than 4096 bytes"}\n'
    assert [decode_reply(encode_message(each)) for each in (answer, refusal)] == [answer, refusal]
    assert decode_reply(encode(1, 0, AppExit())) is None
    assert sequence_of(encode_message(answer)) == 0, "an answer is no event"


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"subscribe",
        b'{"subscribe":-1}',
        b'{"subscribe":"1"}',
        b'{"subscribe":1.5}',
        b'{"subscribe":1,"cancel":true}',
        b'{"cancel":false}',
        b'{"cancel":1}',
        b'{"stop":true}',
        b"\xff",
        b"[" * 4000,
    ],
)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    assert isinstance(decode_request(line), Refusal)


@given(st.binary(max_size=300))
def test_hostile_lines_never_raise(line: bytes) -> None:
    decode_request(line)
    decode_reply(line)
    assert sequence_of(line) >= 0


@given(st.integers(1, 10**12))
def test_the_number_is_read_without_the_rest(seq: int) -> None:
    assert sequence_of(encode(seq, 0, AppExit())) == seq
