from yester.engine.comparing.texts import SIZE, text_difference


def test_lines_that_differ() -> None:
    found = text_difference(b"a\nb\n", "a\nü\n".encode(), "old", "new")
    assert found is not None
    assert list(found) == ["--- old", "+++ new", "@@ -1,2 +1,2 @@", " a", "-b", "+ü"]


def test_what_is_no_text() -> None:
    for data in (b"\0", b"\xff", b"x" * (SIZE + 1), b"\n" * 30_000):
        assert text_difference(data, b"text", "", "") is None
        assert text_difference(b"text", data, "", "") is None
