"""Which folder a program walks."""

from yester.fs.inodes import ORDINAL_BITS, Inode
from yester.fs.walkers import KEPT_FOLDERS, KEPT_WALKERS, Walkers

SNAPSHOT = 5 << ORDINAL_BITS
TOP, DEEP = Inode(SNAPSHOT + 1), Inode(SNAPSHOT + 5_000)
CP, OTHER = 100, 101


def inode(ordinal: int) -> Inode:
    return Inode(SNAPSHOT + ordinal)


def test_the_first_file_is_wanted_alone_and_the_second_with_its_folder() -> None:
    walkers = Walkers()
    walkers.listed(CP, TOP)
    walkers.opened(CP)
    assert walkers.waits(CP, inode(2), [TOP]) is None
    walkers.opened(CP)
    assert walkers.waits(CP, inode(3), [TOP]) == TOP


def test_the_topmost_folder_of_a_walk_is_meant() -> None:
    walkers = Walkers()
    walkers.listed(CP, TOP)
    walkers.listed(CP, inode(2))
    assert walkers.waits(CP, inode(3), [TOP, inode(2)]) is None
    assert walkers.waits(CP, inode(4), [TOP, inode(2)]) == TOP


def test_who_was_led_to_a_deep_folder_wants_no_more_than_that() -> None:
    walkers = Walkers()
    walkers.listed(CP, TOP)
    walkers.listed(CP, DEEP)
    walkers.waits(CP, inode(5_001), [TOP, DEEP])
    assert walkers.waits(CP, inode(5_002), [TOP, DEEP]) == DEEP


def test_who_read_much_of_what_lies_before_walks_on() -> None:
    walkers = Walkers()
    walkers.listed(CP, TOP)
    for _ in range(1_300):
        walkers.opened(CP)
    walkers.listed(CP, DEEP)
    walkers.waits(CP, inode(5_001), [TOP, DEEP])
    assert walkers.waits(CP, inode(5_002), [TOP, DEEP]) == TOP


def test_what_others_listed_does_not_count() -> None:
    walkers = Walkers()
    walkers.listed(OTHER, TOP)
    walkers.waits(CP, inode(2), [TOP])
    assert walkers.waits(CP, inode(3), [TOP]) is None


def test_few_programs_and_folders_are_remembered() -> None:
    walkers = Walkers()
    walkers.listed(CP, TOP)
    for number in range(KEPT_FOLDERS):
        walkers.listed(CP, inode(10 + number))
    walkers.waits(CP, inode(2), [TOP])
    assert walkers.waits(CP, inode(3), [TOP]) is None
    walkers.listed(CP, TOP)
    for number in range(KEPT_WALKERS):
        walkers.listed(1_000 + number, TOP)
    walkers.waits(CP, inode(2), [TOP])
    assert walkers.waits(CP, inode(3), [TOP]) is None
