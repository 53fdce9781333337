"""What host and worker say to each other (docs/plugins.md). Values are what msgpack can hold; bulk data goes by path.

The host says Hello, the worker loads the plugins and says Ready. From then on either side may speak at any time: the
host calls plugins, by ids of its own, and the worker asks the host, on behalf of a call, by ids of its own. Before
plugin code runs the worker says Now, so that the host knows whose doing it is if nothing more comes.
"""

from typing import Any

import msgspec

from yester.plugins.options.layers import Layer, unchecked

VERSION = 1
"""Of the protocol. Host and worker are of one installation; another version means that it was replaced meanwhile."""


class PluginFile(msgspec.Struct, frozen=True):
    """One plugin that a worker shall load."""

    name: str
    path: str
    """A file, a folder, or what the world takes for a place."""
    layers: tuple[Layer, ...] = ()
    """What is said about its options, whoever counts most first."""

    @property
    def options(self) -> dict[str, Any]:
        """The options as they are said, for worlds whose plugins do not say what they want to know."""
        return {name: value for name, value, _ in unchecked(self.name, self.layers)}


class Loaded(msgspec.Struct, frozen=True):
    """A plugin that was loaded, or why it was not."""

    name: str
    problem: str = ""
    facts: dict[str, Any] = {}
    """What the world has to say of it: its hooks, its order, its title."""


class Message(msgspec.Struct, frozen=True, tag_field="type"):
    """Anything that is said."""


class Hello(Message, frozen=True, tag="hello"):
    """The first message, from the host."""

    v: int
    world: str
    plugins: tuple[PluginFile, ...]
    settings: dict[str, Any] = {}
    token: str = ""
    """What marks in the output whose it is (output.py)."""


class Ready(Message, frozen=True, tag="ready"):
    """The answer to Hello."""

    v: int
    plugins: tuple[Loaded, ...]


class Now(Message, frozen=True, tag="now"):
    """What happens from here on is this plugin's doing; no name: nobody's. `call` is 0 while it is loaded."""

    plugin: str
    call: int = 0


class Call(Message, frozen=True, tag="call"):
    """The host calls a plugin."""

    id: int
    plugin: str
    method: str
    arguments: list[Any]


class Answer(Message, frozen=True, tag="answer"):
    """What a call returned."""

    id: int
    value: Any = None


class Failure(Message, frozen=True, tag="failure"):
    """What a call raised."""

    id: int
    kind: str
    """The exception's class, such as `builtins.ValueError`, for the host's rules about it."""
    text: str
    trace: str = ""


class Cancel(Message, frozen=True, tag="cancel"):
    """Nobody waits for this call any more."""

    id: int


class Ask(Message, frozen=True, tag="ask"):
    """The worker asks the host something, on behalf of a call (0: of none)."""

    id: int
    call: int
    method: str
    arguments: list[Any]


class Reply(Message, frozen=True, tag="reply"):
    """What the host answers."""

    id: int
    value: Any = None


class Refusal(Message, frozen=True, tag="refusal"):
    """Why the host does not answer."""

    id: int
    text: str


class Bye(Message, frozen=True, tag="bye"):
    """The host needs the worker no longer."""


FromHost = Hello | Call | Cancel | Reply | Refusal | Bye
FromWorker = Ready | Now | Answer | Failure | Ask
