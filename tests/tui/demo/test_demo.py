"""The demonstration as its audience sees it: a program that is started, perhaps interrupted, and leaves nothing."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Stage:
    """Where a test's demonstration plays."""

    source: Path
    scratch: Path
    programs: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "yester.tui.demo", *arguments],
            env={
                **os.environ,
                "TMPDIR": str(self.scratch),
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT / "src"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "source", tmp_path / "scratch", tmp_path / "bin")
    letters = stage.source / "letters of 2026"
    for folder in (letters, stage.scratch, stage.programs):
        folder.mkdir(parents=True)
    for name in ("anna", "berta's", "clara"):
        (letters / name).write_text(f"Dear {name},\n")
    (letters / "anna").chmod(0o444)
    program = stage.programs / "yester"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m yester "$@"\n')
    program.chmod(0o755)
    return stage


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("fuse")
def test_the_story_is_told_to_its_end(stage: Stage) -> None:
    before = contents(stage.source)
    with stage.start(str(stage.source)) as demo:
        told, complaints = demo.communicate()
    assert demo.returncode == 0, told + complaints
    for line in ("$ yester init", "$ yester snap demo", "$ yester mount yesterdays", "$ yester umount yesterdays"):
        assert line in told.splitlines()
    assert [line for line in told.splitlines() if line.startswith("The same ")] == [
        "The same as the original.",
        "The same contents as the original.",
        "The same attributes as the original.",
    ]
    assert "letters of 2026" in told
    assert contents(stage.source) == before
    assert list(stage.scratch.iterdir()) == []


@pytest.mark.usefixtures("fuse")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_story_leaves_nothing(stage: Stage, number: signal.Signals) -> None:
    """Also when the terminal is closed before all is put away."""
    with stage.start(str(stage.source)) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("$ find yesterdays"):
                break
        demo.send_signal(number)
        demo.send_signal(signal.SIGHUP)
        demo.communicate()
    assert demo.returncode in (128 + number, 128 + signal.SIGHUP)
    assert list(stage.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "sentence"), [("missing", "is not a folder"), ("scratch", "no readable small file")]
)
def test_a_folder_that_will_not_do_is_said(stage: Stage, folder: str, sentence: str) -> None:
    with stage.start(str(stage.source.with_name(folder))) as demo:
        _, complaints = demo.communicate()
    assert demo.returncode == 2
    assert sentence in complaints
    assert len(complaints.splitlines()) == 1
    assert list(stage.scratch.iterdir()) == []


def test_a_command_that_fails_ends_the_story(stage: Stage) -> None:
    copying = stage.programs / "cp"
    copying.write_text("#!/bin/sh\nexit 9\n")
    copying.chmod(0o755)
    with stage.start(str(stage.source)) as demo:
        _, complaints = demo.communicate()
    assert demo.returncode == 1
    assert "work` ended with exit code 9" in complaints
    assert list(stage.scratch.iterdir()) == []
