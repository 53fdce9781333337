"""The table of keys agrees with the specs, and the reference with the table."""

from dataclasses import fields
from pathlib import Path

import pytest

from yester.engine.profiles.keys import KEYS, TABLES, Key, keys_of, tables_in
from yester.engine.profiles.reference import reference

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("table", TABLES)
def test_every_field_of_a_spec_has_its_key(table: str) -> None:
    of_tables = {name.rpartition(".")[2] for name in tables_in(table)}
    about_the_file = {"name", "text"} if not table else set()
    stated = [field.name for field in fields(TABLES[table].spec) if field.name not in of_tables | about_the_file]
    assert sorted(stated) == sorted(key.attribute for key in keys_of(table))


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.path)
def test_defaults_and_examples_are_values_that_the_key_takes(key: Key) -> None:
    for shown in (key.default, key.example):
        if shown not in (None, "", ()):
            assert key.kind.read(key.kind.raw(shown)) == shown


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.path)
def test_every_key_is_explained_in_a_sentence(key: Key) -> None:
    assert key.about[0].isupper() or key.about.startswith("zstd")
    assert key.about.endswith(".")
    assert "\n" not in key.about


def test_the_reference_is_up_to_date() -> None:
    page = ROOT / "docs/profiles.md"
    assert page.read_text("utf-8") == reference(), "python -m yester.engine.profiles.reference > docs/profiles.md"
