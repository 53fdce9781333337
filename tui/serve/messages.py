"""Answers about messages."""

from contextlib import suppress

from yester.engine.errors import YesterError
from yester.engine.messages.deaths import post_deaths
from yester.engine.messages.store import MessageStore
from yester.tui.cli.messages import message_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.messages import MessagesWanted


def messages(desk: Desk, asked: MessagesWanted, call: Call) -> Answers:
    """Yield what is kept, newest first, or only what came since."""
    store = MessageStore(desk.places.state)
    with suppress(YesterError):  # what is there can be read, also where nothing can be written
        post_deaths(desk.places.state, store)
    kept, mark = store.messages(), store.mark()
    wanted = [message for message in reversed(kept) if message.id > asked.after]
    for message in wanted[: asked.limit or None]:
        yield message_as_json(message, mark)
    return {"newest": kept[-1].id if kept else 0, "up_to": mark.up_to, "also": mark.also}
