"""The guardian's own decisions; real kills are in tests/test_backend_test_killed.py."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.living import environment

from yester.engine.places import Places
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.proving import guarding
from yester.plugins.backends.proving.guardian import Order, sweep
from yester.plugins.backends.proving.guarding import guarded
from yester.plugins.backends.proving.leftovers import Standing, running, standing
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.opening import Opening

NAMES, OTHERS = Names.new(1000, b"abc"), Names.new(1000, b"xyz")


@pytest.fixture
def places(home: Path) -> Places:
    return Places.default()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = FolderStore(tmp_path / "place", create=True)
    for name in (NAMES.mark, NAMES.name("x"), OTHERS.mark):
        store.put(name, [b"x"])
    store.close()
    return tmp_path / "place"


def names_in(folder: Path) -> list[str]:
    store = FolderStore(folder, create=True)
    found = sorted(store.list())
    store.close()
    return found


def order(folder: Path) -> Order:
    return Order(Opening(str(folder)), NAMES.prefix, ())


def test_nothing_but_the_names_of_its_test_is_removed(places: Places, folder: Path) -> None:
    with running(places, NAMES):
        pass
    assert sweep(order(folder), places, sleep=lambda _: None) == 2
    assert names_in(folder) == [OTHERS.mark]
    assert standing(places, NAMES) is Standing.ELSEWHERE


def test_it_looks_again_for_what_was_on_its_way(places: Places, folder: Path) -> None:
    arriving = iter([False, True, True, False])

    def pause(_: float) -> None:
        if next(arriving):
            store = FolderStore(folder, create=True)
            store.put(NAMES.name("late"), [b"x"])
            store.close()

    assert sweep(order(folder), places, sleep=pause) == 4
    assert names_in(folder) == [OTHERS.mark]


def test_folders_that_were_made_for_the_test_go(places: Places, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    made = (str(tmp_path / "a" / "b"), str(tmp_path / "a"))
    assert sweep(Order(Opening(made[0]), NAMES.prefix, made), places, sleep=lambda _: None) == 0
    assert not (tmp_path / "a").exists()


def test_a_test_that_ends_in_order_lets_it_go(places: Places, folder: Path) -> None:
    with pytest.raises(ValueError, match="wrong"), guarded(order(folder), places):
        raise ValueError("wrong")
    assert NAMES.mark in names_in(folder)


def test_one_that_is_broken_off_while_it_cleans_up_leaves_the_rest_to_it(
    places: Places, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = guarding._started(order(folder))
    monkeypatch.setattr(guarding, "_started", lambda _: process)
    with pytest.raises(KeyboardInterrupt), guarded(order(folder), places), running(places, NAMES):
        raise KeyboardInterrupt
    assert process.wait() == 0
    assert names_in(folder) == [OTHERS.mark]


@pytest.mark.parametrize("said", [b"", b"{half an order"])
def test_without_an_order_it_ends(said: bytes, home: Path) -> None:
    words = [sys.executable, "-P", "-m", "yester.plugins.backends.proving.guardian"]
    done = subprocess.run(words, input=said, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_what_it_cannot_do_it_says(home: Path, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    words = [sys.executable, "-P", "-m", "yester.plugins.backends.proving.guardian"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    said = b'{"opening": {"url": "' + bytes(tmp_path / "letter") + b'"}, "prefix": "' + NAMES.prefix.encode()
    _, err = process.communicate(said + b'", "made": []}\n')
    assert process.returncode == 1
    assert b"is not a folder" in err and NAMES.prefix.encode() in err and b"Traceback" not in err
