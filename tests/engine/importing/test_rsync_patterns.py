"""Patterns of rsync's, held against rsync itself."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from yester.engine.capture.filters import DEFAULT_EXCLUDES, Filter
from yester.engine.importing.rsync_patterns import UntranslatableError, translate, translated
from yester.engine.profiles.profile import FilterSpec

CASES = {
    "*~": ["*~"],
    ".cache/*": [".cache/*"],
    ".local/share/[Tt]rash*": [".local/share/[Tt]rash*"],
    "/proc/*": ["/proc/*"],
    "lock": ["lock"],
    "build/": ["build/"],
    "/home/*/tmp/": ["/home/*/tmp/"],
    "**/cache": ["cache"],
    "**.o": ["*.o"],
    "/data/**": ["/data/*"],
    "a**b": ["a*b", "a*/**/*b"],
    "a/**/b": ["a/*/b", "a/*/**/*/b"],
    "/var/log/***": ["/var/log/"],
    "#x": ["\\#x"],
    "!x": ["\\!x"],
    "end ": ["end\\ "],
    "back\\slash": ["back\\\\slash"],
    "back\\*x*": ["back\\*x*"],
    "- plain": ["plain"],
}


@pytest.mark.parametrize(("theirs", "ours"), CASES.items())
def test_a_pattern(theirs: str, ours: list[str]) -> None:
    assert translated(theirs) == ours


@pytest.mark.parametrize("pattern", ["!", "/", "[[:alpha:]]x", "x*\\", "a//b", "a**b**c**d**e**f", "caf\udce9"])
def test_what_cannot_be_said(pattern: str) -> None:
    with pytest.raises(UntranslatableError):
        translated(pattern)
    assert translate([pattern, "x"])[0] == ["x"]


def test_an_include_comes_after_what_it_takes_back() -> None:
    assert translate(["+ keep.o", "*.o", "- x"])[0] == ["x", "*.o", "!keep.o"]


NAMES = ("a", "b", "ab", "aXb", "c.o", ".cache", "x y", "#n", "a*b", "a\\b", "[a]", "end ")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files and folders of all these names, three deep."""
    top = tmp_path_factory.mktemp("tree")
    for outer in NAMES[:8]:
        for middle in NAMES[:6]:
            (top / outer / middle / "ab").mkdir(parents=True)
            for name in NAMES:
                (top / outer / middle / f"{name}").with_name(name + "f").touch()
    for name in NAMES:
        (top / "ab" / "b" / "ab" / name).touch()
    return top


def taken_by_rsync(tree: Path, patterns: list[str]) -> set[str]:
    rules = [f"--exclude={pattern}" for pattern in patterns]
    command = ["rsync", "-rn", "-8", "--out-format=%n", *rules, f"{tree}/", f"{tree}-nowhere/"]
    said = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    lines = (line.replace("\\#134", "\\") for line in said.decode().splitlines())
    return {line.rstrip("/") for line in lines} - {"", "."} - {f"created directory {tree}-nowhere"}


def taken_by_us(tree: Path, patterns: list[str]) -> set[str]:
    ours = tuple(translate(patterns)[0])
    rules, found, open_folders = Filter(FilterSpec(excludes=ours, defaults=False, caches=False)), set(), [b"/"]
    while open_folders:
        folder = open_folders.pop()
        place = os.fsencode(tree) + folder
        for name in rules.kept(folder, os.listdir(place)):
            is_folder = os.path.isdir(place + name)
            if not rules.excluded(folder, name, is_folder):
                found.add(os.fsdecode(folder + name)[1:])
                open_folders += [folder + name + b"/"] if is_folder else []
    return found


pieces = st.sampled_from(["a", "b", "ab", "*", "**", "?", "/", "[a-c]", "[!a]", ".", "o", "X", " ", "#", "\\*", "f"])
patterns = st.lists(pieces, min_size=1, max_size=6).map("".join)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(said=st.lists(patterns, min_size=1, max_size=3))
@example(said=["a/**/b"])
@example(said=["/a/**b"])
@example(said=["a**/ab"])
@example(said=["**/a/b"])
@example(said=["/**/ab"])
@example(said=["+ /a/b", "b"])
@example(said=["- end "])
@example(said=list(DEFAULT_EXCLUDES))
def test_both_take_the_same(said: list[str], tree: Path) -> None:
    if translate(said)[1]:
        return
    assert taken_by_us(tree, said) == taken_by_rsync(tree, said)
