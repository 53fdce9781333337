"""The process that a run leaves behind."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import Yester

from yester.engine.catalogue.catalogue import Catalogue
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.plugins.backends.registry import open_store

PASSPHRASE = "correct horse"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let runs start the process, and say which were started."""
    pids: list[int] = []
    really = os.posix_spawn

    def spawn(*given: Any, **more: Any) -> int:
        pids.append(really(*given, **more))
        return pids[-1]

    monkeypatch.setenv("YESTER_BACKGROUND", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3] / "src"))
    monkeypatch.setattr("yester.tui.cli.cataloguing.os.posix_spawn", spawn)
    return pids


@pytest.fixture
def encrypted(yester: Yester, docs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YESTER_PASSPHRASE", PASSPHRASE)
    yester("init")
    yester("profile", "add", "docs", docs)
    return docs


def opened() -> Repository:
    places = Places.default()
    return Repository.open(open_store(str(places.data / "repository")), PASSPHRASE.encode, places=places)


def test_a_run_leaves_a_catalogue_that_is_up_to_date(yester: Yester, encrypted: Path, started: list[int]) -> None:
    assert yester("snap", "docs").code == 0
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started] == [0]
    with Catalogue.open(opened()) as catalogue:
        assert catalogue.is_current()
        assert catalogue.versions(os.fsencode(encrypted))


def test_a_dry_run_starts_nothing(yester: Yester, encrypted: Path, started: list[int]) -> None:
    assert yester("snap", "docs", "--dry-run").code == 0
    assert started == []


def test_it_can_be_switched_off(yester: Yester, encrypted: Path, started: list[int], monkeypatch: Any) -> None:
    monkeypatch.setenv("YESTER_BACKGROUND", "0")
    assert yester("snap", "docs").code == 0
    assert started == []


def test_a_write_only_client_starts_nothing(
    yester: Yester, encrypted: Path, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YESTER_NEW_PASSPHRASE", "adds")
    assert yester("key", "add", "--write-only").code == 0
    monkeypatch.setenv("YESTER_PASSPHRASE", "adds")
    assert [yester("snap", "docs").code for _ in range(3)] == [0, 0, 0]
    assert started == []


def test_where_nothing_can_be_kept_it_ends(yester: Yester, encrypted: Path, started: list[int]) -> None:
    (opened().cache / "catalogue.sqlite").mkdir()
    assert yester("snap", "docs").code == 0
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started] == [1]


def test_the_key_is_in_no_argument(yester: Yester, encrypted: Path, started: list[int], monkeypatch: Any) -> None:
    seen: list[str] = []
    spawn = os.posix_spawn

    def look(path: str, command: list[str], *rest: Any, **more: Any) -> int:
        seen.extend(command)
        return spawn(path, command, *rest, **more)

    monkeypatch.setattr("yester.tui.cli.cataloguing.os.posix_spawn", look)
    yester("snap", "docs")
    os.waitpid(started[0], 0)
    secrets = (opened().master.identity.hex(), PASSPHRASE)
    assert seen and not any(secret in word for word in seen for secret in secrets)
