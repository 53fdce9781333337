from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.backends.folder_layout import belongs, place_of

names = st.one_of(
    st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}", fullmatch=True),
    st.from_regex(r"(config|data|meta|snap|misc)(\.[0-9a-f.-]{0,4})?", fullmatch=True),
)


@given(names)
def test_an_object_lies_below_the_top_under_its_own_name(name: str) -> None:
    folder, path = place_of(name)
    parts = PurePosixPath(path).parts
    assert parts[-1] == name
    assert "/".join(parts[:-1]) == folder
    assert len(parts) <= 3
    assert not any(part.startswith(".") for part in parts)
    assert belongs(folder, name)


@given(names, names)
def test_no_object_lies_in_the_way_of_another(one: str, other: str) -> None:
    """No path is another object's path, nor a folder on the way to it."""
    if one != other:
        path = PurePosixPath(place_of(one)[1])
        assert path not in (PurePosixPath(place_of(other)[1]), *PurePosixPath(place_of(other)[1]).parents)


@given(st.text(max_size=20), st.sampled_from(["", "data", "data/ab", "snap", "misc"]))
def test_other_names_belong_nowhere(name: str, folder: str) -> None:
    assert not belongs(folder, name) or place_of(name)[0] == folder
    assert not belongs(folder, f"{name}/")
    assert not belongs(folder, f".{name}")
