import pytest

from yester.engine.rewriting.edits import Edits, dropping, mending


def test_paths_become_edits_by_directory() -> None:
    edits = dropping([b"/home/me/secret", b"/home/me/.cache/", b"/srv"])
    assert edits == Edits({b"srv"}, set(), {b"home": Edits(below={b"me": Edits({b"secret", b".cache"})})})


def test_the_root_stays() -> None:
    with pytest.raises(ValueError, match="root"):
        dropping([b"//"])


def test_a_directory_of_which_names_are_lost_is_written_anew() -> None:
    edits = mending([(b"/a/b", True), (b"/a/c", False)])
    assert edits == Edits(below={b"a": Edits(mend={b"b", b"c"}, below={b"b": Edits()})})
    assert mending([(b"/", True)]) == Edits()
