"""Messages; pure."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import Count, Params


class MessagesRead(Params, frozen=True, kw_only=True):
    """Messages that were read."""

    ids: tuple[int, ...] = ()
    """Empty: all that there are."""


class MessagesWanted(Params, frozen=True, kw_only=True):
    """Messages, the newest so many."""

    after: Count = 0
    """Only those with a higher id: what came since."""
    limit: Count = 0
    """0: all that are kept."""


def read_messages(asked: MessagesRead) -> list[str]:
    """Return `yester messages --mark-read`."""
    which = [f"--id={id}" for id in asked.ids] or ["--unread"]
    return ["messages", "--all", "--mark-read", *which, "--json"]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "messages.list": Look(
            MessagesWanted,
            "messages:messages",
            "each message that is kept, newest first; then `{newest, up_to, also}`: the highest id, and which were "
            "read: up to this one, and these",
            "yester messages --all --json",
        ),
        "messages.read": Change(MessagesRead, read_messages, "the messages"),
    }
)
