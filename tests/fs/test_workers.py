"""Threads: as many as are needed, no more than allowed, and none that anybody waits for."""

import threading
from queue import SimpleQueue

from yester.fs.workers import Workers


def test_all_is_done_side_by_side_up_to_the_limit() -> None:
    workers, together, names = Workers(3, "test"), threading.Barrier(3), SimpleQueue[str]()

    def work() -> None:
        together.wait(30)
        names.put(threading.current_thread().name)

    for _ in range(9):
        workers.submit(work)
    assert [names.get(timeout=30) for _ in range(9)] == ["test"] * 9
    workers.close()


def test_one_thread_is_enough_for_one_thing_after_another() -> None:
    workers, ids = Workers(8, "test"), SimpleQueue[int]()
    seen = set()
    for _ in range(20):
        workers.submit(lambda: ids.put(threading.get_ident()))
        seen.add(ids.get(timeout=30))
        # It counts as idle a moment after that.
        while not workers._idle:
            pass
    assert len(seen) == 1
    workers.close()


def test_what_is_not_begun_when_it_ends_is_dropped() -> None:
    workers, begun, go, done = Workers(1, "test"), threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        go.wait(30)
        done.append(1)

    for _ in range(3):
        workers.submit(work)
    begun.wait(30)
    thread = next(thread for thread in threading.enumerate() if thread.name == "test")
    workers.close()
    workers.submit(work)
    go.set()
    thread.join(30)
    assert not thread.is_alive() and thread.daemon
    assert done == [1]
