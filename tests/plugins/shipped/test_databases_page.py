"""docs/databases.md knows every option of the plugins that it is about."""

import importlib
import re
from pathlib import Path

import pytest

from yester.plugins.shipped import SHIPPED

PAGE = (Path(__file__).parents[3] / "docs" / "databases.md").read_text()
SECTIONS = dict(re.findall(r"^## [^\n]*: `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


@pytest.mark.parametrize("name", ["scripts", "services", "sqlite", "postgresql", "mariadb"])
def test_each_option_is_there(name: str) -> None:
    module, _, kind = SHIPPED[name].partition(":")
    spec = getattr(importlib.import_module(module), kind).option_spec
    said = {word for span in re.findall(r"`([^`\n]+)`|^(\w+) = ", SECTIONS[name], re.M) for word in span}
    said |= {word.split(" = ")[0] for word in said}
    assert spec.keys() - said == set()
