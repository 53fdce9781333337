"""Link groups are remembered as long as names of them may come."""

from typing import cast

from tests.engine.metadata import file_entry

from yester.engine.restore.links import LinkGroups, Made, Member
from yester.engine.restore.places import Place

NOWHERE = cast(Place, None)


def member(name: bytes, group: int, names: int = 3) -> Member:
    return Member(NOWHERE, file_entry(name, nlink=names, link_group=7), group)


def test_later_names_are_linked_to_the_one_that_was_made() -> None:
    groups = LinkGroups()
    assert groups.find(member(b"a", 5)) is None
    groups.add(member(b"a", 5))
    assert groups.find(member(b"b", 6)) is None, "another group"
    assert groups.find(member(b"b", 5)) == Made(NOWHERE, b"a")
    assert groups.find(member(b"c", 5)) == Made(NOWHERE, b"a")
    assert groups.find(member(b"d", 5)) is None, "all three names were met: the group is forgotten"


def test_a_name_that_could_not_be_made_is_not_linked_to() -> None:
    groups = LinkGroups()
    assert groups.find(member(b"a", 5)) is None
    assert groups.find(member(b"b", 5)) is None
    groups.add(member(b"b", 5))
    assert groups.find(member(b"c", 5)) == Made(NOWHERE, b"b")
