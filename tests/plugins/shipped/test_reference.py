from pathlib import Path

from yester.plugins.shipped import SHIPPED
from yester.plugins.shipped.reference import with_tables

PAGE = Path(__file__).parents[3] / "docs" / "shipped-plugins.md"


def test_the_page_has_the_options_as_they_are() -> None:
    """To renew it: `python -m yester.plugins.shipped.reference <docs/shipped-plugins.md`."""
    page = PAGE.read_text()
    assert with_tables(page) == page
    here = {name for name in SHIPPED if f"<!-- options of {name} -->" in page}
    assert here >= {"btrfs", "healthcheck", "lvm", "mail", "metrics", "notify", "webhook", "zfs"}
