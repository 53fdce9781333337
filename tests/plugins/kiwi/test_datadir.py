"""Where a client of Kiwi Backup keeps its data."""

from pathlib import Path

import pytest

from yester.plugins.kiwi.datadir import ROOT_VARIABLE, data_folder, plugins_folder


@pytest.fixture
def root(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "root"))
    (tmp_path / "root" / "Kiwi-Backup" / "backup").mkdir(parents=True)
    return tmp_path / "root"


def test_the_usual_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    assert plugins_folder() == home / ".local/share/Kiwi-Backup/backup/plugins"
    monkeypatch.setenv(ROOT_VARIABLE, "~/kiwi/")
    assert data_folder() == home / "kiwi/Kiwi-Backup/backup"


@pytest.mark.parametrize("place", [".", "Kiwi-Backup/backup"])
def test_another_target(root: Path, place: str) -> None:
    (root / place / "info.json").write_text('{"companyName": "ACME", "productName": "Safe", "more": 1}')
    assert data_folder() == root / "ACME/Safe"


@pytest.mark.parametrize(
    "text",
    [
        '{"companyName": "ACME"}',
        '{"companyName": "ACME", "productName": ""}',
        '{"companyName": "..", "productName": "x"}',
        '{"companyName": "a/b", "productName": "x"}',
        '{"companyName": 5, "productName": "x"}',
        "[1, 2]",
        "not json",
        "\udcff",
    ],
)
def test_a_file_that_does_not_name_both_names_none(root: Path, text: str) -> None:
    (root / "info.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert data_folder() == root / "Kiwi-Backup/backup"
