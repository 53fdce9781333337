from hypothesis import given
from hypothesis import strategies as st

from yester.engine.capture.filters import Filter
from yester.engine.profiles.profile import FilterSpec
from yester.tui.state.excluding import Excluding, command, lines, patterns, undoing
from yester.tui.state.text import ASCII, plain

_NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: b"/" not in name and b"\0" not in name and b"\n" not in name
)


def excluded(pattern: str, folder: bytes, name: bytes, *, is_folder: bool) -> bool:
    rules = Filter(FilterSpec(defaults=False, caches=False, excludes=(pattern,)))
    return name not in rules.kept(folder, {name}) or rules.excluded(folder, name, is_folder)


@given(st.lists(_NAMES, max_size=3), _NAMES, st.booleans())
def test_each_pattern_leaves_the_entry_out(above: list[bytes], name: bytes, is_folder: bool) -> None:
    folder = b"/" + b"".join(each + b"/" for each in above)
    if name in (b".", b"..") or name != name.strip() or any(each != each.strip() for each in above):
        return
    for pattern in patterns(folder + name, is_folder=is_folder):
        assert excluded(pattern.text, folder, name, is_folder=is_folder), pattern


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1, max_size=8))
def test_the_first_pattern_leaves_nothing_else_out(text: str) -> None:
    name = text.replace("/", "x").encode()
    alone, called, *_ = patterns(b"/home/" + name, is_folder=False)
    for other in (name + b"y", b"y" + name, b"y"):
        assert other == name or not excluded(alone.text, b"/home/", other, is_folder=False)
        assert other == name or not excluded(called.text, b"/home/", other, is_folder=False)
    assert not excluded(alone.text, b"/elsewhere/", name, is_folder=False)


def test_patterns_and_what_they_are_about() -> None:
    assert [each.text for each in patterns(b"/home/me/a [1].iso", is_folder=False)] == [
        "/home/me/a \\[1\\].iso", "a \\[1\\].iso", "*.iso",
    ]  # fmt: skip
    assert [each.text for each in patterns(b"/home/.cache", is_folder=True)] == ["/home/.cache/", ".cache/"]
    assert [each.text for each in patterns(b"/home/.profile", is_folder=False)] == ["/home/.profile", ".profile"]
    assert patterns(b"/home/caf\xe9", is_folder=False)[0].text == "/home/caf?"


def test_what_is_asked_and_the_commands() -> None:
    state = Excluding("docs", b"/home/x", patterns(b"/home/x", is_folder=True), files=3, size=2048)
    said = [plain(each) for each in lines(state, ASCII)]
    assert said[0] == "Leave /home/x out of docs?  3 entries, 2.0 KiB"
    assert "> /home/x/" in said
    assert command(state) == """yester profile edit '--add=filters.exclude=["/home/x/"]' docs"""
    assert undoing(state) == """yester profile edit '--drop=filters.exclude=["/home/x/"]' docs"""
