"""The layout that everything stands on: links, layers, and no top-level name but yester."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("engine", "fs", "plugins", "tui")


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_linked_into_the_package(part: str) -> None:
    link = ROOT / "src/yester" / part
    assert link.is_symlink()
    assert link.readlink() == Path("../..", part)
    assert link.resolve() == ROOT / part


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_imported_from_this_checkout(part: str) -> None:
    module = import_module(f"yester.{part}")
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / part / "__init__.py"


def test_every_folder_with_modules_is_a_package() -> None:
    lacking = {
        module.parent.relative_to(ROOT)
        for part in PARTS
        for module in (ROOT / part).rglob("*.py")
        if not (module.parent / "__init__.py").exists()
    }
    assert not lacking


@pytest.mark.parametrize("part", PARTS)
def test_no_part_is_importable_by_its_bare_name(part: str) -> None:
    command = [sys.executable, "-P", "-c", f"import {part}"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"No module named '{part}'" in result.stderr


def test_nothing_else_lies_at_the_top() -> None:
    agreed = {*PARTS, "tests", "docs", "src", "pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md"}
    made = {"build", "dist"}
    assert {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")} - made == agreed


def test_the_layers_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [str(program), "--no-logo", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout
