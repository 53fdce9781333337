"""A world with a repository, for tests that really mount."""

from pathlib import Path

import pytest
from tests.fs.mounting import World


@pytest.fixture
def world(tmp_path: Path, fuse: None) -> World:
    return World(tmp_path)
