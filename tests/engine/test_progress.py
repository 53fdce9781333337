from yester.engine.events import RunProgress
from yester.engine.progress import Counters, progress_event


def test_counters_become_an_event() -> None:
    counters = Counters(files=3, size=10, failed=1, path=b"/a\xff", total_files=9)
    assert progress_event(counters) == RunProgress(
        files=3, size=10, failed=1, path="/a\\xff", path_b64=b"/a\xff", total_files=9
    )
