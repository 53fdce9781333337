"""The program that a person looks at: that it is there, and what changes under its eyes; pure."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.tui.serve.methods.kinds import Look, Method
from yester.tui.serve.methods.params import Params


class AppBegins(Params, frozen=True, kw_only=True):
    """The program that a person looks at."""

    program: str = ""
    """Its name and version."""


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "app.start": Look(
            AppBegins,
            "app:start",
            "nothing; plugins that are on hear `app.start`, and live until the client is gone",
        ),
        "changes.watch": Look(
            Params,
            "watching:watch",
            "until it is cancelled, `{what: […]}` each time that `runs`, `messages`, `profiles`, `mounts` or `plugins` "
            "may have changed; once at the beginning",
        ),
    }
)
