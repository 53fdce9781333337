import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.options.layers import Layer
from yester.plugins.worker.frames import MAX_SIZE, ProtocolError, frame, from_host, from_worker
from yester.plugins.worker.messages import (
    Answer,
    Ask,
    Bye,
    Call,
    Cancel,
    Failure,
    Hello,
    Loaded,
    Message,
    Now,
    PluginFile,
    Ready,
    Refusal,
    Reply,
)

HOST = [
    Hello(1, "w", (PluginFile("a", "/a", (Layer("file", "/f", {"b": 1}),)),)),
    Call(1, "a", "m", [b"\xff", None]),
    Cancel(1),
    Reply(2, 3.5),
]
HOST += [Refusal(3, "no"), Bye()]
WORKER = [Ready(1, (Loaded("a", "", {"x": []}),)), Now("a", 1), Answer(1, {"k": "v"}), Failure(2, "K", "t", "tr")]
WORKER += [Ask(1, 0, "m", [])]


@given(cuts=st.lists(st.integers(1, 40), min_size=1))
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(cuts: list[int]) -> None:
    for reader, messages in ((from_host(), HOST), (from_worker(), WORKER)):
        data, out, row = b"".join(map(frame, messages)), list[Message](), 0
        while data:
            size = cuts[row % len(cuts)]
            out += reader.feed(data[:size])
            data, row = data[size:], row + 1
        assert out == messages
        assert reader.is_empty


@given(data=st.binary(max_size=200))
def test_hostile_bytes_are_a_protocol_error_at_worst(data: bytes) -> None:
    for reader in (from_host(), from_worker()):
        try:
            list(reader.feed(data))
        except ProtocolError:
            continue


def test_a_length_beyond_the_limit_is_refused_before_anything_is_kept() -> None:
    with pytest.raises(ProtocolError, match=f"where {MAX_SIZE} are allowed"):
        list(from_worker().feed(b"\xff\xff\xff\xff"))


def test_what_one_side_says_the_other_does_not() -> None:
    with pytest.raises(ProtocolError):
        list(from_worker().feed(frame(Bye())))
