"""Answers about messages."""

from contextlib import suppress

from yester.engine.errors import YesterError
from yester.engine.messages.deaths import post_deaths
from yester.engine.messages.store import MessageStore
from yester.tui.cli.messages import message_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.params import Params


def messages(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield what is kept, newest first."""
    store = MessageStore(desk.places.state)
    with suppress(YesterError):  # what is there can be read, also where nothing can be written
        post_deaths(desk.places.state, store)
    mark = store.mark()
    for message in reversed(store.messages()):
        yield message_as_json(message, mark)
