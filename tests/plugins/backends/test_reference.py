from pathlib import Path

from yester.plugins.backends.reference import codes, methods, options

PAGE = Path(__file__).parents[3] / "docs" / "backends.md"


def test_the_tables_of_the_docs_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    for table in (methods(), codes(), options()):
        assert table in page, "python -m yester.plugins.backends.reference prints it"
