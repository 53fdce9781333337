import pytest

from yester.engine.profiles.lines import Lines

TEXT = """\
a = 1
"b c" = [
    "x = 3",
]
limits.nice = 5
[ filters ]
exclude = ["[schedule]"]
# one = 1
'quo"ted' = 2
[retention . "smart"]
keep_all = 1
[notify]
  on= "never"
"""


@pytest.mark.parametrize(
    ("table", "key", "line"),
    [
        ("", "a", 1),
        ("", "b c", 2),
        ("", "x", None),
        ("limits", "nice", 5),
        ("filters", "exclude", 7),
        ("filters", "one", 6),
        ("filters", 'quo"ted', 9),
        ("retention.smart", "keep_all", 11),
        ("retention.smart", "per_day", 10),
        ("retention", "smart", 10),
        ("notify", "on", 13),
        ("schedule", "when", None),
        ("", "filters", 6),
    ],
)
def test_where_a_key_stands(table: str, key: str, line: int | None) -> None:
    assert Lines(TEXT).line_of(table, key) == line


def test_an_inline_table_is_where_its_key_is() -> None:
    assert Lines('id = "x"\nlimits = { nice = 5 }\n').line_of("limits", "nice") == 2
