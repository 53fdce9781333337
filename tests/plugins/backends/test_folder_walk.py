import pytest

from yester.plugins.backends.folder_walk import in_many


@pytest.mark.parametrize("prefix", ["", "d", "data", "data.", "data.a", "meta."])
def test_packs_lie_in_many_folders(prefix: str) -> None:
    assert in_many(prefix)


@pytest.mark.parametrize("prefix", ["data.ab", "data.abc", "snap.", "snap.a", "config."])
def test_others_and_a_shard_lie_in_one(prefix: str) -> None:
    assert not in_many(prefix)
