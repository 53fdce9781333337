from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from yester.engine.capture.filters import DEFAULT_EXCLUDES, Filter, _Spec, is_cache_tag, patterns_of, read_pattern_file
from yester.engine.errors import UsageError
from yester.engine.profiles.profile import FilterSpec


def left_out(patterns: tuple[str, ...], path: bytes) -> bool:
    """Whether an entry, or a folder above it, is left out; a path ending in a slash is a folder."""
    rules = Filter(FilterSpec(excludes=patterns, defaults=False))
    parts = path.strip(b"/").split(b"/")
    folder = b"/"
    for row, name in enumerate(parts):
        is_directory = row < len(parts) - 1 or path.endswith(b"/")
        if not rules.kept(folder, [name]) or rules.excluded(folder, name, is_directory):
            return True
        folder += name + b"/"
    return False


@pytest.mark.parametrize(
    ("pattern", "out", "kept"),
    [
        ("*.o", [b"/a/b.o", b"/b.o/c"], [b"/a/b.oo", b"/o"]),
        ("a[!b]", [b"/ac", b"/ac/"], [b"/a/", b"/ab/"]),
        ("a[+-9]", [b"/a7/"], [b"/a/"]),
        ("a[^]x]y/", [b"/azy/"], [b"/a]y/", b"/a/y/"]),
        ("core.*", [b"/x/core.12"], [b"/x/core", b"/x/score.1"]),
        ("*~", [b"/a/b~"], [b"/~a"]),
        ("name", [b"/name", b"/a/name", b"/a/name/b"], [b"/a/names", b"/a/nam"]),
        ("name/", [b"/a/name/", b"/name/b"], [b"/a/name"]),
        ("/home/me/x", [b"/home/me/x", b"/home/me/x/y"], [b"/home/you/x", b"/b/home/me/x"]),
        ("/home/me/x/", [b"/home/me/x/"], [b"/home/me/x"]),
        ("/proc/*", [b"/proc/1", b"/proc/1/fd"], [b"/proc/", b"/a/proc/1"]),
        ("a/b", [b"/a/b", b"/x/a/b", b"/x/a/b/c"], [b"/a/c", b"/ab"]),
        ("**/deep/*.txt", [b"/x/deep/a.txt", b"/deep/a.txt"], [b"/x/deep/a/b.txt", b"/a.txt"]),
        ("[ab].c", [b"/x/a.c", b"/b.c"], [b"/c.c"]),
        ("with space", [b"/with space"], [b"/with"]),
        ("*mid*", [b"/amidst"], [b"/dim"]),
        (r"\!bang", [b"/!bang"], [b"/bang"]),
    ],
)
def test_patterns(pattern: str, out: list[bytes], kept: list[bytes]) -> None:
    assert [path for path in out if not left_out((pattern,), path)] == []
    assert [path for path in kept if left_out((pattern,), path)] == []


def test_a_negated_pattern_takes_back_what_an_earlier_one_left_out() -> None:
    patterns = ("*.log", "!keep.log")
    assert left_out(patterns, b"/a/b.log")
    assert not left_out(patterns, b"/a/keep.log")
    assert left_out(("!keep.log", "*.log"), b"/a/keep.log")


def test_only_files_of_some_kind_as_git_users_write_it() -> None:
    patterns = ("*", "!*/", "!*.odt")
    assert not left_out(patterns, b"/home/letters/a.odt")
    assert not left_out(patterns, b"/home/letters/")
    assert left_out(patterns, b"/home/letters/a.txt")


@pytest.mark.parametrize("patterns", [("/run/*", "!x"), ("b*d/",), ("run/m*/",), ("!x", "media")])
def test_a_source_below_what_is_left_out_is_taken_all_the_same(patterns: tuple[str, ...]) -> None:
    rules = Filter(FilterSpec(excludes=patterns, defaults=False))
    for source in (b"/run/media/me/disk", b"/home/build/x"):
        assert not rules.empties(source)
        assert rules.kept(source + b"/", [b"file", b"folder"]) == [b"file", b"folder"]
        assert not rules.excluded(source + b"/", b"file", False)
        assert not rules.excluded(source + b"/", b"folder", True)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [(("*",), True), (("/a/*",), True), (("*", "!x"), True), (("a",), False), (("*/",), False), (("*", "!*/"), False)],
)
def test_a_source_that_loses_all_is_told(patterns: tuple[str, ...], expected: bool) -> None:
    assert Filter(FilterSpec(excludes=patterns, defaults=False)).empties(b"/a") == expected


def test_line_ends_in_names_are_characters_like_others() -> None:
    assert not left_out(("[x]*.o",), b"/x.o\n")
    assert left_out(("[n]ew*line",), b"/new\nline")
    assert left_out(("q?/b",), b"/a\nb/qq/b")


@pytest.mark.parametrize("name", ["a", "a.o", "core.1", "x~", "ab", "b.o.c", "core"])
def test_cheap_rules_say_what_the_library_would(name: str) -> None:
    patterns = ("*.o", "core.*", "*~", "ab")
    library = GitIgnoreSpec.from_lines(patterns)
    assert left_out(patterns, b"/x/" + name.encode()) == library.match_file("x/" + name)


@settings(max_examples=500)
@given(
    st.lists(st.text("ab/*?. ", min_size=1, max_size=7).filter(str.strip), min_size=1, max_size=3),
    st.lists(st.text("ab.", min_size=1, max_size=3).filter(lambda n: n.strip(".")), min_size=1, max_size=4).map(
        "/".join
    ),
    st.booleans(),
)
def test_a_pattern_is_asked_about_every_path_that_it_takes(patterns: list[str], path: str, folder: bool) -> None:
    try:
        library = GitIgnoreSpec.from_lines(patterns)
    except ValueError:
        return
    asked, names = _Spec(patterns), path.split("/")
    above = ["/".join(names[:depth]) for depth in range(1, len(names))]
    within = any(asked.matches(b"/" + each.encode(), True) for each in above)
    hit = within or asked.matches(b"/" + path.encode(), folder)
    assert hit == library.match_file(path + "/" if folder else path)


def test_names_that_are_not_utf_8_match_as_they_are() -> None:
    assert left_out(("caf\udce9",), b"/x/caf\xe9")
    assert left_out(("*\udce9?",), b"/x/caf\xe9s")


def test_the_parts_of_a_profile_come_in_order(tmp_path: Path) -> None:
    file = tmp_path / "patterns"
    file.write_text("# comment\n\nfrom-file\n")
    spec = FilterSpec(excludes=("own",), exclude_files=(file,))
    assert patterns_of(spec) == (*DEFAULT_EXCLUDES, "from-file", "own")
    assert read_pattern_file(file) == ("from-file",)
    with pytest.raises(UsageError, match="cannot be read"):
        read_pattern_file(tmp_path / "none")


def test_markers_and_tags() -> None:
    rules = Filter(FilterSpec(if_present=(".nobackup",), defaults=False))
    assert rules.marker([b"a", b".nobackup"]) == b".nobackup"
    assert rules.marker([b"a"]) is None
    assert is_cache_tag(b"Signature: 8a477f597d28d172789f06886806bc55\n# made by")
    assert not is_cache_tag(b"Signature: 0")


def test_other_rules_have_another_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "patterns"
    file.write_text("one\n")
    spec = FilterSpec(exclude_files=(file,))
    before = Filter(spec).fingerprint()
    assert Filter(spec).fingerprint() == before
    file.write_text("two\n")
    assert Filter(spec).fingerprint() != before
    assert Filter(FilterSpec(one_file_system=True)).fingerprint() != Filter(FilterSpec()).fingerprint()
