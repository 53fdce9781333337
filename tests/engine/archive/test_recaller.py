import threading
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from yester.engine.archive.recaller import STILL_ON_ITS_WAY, Recaller
from yester.engine.errors import ArchiveError
from yester.engine.ids import PackId

PACKS = [PackId(bytes([number]) * 32) for number in range(40)]


class Counting:
    """Brings all back, when it may, and remembers each call."""

    def __init__(self, lacking: Mapping[PackId, str] | None = None) -> None:
        self.calls: list[Collection[PackId]] = []
        self.lacking = lacking or {}
        self.may_go = threading.Event()
        self.may_go.set()

    def __call__(self, packs: Collection[PackId]) -> Mapping[PackId, str]:
        self.calls.append(packs)
        self.may_go.wait()
        return {pack: words for pack, words in self.lacking.items() if pack in packs}


def asked_by_all(recaller: Recaller, ready: threading.Event) -> list[Mapping[PackId, str]]:
    """Let a thread ask for each pack, and the first call begin when all have asked."""
    with ThreadPoolExecutor(len(PACKS)) as pool:
        waiting = [pool.submit(recaller.recall_now, [pack], 60.0) for pack in PACKS]
        while len(recaller.wanted) < len(PACKS):
            pass
        ready.set()
        return [each.result() for each in waiting]


def test_what_comes_in_close_together_goes_in_one_call() -> None:
    bring, ready = Counting(), threading.Event()
    assert asked_by_all(Recaller(bring, ready.wait), ready) == [{}] * 40
    assert len(bring.calls) == 1


def test_each_hears_of_his_own_pack_what_the_archive_said() -> None:
    bring, ready = Counting({PACKS[3]: "the tape is torn"}), threading.Event()
    answers = asked_by_all(Recaller(bring, ready.wait), ready)
    assert [each for each in answers if each] == [{PACKS[3]: "the tape is torn"}]


def test_who_reads_one_after_another_says_what_comes_next() -> None:
    bring = Counting()
    recaller = Recaller(bring, lambda: None)
    for number, pack in enumerate(PACKS):
        if not any(pack in call for call in bring.calls):
            assert recaller.recall_now([pack], 60.0, ahead=PACKS[number:]) == {}
    assert [len(call) for call in bring.calls] == [40]


def test_nobody_waits_longer_than_he_wants_and_it_comes_all_the_same() -> None:
    bring = Counting()
    bring.may_go.clear()
    recaller = Recaller(bring, lambda: None)
    assert recaller.recall_now(PACKS[:1], 0.0) == {PACKS[0]: STILL_ON_ITS_WAY}
    bring.may_go.set()
    assert recaller.recall_now(PACKS[:1], 60.0) == {}


def test_what_is_on_its_way_is_not_asked_for_again() -> None:
    bring = Counting()
    bring.may_go.clear()
    recaller = Recaller(bring, lambda: None)
    recaller.recall_now(PACKS[:1], 0.0)
    while not bring.calls:
        pass
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(recaller.recall_now, PACKS[:1], 60.0) for _ in range(3)]
        assert recaller.recall_now(PACKS[:2], 0.0)
        bring.may_go.set()
        assert [each.result() for each in waiting] == [{}] * 3
    recaller.recall_now(PACKS[1:2], 60.0)
    asked = [pack for call in bring.calls for pack in call]
    assert asked.count(PACKS[1]) <= 2


def test_an_archive_that_fails_is_said_and_asked_again_by_the_next() -> None:
    class Failing(Counting):
        def __call__(self, packs: Collection[PackId]) -> Mapping[PackId, str]:
            super().__call__(packs)
            if len(self.calls) == 1:
                raise ArchiveError("no drive is free")
            return {}

    recaller = Recaller(Failing(), lambda: None)
    assert recaller.recall_now(PACKS[:1], 60.0) == {PACKS[0]: "no drive is free"}
    assert recaller.recall_now(PACKS[:1], 60.0) == {}


def test_a_defect_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    class Defective(Counting):
        def __call__(self, packs: Collection[PackId]) -> Mapping[PackId, str]:
            super().__call__(packs)
            if len(self.calls) == 1:
                raise RuntimeError("nobody thought of that")
            return {}

    told: list[object] = []
    monkeypatch.setattr("threading.excepthook", lambda said: told.append(said.exc_value))
    recaller = Recaller(Defective(), lambda: None)
    assert recaller.recall_now(PACKS[:1], 60.0) == {PACKS[0]: "RuntimeError: nobody thought of that"}
    assert recaller.recall_now(PACKS[:1], 60.0) == {}
    assert list(map(str, told)) == ["nobody thought of that"]
