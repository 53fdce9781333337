"""Stop services while a snapshot is taken, and start them again."""

from collections.abc import Mapping
from typing import ClassVar

from yester.engine.events import RunBegin
from yester.plugins.native import Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.managers import manager_of
from yester.plugins.quiescing.resting import ON_FAILURE, Resting


class Services(Resting):
    """Stop services while a snapshot is taken, and start them again."""

    order: ClassVar[int] = -10  # before the databases that they use, which are back before they are
    option_spec: ClassVar[Mapping[str, Option]] = {
        "names": Option("list", [], "The services, in the order in which they are stopped."),
        "user": Option("boolean", False, "Whether they are services of your own systemd (systemctl --user)."),
        "on_failure": ON_FAILURE,
        "timeout": Option("seconds", 300, "How long each may take to stop."),
    }

    def rest(self, event: RunBegin) -> None:
        """Stop them."""
        if not self.options["names"]:
            raise Failed("no service is named (names)")
        for name in self.options["names"]:
            self.stop_service(manager_of(name, of_user=self.options["user"]))
