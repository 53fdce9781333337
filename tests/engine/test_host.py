import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from blake3 import blake3

from yester.engine.host import host_id, host_name, kept_id, user_name
from yester.engine.places import Places


def test_comes_from_the_machine_id_without_showing_it(tmp_path: Path) -> None:
    machine_id = tmp_path / "machine-id"
    machine_id.write_text("0123456789abcdef0123456789abcdef\n")
    found = host_id(Places.under(tmp_path), machine_id=machine_id)
    assert found == blake3(b"0123456789abcdef0123456789abcdef", derive_key_context="yester v1 host").digest(16)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("content", [None, "", "uninitialized\n"])
def test_without_a_machine_id_it_is_remembered(tmp_path: Path, content: str | None) -> None:
    machine_id = tmp_path / "machine-id"
    if content is not None:
        machine_id.write_text(content)
    places = Places.under(tmp_path / "one")
    found = host_id(places, machine_id=machine_id)
    assert len(found) == 16
    assert host_id(places, machine_id=machine_id) == found
    assert host_id(Places.under(tmp_path / "two"), machine_id=machine_id) != found


def test_is_the_same_by_default_each_time(home: Path) -> None:
    assert home.exists()
    assert host_id() == host_id()


def test_of_many_that_make_an_id_one_wins(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: kept_id(tmp_path / "id"), range(64)))
    assert len(found) == 1


@pytest.mark.parametrize("content", ["", "xy", "00"])
def test_a_damaged_id_is_made_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "id").write_text(content)
    found = kept_id(tmp_path / "id")
    assert len(found) == 16
    assert kept_id(tmp_path / "id") == found


@pytest.mark.parametrize(
    ("name", "shown"), [("laptop.example.org", "laptop"), ("", "localhost"), ("caf\udce9", "caf\ufffd")]
)
def test_host_names_are_short_and_encode(monkeypatch: pytest.MonkeyPatch, name: str, shown: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", name, "6", "1", "x86_64")))
    assert host_name() == shown


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", lambda: "me")
    assert user_name() == "me"
    monkeypatch.setattr("getpass.getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert user_name() == "4711"
