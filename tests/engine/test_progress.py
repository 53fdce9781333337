import select

from yester.engine.events import RunProgress, encode
from yester.engine.progress import Counters, progress_event


def test_counters_become_an_event() -> None:
    counters = Counters(files=3, size=10, failed=1, path=b"/a\xff", total_files=9)
    assert progress_event(counters) == RunProgress(
        files=3, size=10, failed=1, path="/a\\xff", path_b64=b"/a\xff", total_files=9
    )


def test_of_what_takes_long_is_told_how_far_it_is() -> None:
    counters = Counters(size=10)
    counters.take(b"/film", 8)
    counters.size += 5
    event = progress_event(counters)
    assert (event.path, event.path_done, event.path_size) == ("/film", 5, 8)
    assert counters.part == 5 / 8
    counters.size += 5  # it grew while it was read
    assert progress_event(counters).path_done == 8
    assert counters.part == 1.0
    counters.take(b"/dump.sql", None)
    counters.size += 7
    event = progress_event(counters)
    assert (event.path, event.path_done, event.path_size) == ("/dump.sql", 7, None)
    assert counters.part == 0.0
    counters.let_go(b"/")
    assert progress_event(counters) == RunProgress(size=27, path="/")
    counters.let_go()
    assert progress_event(counters) == RunProgress(size=27)


def test_a_line_with_the_longest_path_goes_through_a_pipe_at_once() -> None:
    for path in (b"\xff" * 512, b"\x01" * 512, b"a" * 5000):
        counters = Counters(1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60, 1 << 60)
        counters.total_files = counters.total_size = 1 << 60
        counters.take(path, 1 << 60)
        assert len(encode(1 << 40, 0, progress_event(counters, 1 << 40))) <= select.PIPE_BUF
    assert not progress_event(Counters(path=b"a" * 513)).path
