"""Templates for the names of snapshots."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.selection import time_name
from yester.fs.time_names import DIRECTIVES, TimeFormat, checked_time_format

NOVEMBER = 1_795_186_992 * 10**9


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@given(st.integers(-(2**63), 2**63 - 1))
def test_without_a_template_a_snapshot_is_called_as_on_the_command_line(time_ns: int) -> None:
    assert TimeFormat().path(time_ns) == time_name(time_ns).encode()


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("%Y/%m/%d", b"2026/11/20"),
        ("%F %T", b"2026-11-20 16:03:12"),
        ("GMT%Y.%m.%d-%H.%M.%S%z", b"GMT2026.11.20-16.03.12+0100"),
        ("%b/%a %Z 100%%", b"Nov/Fri CET 100%25"),
        ("\xe4 %j", "\xe4 324".encode()),
    ],
)
def test_what_a_template_makes(template: str, path: bytes) -> None:
    assert checked_time_format(template).path(NOVEMBER) == path


def test_every_directive_is_text_that_a_folder_can_hold() -> None:
    for directive in DIRECTIVES:
        path = checked_time_format(f"%Y-%{directive}").path(NOVEMBER)
        assert path.startswith(b"2026-") and len(path) > 5 and b"/" not in path


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "no name"),
        ("snapshot", "called the same"),
        ("100%%", "called the same"),
        ("%Z", "called the same"),
        ("/%Y", "absolute"),
        ("%Y//%d", "no name"),
        ("%Y/", "no name"),
        ("../%Y", "elsewhere"),
        ("%Y/./%d", "elsewhere"),
        ("latest/%Y", "newest"),
        ("%Y\n%d", "not printable"),
        ("%Y\0", "not printable"),
        ("%Q", "%Q stands for nothing"),
        ("%-d", "%- stands for nothing"),
        ("%D", "%D stands for nothing"),
        ("%Y%", "% stands for nothing"),
        ("%Y" + "x" * 200, "longer"),
    ],
)
def test_what_cannot_name_snapshots_is_refused_with_the_reason(template: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        checked_time_format(template)
    assert "%Y/%m/%d" in caught.value.hint
