from datetime import datetime, timedelta

import pytest

from yester.engine.archive.choosing import choose, described
from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.profiles.sizes import Span, parse_span
from yester.engine.sealed.records import Label, Snapshot
from yester.engine.selection import Listed

NOW = datetime(2026, 11, 20, 12)


def listed(number: int, profile: str, days: int) -> Listed:
    time_ns = int((NOW - timedelta(days=days)).timestamp()) * 10**9
    snapshot = Snapshot(
        time_ns=time_ns,
        end_ns=time_ns,
        host_id=bytes(16),
        host="here",
        user="anna",
        profile_id=bytes(16),
        profile=profile,
        sources=(),
        root=b"",
        writer=bytes(16),
        sequence=number,
    )
    return SnapshotId(bytes([number]) * 32), snapshot


ALL = [listed(1, "docs", 800), listed(2, "docs", 400), listed(3, "docs", 1), listed(4, "mail", 500)]
LABELS = {ALL[1][0]: Label(snapshot=ALL[1][0], counter=1, writer=bytes(16), tags=("tax",))}


@pytest.mark.parametrize(
    ("names", "older_than", "tag", "found"),
    [
        (["docs"], None, None, [1, 2, 3]),
        (["docs@here", "mail"], None, None, [1, 4, 2, 3]),
        (["docs"], "1y", None, [1, 2]),
        ([], "1y", None, [1, 4, 2]),
        ([], None, "tax", [2]),
        (["docs"], "1y", "tax", [2]),
        (["0303", "0303", "mail@latest"], None, None, [4, 3]),
        (["docs@latest"], None, None, [3]),
    ],
)
def test_what_is_named_and_old_enough_and_tagged(
    names: list[str], older_than: str | None, tag: str | None, found: list[int]
) -> None:
    span = None if older_than is None else parse_span(older_than)
    chosen = choose(names, ALL, LABELS, NOW, older_than=span, tag=tag)
    assert [sid[0] for sid, _ in chosen] == found


@pytest.mark.parametrize(
    ("names", "older_than", "tag"),
    [
        ([], None, None),
        (["docs"], Span(months=12 * 5000), None),
        (["nothing"], None, None),
        (["mail"], Span(months=36), None),
        (["docs"], None, "none"),
    ],
)
def test_what_means_nothing_is_refused(names: list[str], older_than: Span | None, tag: str | None) -> None:
    with pytest.raises(UsageError):
        choose(names, ALL, LABELS, NOW, older_than=older_than, tag=tag)


def test_what_is_meant_is_said_in_words() -> None:
    assert described(["docs", "mail"], Span(months=12), "tax") == "of docs and mail older than 1y tagged tax"
    assert described([], Span(days=3)) == "older than 3d"
