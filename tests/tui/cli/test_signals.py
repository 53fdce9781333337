"""Real processes that are ended by every signal, at moments of the dice's choice."""

import json
import random
import signal
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, finish, start

FILES = 200


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    dice = random.Random(5)
    for row in range(FILES):
        path = docs / f"{row % 7}" / f"{row:03}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(dice.randbytes(dice.choice((20, 4_000, 150_000))))
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def taken_files(lines: list[str]) -> list[str]:
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event["path"] for event in events if event["type"] == "file"]


@pytest.mark.parametrize("rounds", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_a_signal_at_any_moment(
    yester: Yester, profile: str, docs: Path, tmp_path: Path, number: signal.Signals, rounds: int
) -> None:
    """Nothing is harmed, the next run is complete; and a run that could say goodbye kept all that it had read."""
    assert yester("snap", "docs").code == 0
    dice, told_again = random.Random(number), 0
    for round in range(rounds):
        for row in range(FILES):
            (docs / f"{row % 7}" / f"{row:03}").write_bytes(random.Random(f"{round} {row}").randbytes(3000))
        process = start("snap", profile, "--events")
        assert process.stdout is not None
        lines: list[str] = []
        for _ in range(dice.randrange(2, FILES // 2)):
            lines.append(process.stdout.readline().decode())
        process.send_signal(number)
        ended = finish(process)
        before = taken_files([*lines, *ended.out.splitlines(keepends=True)])
        checked = yester("check", "--read-data")
        assert checked.code == 0, checked.err
        again = yester("snap", profile, "--events")
        assert again.code == 0, again.err
        told_again += len(set(before) & set(taken_files(again.out.splitlines(keepends=True))))
        if number in (signal.SIGINT, signal.SIGTERM):
            assert told_again == 0, "what was read was kept"
        assert yester("restore", "latest", docs, "--target", tmp_path / f"back-{round}").code == 0
        for path in docs.rglob("*"):
            if path.is_file():
                back = tmp_path / f"back-{round}" / docs.name / path.relative_to(docs)
                assert back.read_bytes() == path.read_bytes()
    assert not any(each["partial"] for each in json.loads(yester("list", "--json").out))
