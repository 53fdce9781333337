import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.protocol import MAX_LINE, Failure, Request, Splitter, decode_request, encode_line
from yester.tui.serve.reference import EXAMPLES, example, reference

ROOT = Path(__file__).parents[3]


def test_the_page_is_up_to_date() -> None:
    page = ROOT / "docs/serve.md"
    assert page.read_text("utf-8") == reference(), "python -m yester.tui.serve.reference > docs/serve.md"


def test_the_page_has_an_example_of_each_method() -> None:
    page = (ROOT / "docs/serve.md").read_text("utf-8").partition("## A request to each")[2]
    for method in METHODS:
        assert f'\nclient  {{"id":1,"method":"{method}","params":' in page
    many = example([("client", "{}"), *[("yester", "x" * 1000)] * 20, ("yester", "end")])
    assert (len(many), many[-2:], max(map(len, many))) == (7, ["yester  …", "yester  end"], 609)


def test_golden_lines() -> None:
    page = (ROOT / "docs/serve.md").read_text("utf-8")
    for who, line in EXAMPLES:
        assert f"{who}  {line.decode().rstrip()}" in page
    assert encode_line(id=1, done={"run": "x"}) == b'{"id":1,"done":{"run":"x"}}\n'
    assert encode_line(id=1, error=Failure(2, "No", "Do")) == (
        b'{"id":1,"error":{"code":2,"message":"No","hint":"Do"}}\n'
    )


def test_text_that_is_no_utf_8_is_escaped() -> None:
    assert json.loads(encode_line(id=1, item={"a\udce9": ["b\udce9"]})) == {"id": 1, "item": {"a\\xe9": ["b\\xe9"]}}


@given(st.binary())
def test_no_line_is_too_strange(line: bytes) -> None:
    assert isinstance(decode_request(line), Failure | Request)


def test_a_line_is_a_request_or_a_cancel_and_not_both() -> None:
    for line in (b"{}", b'{"id":1}', b'{"id":1,"method":"x","cancel":2}', b'{"cancel":1,"method":"x"}', b"[" * 100_000):
        assert isinstance(decode_request(line), Failure)
    assert decode_request(b'{"cancel":3}') == Request(cancel=3)


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_lines_are_the_same_however_they_arrive(pieces: list[bytes], size: int) -> None:
    whole = b"\n".join(pieces) + b"\n"
    splitter = Splitter()
    cut = [line for at in range(0, len(whole), size) for line in splitter.feed(whole[at : at + size])]
    assert cut == [line for line in whole.split(b"\n") if line.strip()]


def test_a_huge_line_is_refused_and_the_next_one_read() -> None:
    splitter = Splitter()
    found = [line for _ in range(3) for line in splitter.feed(b"x" * MAX_LINE)]
    assert found == []
    assert [*splitter.feed(b"x\nnext\n")] == [None, b"next"]
