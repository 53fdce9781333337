from pathlib import Path

import pytest

from yester.plugins.casts import MANNERS
from yester.plugins.reference import reference
from yester.plugins.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


def test_the_table_of_the_docs_is_that_of_the_code() -> None:
    assert reference() in PAGE.read_text(), "python -m yester.plugins.reference prints it"


@pytest.mark.parametrize("world", [world for world in MANNERS if MANNERS[world].is_told])
def test_every_world_says_what_it_hears(world: str) -> None:
    assert MANNERS[world].hears
    assert MANNERS[world].hears.keys() <= RULES.keys()
