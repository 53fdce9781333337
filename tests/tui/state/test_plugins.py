from typing import Any

import msgspec
import pytest
from tests.tui import stage
from tests.tui.fake import HOUR_NS, NOW_NS

from yester.engine.events import PluginTime
from yester.engine.runs.records import RunRecord
from yester.tui.state import plugins
from yester.tui.state.form import Field, with_typed
from yester.tui.state.plugins import Facts, Option, PanelRow, Plugin, Spent
from yester.tui.state.text import ASCII, plain
from yester.tui.state.world import Message, World

SECOND = 10**9


def run(id: str, *spent: tuple[str, int]) -> RunRecord:
    return RunRecord(run=id, state="complete", began_ns=0, plugins=tuple(PluginTime(*each) for each in spent))


WORLD = World(
    now_ns=NOW_NS,
    runs=(run("c", ("usb", 2 * SECOND)), run("b"), run("a", ("usb", 4 * SECOND), ("mail", 1))),
    messages=(
        Message(id=2, time_ns=NOW_NS - HOUR_NS * 3, level="warning", text="it is full", source="usb"),
        Message(id=1, text="older", source="usb"),
    ),
)


def test_time_at_work_is_that_of_all_runs() -> None:
    assert plugins.spent(WORLD.runs or (), "usb") == Spent(6 * SECOND, 2, 2 * SECOND)
    assert plugins.spent(WORLD.runs or (), "none") == Spent()
    assert plugins.spent_words(Spent(6 * SECOND, 2, 2 * SECOND)) == "6.0 s in 2 runs, 2.0 s in the last one"
    assert plugins.spent_words(Spent()) == "in no run that is known"


def cells(plugin: Plugin, *, is_marked: bool = False) -> list[str]:
    return [cell.text for cell in plugins.row_of(plugin, WORLD, is_marked, ASCII).cells]


def test_a_row_says_how_a_plugin_stands() -> None:
    usb = Plugin(label="usb", world="native", state="on")
    assert cells(usb, is_marked=True) == ["^", "usb", "+ on", "native", "6.0 s", "3 h ago: it is full"]
    assert cells(Plugin(label="x", state="broken", problem="it is gone"))[2:] == ["x broken", "", "-", "it is gone"]
    assert "last said  it is full" in [plain(each) for each in plugins.panel(usb, WORLD, ASCII)]


def test_those_that_are_off_stand_last() -> None:
    known = [
        Plugin(label=name, state=state) for name, state in (("a", "off"), ("b", "on"), ("c", "off"), ("d", "lost"))
    ]
    assert "".join(each.label for each in plugins.ordered(known)) == "bdac"


def test_what_would_change_when_only_the_marked_are_on() -> None:
    known = [Plugin(label=name, state=state) for name, state in (("a", "on"), ("b", "off"), ("c", "on"), ("d", "off"))]
    assert plugins.wished(known, frozenset({"a", "b"})) == (["b"], ["c"])


FACTS = msgspec.convert(stage.PLUGIN, Facts)


def test_above_a_page_stands_of_which_runs_it_speaks() -> None:
    assert plain(plugins.head(FACTS, WORLD, ASCII)[0]).startswith("usb  on  ")
    assert plain(plugins.head(FACTS, WORLD, ASCII, ", in runs of docs")[0]).startswith("usb  on, in runs of docs  ")


def test_the_page_has_panels_actions_and_options() -> None:
    shown = plugins.items(FACTS, {"drives": (PanelRow(text="STICK", key="1"),)}, "")
    said = [" ".join(cell.text for cell in item.row.cells).strip() for item in shown]
    assert said == [
        "Drives that can be taken away",
        "1 STICK",
        "What it can do",
        "remember Start a profile whenever this drive is plugged in",
        "format Make a drive anew: All that is on it is lost.",
        "What it wants to know",
        *(f"{option.name} {plugins.value_words(option)} {plugins.origin(option)}" for option in FACTS.options),
    ]
    assert [item.offer.name for item in shown if item.offer is not None] == ["drives", "remember", "format"]
    assert "hush" not in "".join(said)


def test_panels_are_asked_for_only_where_the_plugin_is_on() -> None:
    off = msgspec.structs.replace(FACTS, state="off")
    assert plugins.items(FACTS, {}, "")[1].row.cells[1].text == "…"
    assert "S switches it on" in plugins.items(off, {}, "")[1].row.cells[1].text
    assert plugins.items(FACTS, {"drives": "it failed"}, "")[1].row.cells[1].text == "it failed"


def fields(**facts: Any) -> dict[str, Field]:
    form = plugins.form_of(msgspec.structs.replace(FACTS, **facts), "")
    return {each.name: each for each in form.fields}


def test_each_kind_has_its_shape() -> None:
    shapes = {name: each.shape for name, each in fields().items()}
    assert shapes == {
        "url": "text",
        "tries": "number",
        "loud": "flag",
        "way": "choice",
        "hosts": "list",
        "folder": "text",
        "room": "text",
        "patience": "text",
        "token": "secret",
    }
    assert [fields()[name].before for name in ("tries", "loud", "hosts", "room", "token")] == [
        "3",
        "true",
        "a\nb",
        "5G",
        "",
    ]
    assert fields()["tries"].problem("11") == "takes a whole number from 1 to 10, not 11"


def test_what_counts_before_the_form_is_said() -> None:
    said = {name: each.note for name, each in fields().items()}
    assert said["url"] == "YESTER_PING_URL says so, and counts before what is saved here"
    assert said["token"] == "it is set; typing replaces it, or YESTER_PING_TOKEN says it"
    assert said["tries"] == ""
    assert [name for name, each in fields().items() if each.is_set] == ["tries", "token"]
    in_profile = {each.name: each for each in plugins.form_of(FACTS, "docs").fields}
    assert in_profile["tries"].note == "plugins.toml says so"
    assert not in_profile["tries"].is_set
    assert "into every snapshot" in in_profile["token"].note


def test_a_plugin_that_does_not_say_what_it_takes_is_not_checked() -> None:
    assert fields(has_spec=False)["tries"].problem("x") == ""


@pytest.mark.parametrize(
    ("kind", "value", "text", "wrong"),
    [
        ("path_list", ["/a", "/b"], "/a;/b", None),
        ("language_list", ["de", "en"], "de,en", "xx"),
        ("port", 99, "99", "70000"),
        ("bytes", 500, "500", "many"),
        ("boolean", True, "true", "perhaps"),
    ],
)
def test_kolibris_kinds_are_checked_in_its_words(kind: str, value: object, text: str, wrong: str | None) -> None:
    option = Option(name="School.X", kind=kind, value=value, is_set=True, source="file", place="/c/plugins.toml")
    facts = msgspec.structs.replace(FACTS, world="kolibri", options=(option,))
    form = plugins.form_of(facts, "")
    assert form.text_of(form.fields[0]) == text
    assert form.fields[0].problem(text) == ""
    if wrong is not None:
        assert "the value" in with_typed(form, "School.X", wrong).problem_of(form.fields[0])
