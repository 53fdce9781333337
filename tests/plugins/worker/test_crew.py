from collections.abc import Iterator
from pathlib import Path

import pytest

from yester.plugins.worker import hosting
from yester.plugins.worker.crew import Crew
from yester.plugins.worker.hosting import WorkerProcess
from yester.plugins.worker.messages import PluginFile
from yester.plugins.worker.problems import PluginBrokenOff, PluginError, PluginProblem, PluginTimedOut, WorkerDied

ROOT = Path(__file__).parents[3]

Troubles = list[tuple[str, str]]


@pytest.fixture
def troubles() -> Troubles:
    return []


@pytest.fixture(autouse=True)
def _little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "GRACE_S", 0.3)
    monkeypatch.setattr(hosting, "LOAD_TIMEOUT_S", 2.0)


def crew_of(troubles: Troubles, *paths: str) -> Crew:
    def start() -> WorkerProcess:
        return WorkerProcess(
            "tests.plugins.worker.trial",
            printed=lambda plugin, stream, line: None,
            answers=lambda plugin, method, arguments: None,
            folder=str(ROOT),
        )

    plugins = [PluginFile(f"p{row}", path) for row, path in enumerate(paths)]
    return Crew(plugins, {}, start=start, trouble=lambda plugin, text: troubles.append((plugin, text)))


@pytest.fixture
def crew(troubles: Troubles) -> Iterator[Crew]:
    crew = crew_of(troubles, "fine", "fine", "fine")
    crew.load()
    yield crew
    crew.close()


@pytest.mark.parametrize(("method", "kind"), [("exit_at_once", WorkerDied), ("stop_itself", PluginTimedOut)])
def test_whoever_ends_the_worker_is_left_out_and_the_others_go_on(
    crew: Crew, troubles: Troubles, method: str, kind: type[PluginProblem]
) -> None:
    with pytest.raises(kind):
        crew.call("p1", method, [], 0.5)
    assert crew.names == ["p0", "p2"]
    assert crew.call("p2", "echo", ["still here"], None) == ["still here"]
    [(plugin, text)] = troubles
    assert plugin == "p1"
    assert text.startswith("p1: ")
    assert text.endswith("; p1 will not be called again")
    with pytest.raises(PluginProblem, match="p1: it was left out"):
        crew.call("p1", "echo", [], None)


def test_an_exception_ends_nothing(crew: Crew, troubles: Troubles) -> None:
    with pytest.raises(PluginError):
        crew.call("p1", "fail", ["why"], None)
    with pytest.raises(PluginTimedOut):
        crew.call("p1", "wait_for_cancel", [], 0.5)
    assert crew.call("p1", "echo", [], None) == []
    assert troubles == []


def test_a_worker_that_was_started_before_is_used(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    crew.close()
    crew.start()
    monkeypatch.setattr(crew, "_start", None)
    assert [each.name for each in crew.load()] == ["p0", "p1", "p2"]
    crew.dismiss()
    crew.close()


def test_plugins_that_cannot_be_loaded_are_told_of(troubles: Troubles) -> None:
    crew = crew_of(troubles, "fine", "dies", "broken", "hangs", "fine")
    loaded = {each.name: each.problem for each in crew.load()}
    assert [name for name, problem in sorted(loaded.items()) if not problem] == ["p0", "p4"]
    assert crew.names == ["p0", "p4"]
    assert {plugin for plugin, _ in troubles} == {"p1", "p2", "p3"}
    assert "it is broken" in loaded["p2"]
    crew.close()


def test_nobody_is_left(troubles: Troubles) -> None:
    crew = crew_of(troubles, "dies", "dies")
    assert [bool(each.problem) for each in crew.load()] == [True, True]
    assert crew.names == []
    with pytest.raises(PluginProblem):
        crew.call("p0", "echo", [], None)
    crew.close()


def test_an_end_that_nobody_can_be_blamed_for_is_forgiven_once(crew: Crew, troubles: Troubles) -> None:
    for _ in range(2):
        assert crew.call("p0", "echo", [], None) == []
        assert crew._worker is not None
        crew._worker.kill()
        with pytest.raises(WorkerDied):
            crew.call("p0", "echo", [], None)
    assert crew.names == []
    assert [plugin for plugin, _ in troubles] == ["", ""]
    assert troubles[1][1].endswith("p0, p1, p2 will not be called again")


def test_time_is_accounted(troubles: Troubles) -> None:
    ticks = iter(range(100))
    crew = crew_of(troubles, "fine", "fine")
    crew._clock = lambda: float(next(ticks))
    crew.load()
    crew.call("p1", "echo", [], None)
    with pytest.raises(PluginError):
        crew.call("p1", "fail", ["why"], None)
    assert crew.seconds == {"p1": 2.0}
    crew.close()


def test_one_whose_call_was_broken_off_stays(crew: Crew, troubles: Troubles) -> None:
    with pytest.raises(PluginBrokenOff):
        crew.call("p1", "loop_in_c", [], None, lambda: True)
    assert crew.call("p1", "echo", [1], None) == [1]
    assert (crew.names, troubles) == (["p0", "p1", "p2"], [])
