import msgspec
from tests.tui import stage

from yester.tui.state import inbox
from yester.tui.state.text import plain
from yester.tui.state.world import Message

MESSAGES = [msgspec.convert(each, Message) for each in stage.MESSAGES]


def ids(kind: str = "all", text: str = "") -> list[int]:
    return [each.id for each in inbox.wanted(MESSAGES, kind, text)]


def test_each_word_narrows_the_list() -> None:
    assert ids() == [3, 2, 1]
    assert ids(text="ERROR mail") == [3]
    assert ids(text="usb") == [2]
    assert ids(text="unread documents") == [1]
    assert ids(text="2026-11-21 mail") == [3]
    assert ids(text="error usb") == []


def test_kinds_of_messages() -> None:
    assert [ids(kind) for kind, _ in inbox.KINDS] == [[3, 2, 1], [3, 1], [3, 1], [2]]
    kinds = ["all"]
    for _ in inbox.KINDS:
        kinds.append(inbox.next_kind(kinds[-1]))
    assert kinds == ["all", "unread", "urgent", "offers", "all"]
    assert inbox.empty_words("all") == "No messages: all is quiet"
    assert inbox.empty_words("unread") == "No messages (only what nobody has read): w shows others"


def test_what_can_be_done_about_a_message_is_said_with_its_command() -> None:
    said = [plain(each) for each in inbox.panel(MESSAGES[1])]
    assert "  a does free  yester plugin run usb free" in said
    in_profile = msgspec.structs.replace(MESSAGES[1], profile="docs")
    assert inbox.command(in_profile) == "yester plugin run --profile=docs usb free"
    assert [plain(each) for each in inbox.panel(None, "unread")] == ["only what nobody has read: w shows others"]
