"""Listings that the kernel keeps, and when it is told to let go of them."""

from yester.fs.inodes import Inode
from yester.fs.kept_listings import KeptListings

ONE, TWO = Inode(10), Inode(20)


def test_what_was_listed_is_let_go_when_something_changed_and_only_then() -> None:
    gone: list[int] = []
    listings = KeptListings(gone.append)
    listings.told(ONE, is_end=False)
    listings.told(ONE, is_end=True)
    assert gone == []
    listings.changed()
    listings.changed()
    assert gone == [ONE]


def test_a_listing_amid_which_something_changed_is_let_go_once_more_at_its_end() -> None:
    gone: list[int] = []
    listings = KeptListings(gone.append)
    listings.told(ONE, is_end=False)
    listings.changed()
    listings.told(TWO, is_end=False)
    listings.told(ONE, is_end=False)
    assert gone == [ONE]
    listings.told(ONE, is_end=True)
    listings.told(TWO, is_end=True)
    assert gone == [ONE, ONE]
    listings.told(ONE, is_end=True)
    listings.changed()
    assert sorted(gone) == [ONE, ONE, ONE, TWO]


def test_what_the_kernel_has_forgotten_it_is_told_nothing_of() -> None:
    gone: list[int] = []
    listings = KeptListings(gone.append)
    for inode in (ONE, TWO):
        listings.told(inode, is_end=True)
    listings.forget([ONE])
    listings.changed()
    assert gone == [TWO]
