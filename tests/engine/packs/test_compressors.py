import errno
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.engine.packs.compressing import SLOT_SIZE
from yester.engine.packs.compression import decompress
from yester.engine.packs.compressors import Compressors, Slot


def filled(compressors: Compressors, data: bytes) -> Slot:
    slot = compressors.take()
    assert slot is not None
    slot.plain[: len(data)] = data
    return slot


def alive(process: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children() -> list[int]:
    return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_handed_over_comes_back_compressed(processes: int) -> None:
    compressors = Compressors(3, processes)
    texts = {}
    for number in range(8):
        text = b"%d" % number * 20_000
        slot = filled(compressors, text)
        assert compressors.hand_over(slot, len(text))
        texts[slot.number] = text
    while texts:
        for slot, size in compressors.answers(wait=True):
            assert size is not None
            text = texts.pop(slot.number)
            assert decompress(slot.packed[:size], len(text)) == text
            assert slot.plain[: len(text)] == text
            compressors.give_back(slot)
    assert compressors.answers(wait=True) == []
    compressors.close()
    assert children() == []


def test_bytes_that_do_not_shrink_into_their_slot_stay_plain() -> None:
    compressors = Compressors(3, 1)
    slot = filled(compressors, os.urandom(SLOT_SIZE))
    assert compressors.hand_over(slot, SLOT_SIZE)
    assert compressors.answers(wait=True) == [(slot, 0)]
    compressors.close()


def test_who_hands_over_too_much_is_told_to_do_it_himself() -> None:
    compressors = Compressors(3, 1)
    handed = 0
    while compressors.hand_over(slot := filled(compressors, b"x"), 1):
        handed += 1
        assert handed < 1000
        os.kill(children()[0], signal.SIGSTOP)
    compressors.give_back(slot)
    assert handed > 10
    compressors.close()
    assert children() == []


def test_without_memory_the_error_says_so_and_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(file: int, size: int) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    before = os.listdir("/proc/self/fd")
    monkeypatch.setattr(mmap, "mmap", refused)
    with pytest.raises(YesterError, match="no memory"):
        Compressors(3, 1)
    assert os.listdir("/proc/self/fd") == before


def test_without_processes_nothing_is_taken() -> None:
    compressors = Compressors(3, 0)
    slot = filled(compressors, b"x")
    assert not compressors.hand_over(slot, 1)
    assert compressors.answers(wait=True) == []
    compressors.close()


def test_the_slots_of_a_process_that_died_come_back() -> None:
    compressors = Compressors(3, 1)
    compressors.start()
    os.kill(children()[0], signal.SIGKILL)
    slots = {slot.number for slot in [filled(compressors, b"x"), filled(compressors, b"y")]}
    for number in list(slots):
        compressors.hand_over(compressors._slots[number], 1)
    back: set[int] = set()
    while back != slots:
        for slot, size in compressors.answers(wait=True):
            assert size is None
            back.add(slot.number)
    assert children() == []
    compressors.close()


def test_the_processes_of_a_program_that_is_killed_end() -> None:
    script = (
        "import sys, time\n"
        "from yester.engine.packs.compressors import Compressors\n"
        "compressors = Compressors(3, 2)\n"
        "compressors.start()\n"
        "print(*[process._process.pid for process in compressors._running.values()], flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    assert program.stdout is not None
    processes = [int(word) for word in program.stdout.readline().split()]
    assert len(processes) == 2
    with program:
        program.kill()
    while any(map(alive, processes)):
        time.sleep(0.001)
