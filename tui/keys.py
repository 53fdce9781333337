"""Every key of the terminal program: what it does, where, how dangerous that is, and in which preset; pure.

One table, from which bindings, footer, help and docs/tui-keys.md are made. An action is the method `action_NAME` of the
place, or of the list, after the id `PLACE.NAME`. A person may give any of them other keys by its id.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from yester.tui.places import PLACES

Preset = Literal["default", "vim", "mc"]


class Danger(IntEnum):
    """What a key may do by itself. No key has two verbs of different danger, in any place."""

    LOOK = 0
    """Nothing changes."""
    CHANGE = 1
    """Something is changed or begun, and can be taken back or stopped."""
    DESTROY = 2
    """Something may be lost: it asks first, and its answer is No."""


@dataclass(frozen=True, slots=True)
class Key:
    """One verb of one place."""

    name: str
    keys: str
    """In the default preset, as Textual names them, with commas between."""
    words: str
    """For the footer: one or two words."""
    about: str
    danger: Danger = Danger.LOOK
    vim: str = ""
    """In the preset `vim`; empty: as in the default one."""
    mc: str = ""
    in_footer: bool = False

    def keys_in(self, preset: Preset) -> str:
        """Return its keys in a preset."""
        return {"default": "", "vim": self.vim, "mc": self.mc}[preset] or self.keys


LOOK, CHANGE, DESTROY = Danger.LOOK, Danger.CHANGE, Danger.DESTROY

_OPEN = "enter,right,l,f3"


def _opening(what: str) -> tuple[Key, ...]:
    return (
        Key("pager", "o", "in pager", f"Open {what} in $PAGER"),
        Key("editor", "e,O", "in editor", f"Open a copy of {what} in $EDITOR", mc="e,O,f4"),
    )


KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "app": (
            Key("help", "question_mark,f1", "help", "Show the keys that work here", in_footer=True),
            Key(
                "palette",
                "colon,ctrl+p",
                "commands",
                "Find any command, snapshot or file by name",
                mc="colon,ctrl+p,f9",
            ),
            Key("log", "at", "log", "Show the commands that your keys ran, and all that was said"),
            Key("looks", "comma", "look", "Choose colours, keys, signs and motion"),
            Key("quit", "q,f10", "quit", "Leave; runs go on", vim="q,Z,f10", in_footer=True),
        ),
        "place": (
            Key("back", "escape", "back", "Go one step back; never quits"),
            Key("filter", "slash", "filter", "Show only what holds a text"),
            Key("search", "f", "find", "Look for a name in all snapshots"),
            Key("refresh", "ctrl+r", "refresh", "Ask anew for what is shown"),
            Key("zoom", "z", "zoom", "Give what stands beside the list nearly all the room, or no more"),
        ),
        "list": (
            Key("up", "up,k", "up", "One row up"),
            Key("down", "down,j", "down", "One row down"),
            Key("page_up", "pageup,ctrl+u", "page up", "One page up", vim="pageup,ctrl+u,ctrl+b"),
            Key("page_down", "pagedown,ctrl+d", "page down", "One page down", vim="pagedown,ctrl+d,ctrl+f"),
            Key("first", "home,g", "first", "The first row"),
            Key("last", "end,G", "last", "The last row"),
            Key("next", "n", "next match", "The next row that holds what was looked for with /"),
            Key("previous", "N", "match before", "The row before that holds it"),
            Key("sort", "greater_than_sign", "sort", "Order by the next column, after the last one as it was"),
            Key("turn", "less_than_sign", "turn", "Turn the order round"),
        ),
        "home": (
            Key("open", _OPEN, "last run", "Show the last run of the profile", mc="enter,f3", in_footer=True),
            Key("snap", "b", "back up", "Take a snapshot of the profile now", CHANGE, in_footer=True),
            Key("snapshots", "s", "snapshots", "Show the snapshots of the profile", in_footer=True),
            Key("browse", "o", "browse", "Look into the newest snapshot of the profile", in_footer=True),
            Key("edit", "E", "edit file", "Edit the file of the profile in $EDITOR", CHANGE),
            Key("new", "plus,f7", "new", "Make a profile, from its folders to its first snapshot", in_footer=True),
            Key("settings", "c", "change", "Show and change what the profile says, key by key", CHANGE),
            Key("switch", "S", "on or off", "Let its runs start by themselves at its times, or no more", CHANGE),
            Key("copy", "C", "copy", "Make a profile that says the same under another name", CHANGE),
            Key("recover", "U", "recover", "Bring back a broken profile from its last snapshot", DESTROY),
            Key("remove", "x,f8", "remove", "Remove the profile; its snapshots stay", DESTROY),
        ),
        "snapshots": (
            Key("open", _OPEN, "look inside", "Look into the snapshot", mc="enter,f3", in_footer=True),
            Key("snap", "b", "back up", "Take a snapshot of the profile now", CHANGE),
            Key(
                "difference",
                "d",
                "diff",
                "Show what differs between the two marked, or from the one before",
                in_footer=True,
            ),
            Key("mark", "space", "mark", "Mark the snapshot, or take the mark away", mc="space,insert"),
            Key("invert", "asterisk", "invert", "Mark those that are not marked, and only them"),
            Key("pin", "p", "pin", "Pin what is marked, or the snapshot; or let it go again", CHANGE, in_footer=True),
            Key("name", "R", "name", "Give the snapshot a name and a note", CHANGE),
            Key("tag", "t", "tag", "Give what is marked, or the snapshot, tags", CHANGE),
            Key("mount", "m", "mount", "Show the snapshot as a folder, and copy where", CHANGE, in_footer=True),
            Key("shell", "exclamation_mark", "shell", "Open a shell in the snapshot's folder", CHANGE),
            Key("forget", "x,f8", "forget", "Let what is marked, or the snapshot, go", DESTROY, in_footer=True),
            Key("thin", "T", "rules", "Show what the rules keep and let go, and carry it out", DESTROY),
            Key("profile", "tab", "profile", "Show the next profile"),
        ),
        "differences": (
            Key("open", _OPEN, "lines", "Show how it differs, line by line", mc="enter,f3", in_footer=True),
            Key("folder", "o", "its folder", "Show it where it is", in_footer=True),
            Key("versions", "v", "versions", "Show all versions of it", in_footer=True),
            Key("copy", "y", "copy path", "Copy the path", in_footer=True),
            Key("scroll_down", "right_curly_bracket", "more", "Show more of the difference"),
            Key("scroll_up", "left_curly_bracket", "less", "Show what was before in the difference"),
        ),
        "browse": (
            Key(
                "open", _OPEN, "open", "Open the folder, or show all of the entry", mc="enter,right,f3", in_footer=True
            ),
            Key("up", "left,h,backspace", "up", "Go to the folder above"),
            Key("newer", "right_square_bracket", "newer", "The next snapshot, at the same place", in_footer=True),
            Key("older", "left_square_bracket", "older", "The snapshot before, at the same place", in_footer=True),
            Key("versions", "v", "versions", "Show all versions of the entry", in_footer=True),
            Key("copy", "y", "copy path", "Copy the path"),
            Key("snap", "b", "back up", "Take a snapshot of the profile now", CHANGE),
            *_opening("the file"),
            Key("mark", "space", "mark", "Mark the entry, or take the mark away", mc="space,insert"),
            Key(
                "mark_all",
                "asterisk",
                "mark all",
                "Mark what is not marked of what was seen here, and the other way round",
            ),
            Key("deleted", "D", "deleted", "Show what was deleted here, or no more"),
            Key("hidden", "full_stop", "hidden", "Leave out what begins with a dot, or no more"),
            Key("preview", "tab", "preview", "Show it another way: content, bytes, all that is kept"),
            Key("diff", "d", "compare", "Show how the file differs now"),
            Key("recall", "R", "recall", "Bring back from an archive what the entry needs, after a plan", CHANGE),
            Key("exclude", "X", "leave out", "Leave the entry out from the next run on", CHANGE),
            Key("scroll_down", "right_curly_bracket", "more", "Show more of the preview"),
            Key("scroll_up", "left_curly_bracket", "less", "Show what was before in the preview"),
            Key("restore", "r,f5", "restore", "Bring back what is marked, or the entry", CHANGE, in_footer=True),
        ),
        "search": (
            Key("versions", "v,enter,f3", "versions", "Show all versions of it", in_footer=True),
            Key("open", "o", "its folder", "Show it where it is, in the newest snapshot that has it", in_footer=True),
            Key("copy", "y", "copy path", "Copy the path", in_footer=True),
        ),
        "versions": (
            Key("open", "enter,f3", "its folder", "Show the version where it is", in_footer=True),
            Key("restore", "r,f5", "restore", "Bring the version back", CHANGE, in_footer=True),
            Key("copy", "y", "copy path", "Copy the path", in_footer=True),
            *_opening("the version"),
            Key("diff", "d", "compare", "Compare in a program of your own (`diff` in tui.toml)", in_footer=True),
            Key("scroll_down", "right_curly_bracket", "more", "Show more of the difference"),
            Key("scroll_up", "left_curly_bracket", "less", "Show what was before in the difference"),
        ),
        "bringing": (
            Key("cancel", "x,f8", "cancel", "Stop it, in good order", DESTROY, in_footer=True),
            Key("copy", "y", "copy path", "Copy the path", in_footer=True),
        ),
        "journal": (
            *_opening("the journal"),
            Key("pause", "p", "pause", "Let the run stand still, or go on", CHANGE, in_footer=True),
            Key("cancel", "x,f8", "cancel", "Stop the run, in good order", DESTROY, in_footer=True),
            Key("report", "i", "report", "Show all that is known of the run", in_footer=True),
            Key("act", "a", "do it", "Start what the plugin offers to do about its message", DESTROY, in_footer=True),
            Key("copy", "y", "copy", "Copy the line"),
        ),
        "settings": (
            Key("open", _OPEN, "change", "Choose another value; nothing is changed yet", mc="enter,f4", in_footer=True),
            Key(
                "unset",
                "u",
                "take back",
                "Take the change back; else let the key have its default",
                CHANGE,
                in_footer=True,
            ),
            Key("save", "ctrl+s", "save", "Change the file, by one command", CHANGE, in_footer=True),
        ),
        "wizard": (
            Key("next", "ctrl+n", "next", "Go on to the next page, once this one is in order", in_footer=True),
            Key("previous", "ctrl+p", "page before", "Go back to the page before; nothing is lost", in_footer=True),
            Key(
                "back",
                "escape",
                "back",
                "The page before; from the first one out, asking if something was typed",
                in_footer=True,
            ),
        ),
        "runs": (
            Key("open", _OPEN, "journal", "Show all that happened in the run", mc="enter,f3", in_footer=True),
            Key("snap", "b", "back up", "Take a snapshot of the run's profile now", CHANGE, in_footer=True),
            *_opening("the journal"),
            Key("pause", "p", "pause", "Let the run stand still, or go on", CHANGE, in_footer=True),
            Key("cancel", "x,f8", "cancel", "Stop the run, in good order", DESTROY, in_footer=True),
            Key("report", "i", "report", "Show all that is known of the run", in_footer=True),
            Key("copy", "y", "copy", "Copy what went wrong in the run, or its id where nothing did"),
        ),
        "mounts": (
            Key("copy", "y", "copy path", "Copy the path", in_footer=True),
            Key("mount", "m", "mount", "Show all snapshots as a folder", CHANGE, in_footer=True),
            Key("unmount", "u", "unmount", "Take the folder away again", CHANGE, in_footer=True),
            Key("shell", "exclamation_mark", "shell", "Open a shell in the folder", CHANGE, in_footer=True),
            Key("clean", "c", "clean up", "Take dead mounts away", CHANGE, in_footer=True),
        ),
        "plugins": (
            Key("plugins", "tab", "plugins", "Go to the plugins, or back to the messages", in_footer=True),
            Key("open", _OPEN, "open", "Show the plugin, or the run that the message is from", in_footer=True),
            Key("act", "a", "do it", "Start what the plugin offers to do about its message", DESTROY, in_footer=True),
            Key("read", "m", "mark read", "The message counts as read", CHANGE, in_footer=True),
            Key("read_all", "M", "all read", "All messages count as read", CHANGE),
            Key("copy", "y", "copy", "Copy the message"),
            Key("which", "w", "which", "Only unread messages, warnings and errors, those with something to do, or all"),
            Key("switch", "S", "on or off", "Enable the plugin, or disable it", CHANGE, in_footer=True),
            Key("mark", "space", "mark", "Mark the plugin, or take the mark away", mc="space,insert"),
            Key("apply", "A", "just these", "Let the marked plugins be on, and all others off", DESTROY),
        ),
        "plugin": (
            Key("open", _OPEN, "set or start", "Set the option, start the action, or look anew", in_footer=True),
            Key("profile", "tab", "profile", "Show it as it is in the next profile", in_footer=True),
            Key("switch", "S", "on or off", "Enable the plugin, or disable it", CHANGE, in_footer=True),
        ),
        "archives": (
            Key("open", _OPEN, "packs", "Show each pack of the request, in the archive's words", in_footer=True),
            Key("put", "p", "archive", "Hand old snapshots over to an archive, after a plan", CHANGE, in_footer=True),
            Key("purge", "P", "purge", "Delete online copies of what an archive holds", DESTROY, in_footer=True),
            Key("go_on", "c", "go on", "Go on with all that is queued and due", CHANGE, in_footer=True),
            Key("retry", "t", "try again", "Ask again for what failed", CHANGE, in_footer=True),
            Key("cancel", "x,f8", "take back", "Take back what no archive was asked for yet", DESTROY),
            Key("profile", "tab", "profile", "Show those of the next profile's repository"),
        ),
        "storage": (
            Key("open", _OPEN, "look below", "What takes the room below the path", mc="enter,f3", in_footer=True),
            Key("up", "left,h,backspace", "up", "What takes the room in the folder above"),
            Key("profile", "tab", "profile", "Show the repository of the next profile"),
            Key("snap", "b", "back up", "Take a snapshot of the profile now", CHANGE),
            Key(
                "check",
                "c",
                "check",
                "Look for damage, and read as much of the content as said",
                CHANGE,
                in_footer=True,
            ),
            Key("archives", "L", "archives", "Show what archives hold, and what was asked of them", in_footer=True),
            Key("prune", "P", "give back", "Give back the room of what no snapshot needs", DESTROY, in_footer=True),
            Key("keys", "K", "keys", "Show the keys of the repository", in_footer=True),
        ),
        "ways_in": (
            Key("add", "plus,f7", "add", "Ask for a passphrase to add", in_footer=True),
            Key(
                "recovery",
                "W",
                "recovery",
                "Make a new recovery key, which replaces earlier ones",
                DESTROY,
                in_footer=True,
            ),
            Key("remove", "x,f8", "remove", "Remove the key", DESTROY, in_footer=True),
        ),
    }
)
"""Place → its keys; `app` works everywhere, `place` in each place, `list` in each list."""

ACTIONS: Mapping[str, str] = MappingProxyType({"app.palette": "command_palette"})
"""Ids whose action has another name: Textual's own."""


def all_keys() -> Iterator[tuple[str, Key]]:
    """Yield each key under its id."""
    return ((f"{place}.{key.name}", key) for place, keys in KEYS.items() for key in keys)


def action_of(id: str) -> str:
    """Return the action of an id."""
    return ACTIONS.get(id, id.partition(".")[2])


def keymap(preset: Preset, own: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return which ids have which keys in a preset, and after what a person says."""
    return {id: own.get(id, key.keys_in(preset)) for id, key in all_keys()}


def key_id(key: str) -> str:
    """Return a key as Textual names it: `?` is question_mark."""
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key, key).lower().replace("-", "_").replace(" ", "_")
    return _SIGNS.get(name, name)


_SIGNS = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def clash(keymap: Mapping[str, str], own: Sequence[tuple[str, str, str]] = ()) -> str:
    """Return which key would do two things at once, and which; empty: none would. `own`: place, key, what it is called.

    What is wrong with a key's name is said the same way.
    """
    for place in KEYS:
        seen = {} if place in ALONE else {str(row.number): f"place {row.title}" for row in PLACES}
        for key, words in _in_place(place, keymap, own):
            if not _KEY.fullmatch(key):
                return f"{key!r} of {words} is no name of a key, such as ctrl+r, f5, K or space"
            if key_id(key) in seen:
                return f"{key} would be both {seen[key_id(key)]} and {words}"
            seen[key_id(key)] = words
    return ""


EVERYWHERE = ("app", "place", "list")
"""Sections of keys that work in more than one place."""
ALONE = ("wizard",)
"""Sections of what stands over a place: no other keys work there but those of lists."""
_KEY = re.compile(r"(?:(?:ctrl|alt|shift)\+)*(?:[a-z0-9_]+|\S)")


def _in_place(place: str, keymap: Mapping[str, str], own: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the keys that work in a place, and what each does."""
    for id, keys in keymap.items():
        if id.partition(".")[0] in (("list",) if place in ALONE else EVERYWHERE) + (place,):
            yield from ((key.strip(), id) for key in keys.split(","))
    for where, keys, words in own:
        if place not in ALONE and where in ("", place):
            yield from ((key.strip(), words) for key in keys.split(","))


def changed_keys(preset: Preset, own: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the keys of the ids that have others than in the default preset."""
    return {id: keys for id, keys in keymap(preset, own).items() if keys != keymap("default")[id]}
