"""Each method answers as it always has: tests/golden/serve, which docs/serve.md shows."""

import os
import subprocess
import sys
from difflib import unified_diff
from itertools import chain
from pathlib import Path

import msgspec
import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, environment
from tests.tui.serve.session import SECRETS

from yester.tui.serve.goldens import Exchange, as_text, exchanges_in, goldens
from yester.tui.serve.methods.kinds import Change
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.protocol import Request, decode_request

ROOT = SOURCE_ROOT.parent
IS_WRITTEN = os.environ.get("YESTER_GOLDENS") == "write"
HINT = "If that is meant: YESTER_GOLDENS=write pytest tests/tui/serve/test_goldens.py, read what changed, docs/serve.md"


@pytest.mark.passable  # how deep the folder lies is among the answers
@pytest.mark.usefixtures("fuse")
def test_every_method_answers_as_it_always_has(home: Path) -> None:
    recorded = exchanges_in(_recorded())
    if IS_WRITTEN:
        _write(recorded)
    golden = goldens()
    assert recorded.keys() == METHODS.keys() == golden.keys(), HINT
    before, now = ([*map(as_text, chain.from_iterable(of[method] for method in METHODS))] for of in (golden, recorded))
    assert before == now, HINT + "\n" + "".join(unified_diff(before, now, "golden", "now", n=0))


def _recorded() -> str:
    more = {"PYTHONPATH": f"{ROOT}:{SOURCE_ROOT}"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.tui.serve.goldens"], env=environment(**more), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not any(secret in done.stdout for secret in SECRETS)  # nor is any on a command line
    return done.stdout


def _write(recorded: dict[str, Exchange]) -> None:
    folder = ROOT / "tests/golden/serve"
    for old in folder.glob("*.lines"):
        old.unlink()
    for method in METHODS:
        with open(folder / f"{method.partition('.')[0]}.lines", "a", encoding="utf-8") as file:
            file.write("".join([*map(as_text, recorded[method]), "\n"]))


@pytest.mark.parametrize("method", METHODS)
def test_a_golden_is_one_request_and_all_that_answers_it(method: str) -> None:
    """As the protocol has it: the command where it is one, items, and one end."""
    sent = [decode_request(line.encode()) for who, line in goldens()[method] if who == "client"]
    asked = sent[0]
    assert isinstance(asked, Request)
    assert asked.method == method
    params = msgspec.json.decode(asked.params, type=METHODS[method].takes)
    told = [msgspec.json.decode(line) for who, line in goldens()[method] if who == "yester"]
    assert all(line["id"] == 1 for line in told)
    kinds = [next(name for name in line if name != "id") for line in told]
    is_command = isinstance(METHODS[method], Change)
    ends = ["error"] if len(sent) == 2 else ["done"]
    assert kinds == ["command"] * is_command + ["item"] * (len(kinds) - is_command - 1) + ends
    assert isinstance(params, METHODS[method].takes)
