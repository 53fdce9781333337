"""Names of duplicity's files as names of objects."""

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.store import is_name
from yester.plugins.backends.folder_layout import place_of
from yester.plugins.duplicity.names import LONG, file_name, holder_of, object_name

NEW = b"duplicity-new-signatures.20261121T060000Z.to.20261122T060000Z.sigtar.gpg"


def test_a_name() -> None:
    assert object_name(b"duplicity-full.20261121T060000Z.manifest") == "misc.d-full.20261121qt060000qz.manifest"
    assert object_name(b"q Q\xff") == "misc.x-q071q020qqq0ff"


def test_duplicitys_own_names_are_never_too_long() -> None:
    assert file_name(object_name(NEW)) == NEW
    assert file_name(object_name(b"me-" + NEW[:-4])) == b"me-" + NEW[:-4] or object_name(NEW).startswith("misc.d-")


def test_a_prefix_may_make_them_so() -> None:
    long = object_name(b"photographs-of-the-family-" + NEW)
    assert long.startswith(LONG)
    assert is_name(long)
    assert file_name(long) is None
    assert is_name(holder_of(long))
    assert holder_of(long) != long
    assert file_name(holder_of(long)) is None


@given(st.binary(max_size=90))
def test_every_name_comes_back(name: bytes) -> None:
    object = object_name(name)
    assert place_of(object)[0] == "misc"
    assert object.startswith(LONG) or file_name(object) == name


@given(st.lists(st.text(alphabet="duplicity-qQzZtT.01x", max_size=14), unique=True))
def test_no_two_have_one(names: list[str]) -> None:
    assert len({object_name(name.encode()) for name in names}) == len(names)
