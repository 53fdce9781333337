"""The table for users of Back In Time is that of the code."""

from tests.plugins.native.test_reference import PAGE

from yester.plugins.backintime.reference import reference


def test_the_table_of_the_docs_is_that_of_the_code() -> None:
    assert reference() in PAGE.read_text(), "python -m yester.plugins.backintime.reference prints it"
