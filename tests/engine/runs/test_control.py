import signal
import threading

from yester.engine.events import Event, RunPause, RunResume
from yester.engine.runs.control import RunControl

LIMIT_S = 20.0


def test_nothing_was_asked() -> None:
    control = RunControl()
    assert (control.cancelled(), control.signal, control.is_paused) == (False, 0, False)


def test_the_first_signal_counts() -> None:
    control = RunControl()
    control.cancel(signal.SIGTERM)
    control.cancel()
    assert (control.cancelled(), control.signal) == (True, signal.SIGTERM)


def test_work_stands_still_while_paused() -> None:
    told: list[Event] = []
    control = RunControl(told.append)
    control.pause()
    control.pause()
    asked, went_on = threading.Event(), threading.Event()

    def work() -> None:
        asked.set()
        assert not control.cancelled()
        went_on.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert asked.wait(LIMIT_S)
    assert not went_on.wait(0.05)
    control.resume()
    control.resume()
    assert went_on.wait(LIMIT_S)
    thread.join()
    assert told == [RunPause(), RunResume()]
    assert control.paused_s >= 0.05


def test_a_paused_run_can_be_cancelled() -> None:
    control = RunControl()
    control.pause()
    threading.Timer(0.01, control.cancel).start()
    assert control.cancelled()
    control.pause()
    assert not control.is_paused, "what is to stop does not stand still"
