from collections.abc import Mapping

import pytest

from yester.engine.archive.volumes import volumes_of


@pytest.mark.parametrize(
    ("extra", "volumes"),
    [
        ({}, ()),
        ({"volumes": "A1"}, ("A1",)),
        ({"barcodes": ["A1", "A2", "A1"]}, ("A1", "A2")),
        ({"volumes": {"pack": ["A1"], "other": ["A2"]}, "labels": ["May"]}, ("A1", "May")),
        ({"volumes": {"other": ["A2"]}}, ()),
        ({"volumes": 5, "labels": [None, 3, "", "May"]}, ("May",)),
        ({"volumes": {"pack": {"pack": "A1"}}}, ("A1",)),
        ({"weight": "heavy"}, ()),
    ],
)
def test_volumes_are_found_however_an_archive_says_them(extra: Mapping[str, object], volumes: tuple[str, ...]) -> None:
    assert volumes_of(extra, "pack") == volumes


def test_no_archive_says_volumes_without_end() -> None:
    assert len(volumes_of({"volumes": [str(number) for number in range(100_000)]}, "pack")) == 100
