import os
from pathlib import Path

import pytest

from yester.tui.demo import sample as module
from yester.tui.demo.sample import Sample, choose_sample


def fill(folder: Path, *names: str, size: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x" * size)
    return folder


def test_the_first_folder_with_enough_plain_files_is_chosen(tmp_path: Path) -> None:
    fill(tmp_path, "at-the-top")
    fill(tmp_path / "a", "one")
    good = fill(tmp_path / "b", "c", "a", "b")
    fill(tmp_path / "c", "a", "b", "c", "d")
    assert choose_sample([tmp_path]) == Sample(good, ("a", "b", "c"))


def test_the_fullest_will_do_when_none_has_enough(tmp_path: Path) -> None:
    fill(tmp_path / "a", "one")
    fuller = fill(tmp_path / "b", "one", "two")
    fill(tmp_path / "c", "one", "two")
    assert choose_sample([tmp_path]) == Sample(fuller, ("one", "two"))


def test_a_later_source_may_have_the_good_one(tmp_path: Path) -> None:
    poor, good = fill(tmp_path / "poor", "one"), fill(tmp_path / "good", "1", "2", "3")
    assert choose_sample([poor, good]) == Sample(good, ("1", "2", "3"))


@pytest.mark.parametrize("name", ["x.pyc", ".hidden", "letter~"])
def test_a_folder_with_a_file_that_profiles_leave_out_is_no_sample(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "a", "b", "c", name)
    assert choose_sample([tmp_path]) is None


@pytest.mark.parametrize("name", [*sorted(module.PASSED_OVER), ".git"])
def test_folders_of_made_things_are_passed_over(tmp_path: Path, name: str) -> None:
    fill(tmp_path / name, "a", "b", "c")
    assert choose_sample([tmp_path]) is None


def test_too_many_files_are_no_sample(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{number:03}" for number in range(module.FILES_LIMIT + 1)))
    assert choose_sample([tmp_path]) is None


def test_too_large_files_are_no_sample(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    os.truncate(tmp_path / "a", module.SIZE_LIMIT + 1)
    assert choose_sample([tmp_path]) is None


def test_links_and_fifos_are_no_files_to_show(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert choose_sample([tmp_path]) is None


def test_an_empty_folder_has_nothing_to_show(tmp_path: Path) -> None:
    assert choose_sample([tmp_path]) is None


@pytest.mark.parametrize(
    ("files", "lost", "changed"),
    [(("a",), "a", None), (("a.gz", "b.gz"), "a.gz", "b.gz"), (("a", "b.gz", "copyright", "d"), "a", "copyright")],
)
def test_a_text_is_changed_rather_than_a_picture(files: tuple[str, ...], lost: str, changed: str | None) -> None:
    sample = Sample(Path("/any"), files)
    assert (sample.to_lose(), sample.to_change()) == (lost, changed)
