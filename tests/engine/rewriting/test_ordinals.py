import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.rewriting.ordinals import Removals, relinked


def removals_of(gone: set[int]) -> Removals:
    removals = Removals()
    for ordinal in sorted(gone):
        removals.add(ordinal, 1)
    return removals


@given(gone=st.sets(st.integers(1, 60)))
def test_what_is_left_is_numbered_anew(gone: set[int]) -> None:
    removals = removals_of(gone)
    left = [ordinal for ordinal in range(100) if ordinal not in gone]
    assert [removals.moved(ordinal) for ordinal in left] == list(range(len(left)))
    assert {removals.moved(ordinal) for ordinal in gone} <= {None}
    assert len(removals) == len(gone)


@given(groups=st.lists(st.integers(0, 5), max_size=40), gone=st.sets(st.integers(1, 40)))
def test_links_lead_to_the_first_name_that_is_left(groups: list[int], gone: set[int]) -> None:
    """Against a table made from the entries that are left."""

    def table(ordinals: list[int], files: list[int]) -> list[tuple[int, int]]:
        firsts: dict[int, int] = {}
        pairs = ((ordinal, firsts.setdefault(file, ordinal)) for ordinal, file in zip(ordinals, files, strict=True))
        return [(member, first) for member, first in pairs if member != first]

    ordinals = list(range(1, len(groups) + 1))
    left = [ordinal for ordinal in ordinals if ordinal not in gone]
    before = table(ordinals, groups)
    removals = removals_of(gone & set(ordinals))
    moved = [removals.moved(ordinal) for ordinal in left]
    after = table([ordinal for ordinal in moved if ordinal is not None], [groups[ordinal - 1] for ordinal in left])
    assert list(relinked(before, removals)) == after


def test_ordinals_rise() -> None:
    removals = Removals()
    removals.add(5, 3)
    removals.add(8, 0)
    removals.add(8, 1)
    with pytest.raises(ValueError, match="rise"):
        removals.add(8, 1)
