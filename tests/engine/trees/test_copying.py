from hypothesis import given
from tests.engine.metadata import PAGE_KEY, MemoryBlobs, directories

from yester.engine.entries import Entry
from yester.engine.trees.copying import copy_row
from yester.engine.trees.directories import Directory, TreeWriter


@given(directories())
def test_a_directory_copied_row_by_row_is_the_same_directory(rows: list[Entry]) -> None:
    blobs = MemoryBlobs()
    first, second = TreeWriter(blobs.put, PAGE_KEY), TreeWriter(blobs.put, PAGE_KEY)
    for entry in rows:
        first.add(entry)
    tree, summary = first.finish()
    for page, _, _ in Directory(blobs, tree).leaves():
        for row in range(page.count):
            copy_row(second, page, row)
    assert second.finish() == (tree, summary)
