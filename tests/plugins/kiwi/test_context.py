"""The context that Kiwi's plugins share: what becomes of changes, by stage."""

from collections.abc import Callable
from typing import Any

import pytest

from yester.engine.events import Error, Message, RunBegin, RunEnd, Shown, SnapshotNew
from yester.plugins.kiwi.context import MOST_ERRORS, Context, Keeper

SETTINGS = {
    "profile": "docs",
    "bid": "r1",
    "conf": b"a = '\xff'",
    "include": [b"/a", b"/b\xff"],
    "exclude": [b"*.o"],
    "version": "1",
}
BEGIN = RunBegin("r1", "docs", "00", sources=(Shown("/a"), Shown("/b\\xff", b"/b\xff")), dry_run=True)
END = RunEnd("r1", "complete", files=3, size=5, new=2, added_size=4, snapshot="ab")


class Host:
    """Notes wishes and warnings; refuses what holds `bad`."""

    def __init__(self) -> None:
        self.wishes: list[tuple[str, object]] = []
        self.warnings: list[str] = []

    def wish(self, kind: str, value: object) -> None:
        if "bad" in repr(value):
            raise ValueError(f"{kind} refused")
        self.wishes.append((kind, value))

    def settle(self, keeper: Keeper) -> tuple[list[tuple[str, object]], list[str]]:
        keeper.settle(self.wish, self.warnings.append)
        try:
            return self.wishes, self.warnings
        finally:
            self.wishes, self.warnings = [], []


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def keeper() -> Keeper:
    keeper = Keeper(SETTINGS)
    keeper.note(BEGIN)
    return keeper


def test_keys_are_attributes(keeper: Keeper) -> None:
    context = keeper.context
    assert (context.profile, context["bid"], context.backup_id, context.dry_run) == ("docs", "r1", "r1", True)
    assert context.include == ["/a", "/b\udcff"] and context.conf == context.config == "a = '\udcff'"
    context.own = 1
    context["other"] = 2
    assert (context["own"], context.other, "own" in context) == (1, 2, True)
    del context.own
    for wrong in (lambda: context.own, lambda: delattr(context, "own")):
        with pytest.raises(AttributeError, match="the context has no own"):
            wrong()
    with pytest.raises(KeyError):
        context["own"]


def test_nothing_changed_is_nothing_wished(keeper: Keeper, host: Host) -> None:
    keeper.context.mine = object()
    assert host.settle(keeper) == ([], [])


def test_changes_at_the_start(keeper: Keeper, host: Host) -> None:
    context = keeper.context
    context.include.append("/c")
    context.include.remove("/b\udcff")
    context.exclude = ["*.tmp"]
    context.tags += ["t"]
    context.larger_than = 5
    context.pinned = True
    wishes, warnings = host.settle(keeper)
    assert wishes == [
        ("add_source", b"/c"), ("remove_source", b"/b\xff"), ("exclude", "*.tmp"), ("drop_exclude", "*.o"),
        ("tag", "t"), ("exclude_larger", 5), ("pin", True),
    ]  # fmt: skip
    assert warnings == []
    assert (context.include, context.exclude) == (["/a", "/c"], ["*.tmp"])
    assert host.settle(keeper) == ([], [])


def test_a_second_plugin_sees_what_the_first_has_changed(keeper: Keeper, host: Host) -> None:
    keeper.context.include.append("/c")
    host.settle(keeper)
    keeper.note(BEGIN)
    assert "/c" in keeper.context.include
    keeper.context.include.remove("/c")
    assert host.settle(keeper)[0] == [("remove_source", b"/c")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda context: context.include.append("/bad"), "comes to nothing: add_source refused"),
        (lambda context: context.__setattr__("include", "text"), "the context's include is a list of texts"),
        (lambda context: context.__setattr__("exclude", [5]), "the context's exclude is a list of texts"),
        (lambda context: context.pop("tags"), "the context's tags is a list of texts"),
        (lambda context: context.__setattr__("name", "bad"), "comes to nothing: name refused"),
        (lambda context: context.__setattr__("bid", "x"), "the context's bid cannot be changed"),
        (lambda context: context.pop("profile"), "the context's profile cannot be changed"),
        (lambda context: context.statistics.clear(), "the context's statistics cannot be changed"),
        (lambda context: context.__setattr__("statistics", None), "the context's statistics cannot be changed"),
        (lambda context: context.errors.append("x"), "the context's errors cannot be changed"),
    ],
)
def test_what_cannot_be_is_taken_back_and_said(
    keeper: Keeper, host: Host, change: Callable[[Context], Any], words: str
) -> None:
    before = dict(keeper.context)
    statistics = dict(keeper.context.statistics)
    change(keeper.context)
    wishes, warnings = host.settle(keeper)
    assert wishes == [] and len(warnings) == 1 and words in warnings[0]
    assert dict(keeper.context) == before
    assert dict(keeper.context.statistics) == statistics
    assert host.settle(keeper) == ([], [])


def test_later_changes_are_ignored_with_a_warning(keeper: Keeper, host: Host) -> None:
    keeper.take()
    context = keeper.context
    context.include.append("/c")
    context.larger_than = 5
    context.tags.append("t")
    wishes, warnings = host.settle(keeper)
    assert wishes == [("tag", "t")]
    assert [each.partition(" was changed too late")[0] for each in warnings] == [
        "the context's include",
        "the context's larger_than",
    ]
    assert (context.include, context.larger_than) == (["/a", "/b\udcff"], None)
    keeper.note(END)
    context.note = "done"
    context.tags.remove("t")
    assert host.settle(keeper) == ([("note", "done")], ["the context's tags cannot be made fewer"])


def test_an_abort(keeper: Keeper, host: Host) -> None:
    keeper.context.abort()
    assert host.settle(keeper) == ([("abort", "it gives no reason")], [])
    setattr(keeper.context, "abort", "why")  # noqa: B010  as a plugin may have it
    assert host.settle(keeper) == ([("abort", "why")], [])
    assert "abort" not in keeper.context


def test_what_events_say(keeper: Keeper, host: Host) -> None:
    context = keeper.context
    keeper.count(2, 10)
    assert (context.statistics.SourceFiles, context.statistics["SourceFileSize"]) == (2, 10)
    keeper.note(Message(level="error", text="unreadable", path="/x"))
    keeper.note(Message(text="info"))
    keeper.note(Error(code=6, text="1 entry"))  # type: ignore[arg-type]
    keeper.note(SnapshotNew("ab"))
    assert (context.errors, context.snapshot) == (["/x: unreadable", "1 entry"], "ab")
    keeper.note(END)
    assert (context.result, context.statistics.SourceFiles, context.statistics.NewFileSize) == ("complete", 3, 4)
    assert host.settle(keeper) == ([], [])
    for _ in range(2 * MOST_ERRORS):
        keeper.note(Error(code=6, text="x"))  # type: ignore[arg-type]
    assert len(context.errors) == MOST_ERRORS
