from pathlib import Path

from yester.plugins.native.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "plugins.md"


def test_the_table_of_the_docs_is_that_of_the_code() -> None:
    assert reference() in PAGE.read_text(), "python -m yester.plugins.native.reference prints it"


def test_a_beginning_alone_may_stop_a_run() -> None:
    stopping = [line for line in reference().splitlines() if "yes" in line]
    assert [line.split("|")[1].strip() for line in stopping] == ["`run.begin`"]
